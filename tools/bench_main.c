/*
 * parley-bench - loads WebSocket chat servers and checks what they deliver.
 *
 * The way through: options -> run (forks workers, phases) -> report. Workers open clients on
 * a hub, publish, and book every delivery in a ledger; shared memory is all they have in
 * common. `parley-bench --help` tells how to use it.
 */
#include "bench_check.h"
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
    if (options.json_path != NULL && !report_write_json(&options, &result, options.json_path)) {
        warn("cannot write %s", options.json_path);
        return 1;
    }
    return run_is_ok(&options, &result) ? 0 : 1;
}
