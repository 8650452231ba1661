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

static bool was_written(const char *path, bool is_ok)
{
    if (!is_ok) {
        warn("cannot write %s", path);
    }
    return is_ok;
}

static bool write_files(const struct bench_options *options, const struct bench_result *result)
{
    const char *json = options->json_path;
    const char *html = options->html_path;
    return (json[0] == '\0' || was_written(json, bench_json_write(options, result, json))) &&
           (html[0] == '\0' || was_written(html, html_write(options, result, html)));
}

static bool run(const struct bench_options *options)
{
    static struct bench_result result;
    if (options->is_check) {
        return check_run(options);
    }
    run_bench(options, &result);
    report_print(options, &result);
    return write_files(options, &result) && run_is_ok(options, &result);
}

int main(int argc, char **argv)
{
    static struct bench_options options;
    bench_options_read(&options, argc, argv);
    bool is_ok = run(&options);
    bench_options_finish(&options);
    return is_ok ? 0 : 1;
}
