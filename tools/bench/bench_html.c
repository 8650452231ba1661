/*
 * bench_html - the results as one page; see bench_html.h.
 *
 * The numbers stand first, then the plots. Everything a server said is escaped.
 */
#include "bench_html.h"

#include "bench_figures.h"
#include "bench_options.h"
#include "bench_plots.h"
#include "bench_run.h"
#include "bench_svg.h"

#include <stdio.h>
#include <time.h>

static const char STYLE[] =
    ":root{color-scheme:light dark;--ink:#1c2024;--soft:#60646c;--line:#e3e5e8;--page:#fff;"
    "--card:#f7f8f9;--c0:#2a78d6;--c1:#d9772b;--c2:#1a9e77;--c3:#8a5cc7;--c4:#c2417a;"
    "--c5:#8a7a1f;--c6:#4b5563;--c7:#0e8fa6}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#9aa0a8;--line:#30353b;"
    "--page:#15181b;--card:#1d2125;--c0:#5b9cec;--c1:#e8985a;--c2:#45c49b;--c3:#ab87e0;"
    "--c4:#e06c9f;--c5:#c0ac4a;--c6:#8b949e;--c7:#41b7cc}}\n"
    "body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);"
    "max-width:1080px;margin:0 auto;padding:24px 16px 48px}\n"
    "h1{font-size:22px;margin:0}h2{font-size:15px;margin:0 0 8px;font-weight:600}\n"
    "p{margin:4px 0 20px;color:var(--soft)}\n"
    ".ok,.bad{font-size:13px;font-weight:600;border-radius:4px;padding:2px 8px;"
    "margin-left:10px;vertical-align:3px;color:#fff;background:#187a5b}.bad{background:#b3261e}"
    "\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(160px,1fr));gap:12px;"
    "margin-bottom:20px}\n"
    ".tile,figure{background:var(--card);border:1px solid var(--line);border-radius:8px;"
    "padding:10px 14px;margin:0}\n"
    ".tile b{display:block;font-size:20px;font-variant-numeric:tabular-nums}"
    ".tile span{font-size:13px;color:var(--soft)}\n"
    ".plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(440px,100%),1fr));"
    "gap:16px}\n"
    "svg{display:block;width:100%}.grid{stroke:var(--line)}.axis{stroke:var(--soft)}\n"
    "text{font-size:11px;fill:var(--soft);font-variant-numeric:tabular-nums}"
    ".line{fill:none;stroke-width:1.75;stroke-linejoin:round}\n"
    ".shade{fill:var(--ink);opacity:.05}.hover{fill:transparent}.hover:hover{fill:var(--ink);"
    "fill-opacity:.08}\n"
    ".legend{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:13px;color:var(--soft)}"
    ".legend i{display:inline-block;width:14px;height:3px;border-radius:2px;"
    "margin-right:6px;vertical-align:3px}\n";

static void put_colors(FILE *out)
{
    for (int i = 0; i < SVG_COLORS; i++) {
        (void)fprintf(out,
                      ".line.c%d{stroke:var(--c%d)}.bar.c%d,i.c%d{fill:var(--c%d);background:"
                      "var(--c%d)}\n",
                      i, i, i, i, i, i);
    }
}

static void put_escaped(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            (void)fputs("&lt;", out);
            break;
        case '>':
            (void)fputs("&gt;", out);
            break;
        case '&':
            (void)fputs("&amp;", out);
            break;
        default:
            (void)fputc((unsigned char)*text < ' ' ? '?' : *text, out);
        }
    }
}

static void put_tile(FILE *out, const char *value, const char *unit, const char *what)
{
    (void)fprintf(out, "<div class=tile><b>%s%s</b><span>%s</span></div>\n", value, unit, what);
}

static void put_decimal(FILE *out, double value, int decimals, const char *unit,
                        const char *what)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "%.*f", decimals, value);
    put_tile(out, text, unit, what);
}

static void put_traffic(FILE *out, const struct bench_result *result)
{
    const struct histogram *latency = &result->latency;
    put_tile(out, grouped(per_second(result->published, result)), "/s", "messages published");
    put_tile(out, grouped(per_second(result->delivered, result)), "/s", "deliveries");
    put_decimal(out, (double)histogram_quantile(latency, 0.5) / 1e6, 2, " ms",
                "latency, median");
    put_decimal(out, (double)histogram_quantile(latency, 0.99) / 1e6, 2, " ms",
                "latency, 99th percentile");
}

static void put_cost(FILE *out, const struct bench_options *options,
                     const struct bench_result *result)
{
    struct cost cost = cost_of(result);
    if (options->idle_s > 0) {
        put_decimal(out, cost.idle_us, 2, " &micro;s/s", "CPU per idle connection");
    } else {
        put_tile(out, grouped(cost.deliveries), "", "deliveries per CPU second");
    }
    if (!options->is_floor) {
        put_decimal(out, cost.memory / 1e3, 2, " kB", "memory per connection");
        put_decimal(out, cost.connect_us, 1, " &micro;s", "CPU per handshake");
    }
}

static void put_tiles(FILE *out, const struct bench_options *options,
                      const struct bench_result *result)
{
    const uint64_t *totals = result->totals;
    (void)fprintf(out, "<div class=tiles>\n");
    if (options->idle_s == 0 && result->measured_s > 0) {
        put_traffic(out, result);
    }
    if (result->process_count > 0 && result->measured_s > 0) {
        put_cost(out, options, result);
    }
    if (result->connect_s > 0) {
        put_tile(out, grouped((double)totals[COUNTER_OPENED] / result->connect_s), "/s",
                 "connects");
    }
    put_tile(out, grouped((double)totals[COUNTER_LOST]), "", "lost");
    put_tile(out, grouped((double)totals[COUNTER_DUPLICATED]), "", "duplicated");
    put_tile(out, grouped((double)totals[COUNTER_DISORDERED]), "", "out of order");
    (void)fprintf(out, "</div>\n");
}

static void put_head(FILE *out, const struct bench_options *options,
                     const struct bench_result *result)
{
    char load[256];
    char when[64];
    time_t now = time(NULL);
    struct tm parts;
    bool is_ok = run_is_ok(options, result);
    describe_load(options, result, load, sizeof(load));
    (void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&now, &parts));
    (void)fprintf(out,
                  "<!doctype html>\n<html lang=en><meta charset=utf-8>\n"
                  "<meta name=viewport content=\"width=device-width\">\n"
                  "<title>parley-bench, %s</title>\n<style>%s",
                  when, STYLE);
    put_colors(out);
    (void)fprintf(out,
                  "</style>\n<h1>parley-bench<span class=%s>%s</span></h1>\n<p>%s<br>%s, "
                  "%.1f s measured (shaded below)",
                  is_ok ? "ok" : "bad", is_ok ? "&#10003; ok" : "&#10007; failed", load, when,
                  result->measured_s);
    if (result->problem[0] != '\0') {
        (void)fprintf(out, "<br>Problem: ");
        put_escaped(out, result->problem);
    }
    (void)fprintf(out, "</p>\n");
}

bool html_write(const struct bench_options *options, const struct bench_result *result,
                const char *path)
{
    FILE *out = fopen(path, "we");
    if (out == NULL) {
        return false;
    }
    put_head(out, options, result);
    put_tiles(out, options, result);
    plots_write(out, result);
    (void)fprintf(out, "</html>\n");
    bool is_written = ferror(out) == 0;
    return fclose(out) == 0 && is_written;
}
