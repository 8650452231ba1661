/*
 * parley-bench - loads WebSocket chat servers and checks what they deliver.
 *
 * The way through: options -> run (forks workers, phases) -> report, JSON, page. Workers open
 * clients on a hub, publish, and book every delivery in a ledger; shared memory is all they
 * have in common. `parley-bench --help` tells how to use it.
 */
#include "bench_check.h"
#include "bench_html.h"
#include "bench_json.h"
#include "bench_options.h"
#include "bench_report.h"
#include "bench_run.h"

#include <err.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    static struct bench_options options;
    static struct bench_result result;
    options_parse(&options, argc, argv);
    if (options.is_check) {
        return check_run(&options) ? 0 : 1;
    }
    run_bench(&options, &result);
    report_print(&options, &result);
    if (options.json_path != NULL && !bench_json_write(&options, &result, options.json_path)) {
        warn("cannot write %s", options.json_path);
        return 1;
    }
    if (options.html_path != NULL && !html_write(&options, &result, options.html_path)) {
        warn("cannot write %s", options.html_path);
        return 1;
    }
    return run_is_ok(&options, &result) ? 0 : 1;
}
