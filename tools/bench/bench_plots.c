/*
 * bench_plots - which plots a result has; see bench_plots.h.
 *
 * Rates over time are differences between points of the series. Few processes have a line
 * each; many are one line, their sum.
 */
#include "bench_plots.h"

#include "bench_run.h"
#include "bench_svg.h"

#include <math.h>
#include <string.h>

enum {
    LATENCY_BINS = 60,
    PERCENTILES_PER_DECADE = 10,
    MAX_PERCENTILES = 8 * PERCENTILES_PER_DECADE,
    MAX_PROCESS_LINES = 5,
};

/* ---- numbers for people ---- */

static void format_scaled(char *text, size_t size, double value, const char *unit)
{
    static const char *const PREFIXES[] = {"", " k", " M", " G"};
    int step = 0;
    while (fabs(value) >= 1000 && step < 3) {
        value /= 1000;
        step++;
    }
    (void)snprintf(text, size, "%.3g%s%s", value, PREFIXES[step], unit);
}

static void format_count(char *text, size_t size, double value)
{
    format_scaled(text, size, value, "");
}

static void format_rate(char *text, size_t size, double value)
{
    format_scaled(text, size, value, "/s");
}

static void format_seconds(char *text, size_t size, double value)
{
    (void)snprintf(text, size, "%.4g s", value);
}

static void format_part(char *text, size_t size, double value)
{
    (void)snprintf(text, size, "%.3g %%", value * 100);
}

static void format_latency(char *text, size_t size, double ns)
{
    if (ns < 1e6) {
        (void)snprintf(text, size, "%.3g &#181;s", ns / 1e3);
    } else if (ns < 1e9) {
        (void)snprintf(text, size, "%.3g ms", ns / 1e6);
    } else {
        (void)snprintf(text, size, "%.3g s", ns / 1e9);
    }
}

/* The axis of percentiles counts nines: 0 is 0 %, 1 is 90 %, 2 is 99 %. */
static void format_nines(char *text, size_t size, double nines)
{
    (void)snprintf(text, size, "%.*f %%", nines > 2 ? (int)ceil(nines - 2) : 0,
                   100 * (1 - pow(10, -nines)));
}

/* ---- frames of plots ---- */

static void begin_figure(const struct svg_plot *plot)
{
    (void)fprintf(plot->out, "<figure><h2>%s</h2>\n", plot->title);
    svg_begin(plot);
}

static void end_figure(const struct svg_plot *plot)
{
    svg_end(plot);
    (void)fprintf(plot->out, "</figure>\n");
}

/* ---- latency ---- */

static void plot_distribution(FILE *out, const struct histogram *latency)
{
    double x[LATENCY_BINS + 1];
    double y[LATENCY_BINS + 1];
    double top = 0;
    double low = fmax((double)histogram_quantile(latency, 0) / 1.2, 1000);
    double high = fmax((double)latency->max * 1.05, low * 2);
    uint64_t before = 0;
    for (int i = 0; i <= LATENCY_BINS; i++) {
        x[i] = low * pow(high / low, (double)i / LATENCY_BINS);
        y[i] = 0;
    }
    for (int i = 0; i < LATENCY_BINS; i++) {
        uint64_t up_to = histogram_up_to(latency, (uint64_t)x[i + 1]);
        y[i] = (double)(up_to - before) / (double)latency->count;
        before = up_to;
        top = fmax(top, y[i]);
    }
    struct svg_plot plot = {
        .out = out,
        .title = "Latency: distribution",
        .x = {"latency", low, high, true, format_latency},
        .y = {"part of all deliveries", 0, top > 0 ? top * 1.05 : 1, false, format_part},
    };
    struct svg_points points = {x, y, LATENCY_BINS + 1};
    begin_figure(&plot);
    svg_bars(&plot, &points, 0);
    for (int i = 0; i < LATENCY_BINS; i++) {
        char text[128];
        char from[32];
        char to[32];
        format_latency(from, sizeof(from), x[i]);
        format_latency(to, sizeof(to), x[i + 1]);
        (void)snprintf(text, sizeof(text), "%s to %s: %.2f %%", from, to, y[i] * 100);
        svg_hover(&plot, x[i], x[i + 1], text);
    }
    end_figure(&plot);
}

static void plot_percentiles(FILE *out, const struct histogram *latency)
{
    double nines[MAX_PERCENTILES] = {0};
    double ns[MAX_PERCENTILES] = {0};
    double most =
        fmin(log10((double)latency->count) * PERCENTILES_PER_DECADE, MAX_PERCENTILES - 1);
    int count = 1 + (int)fmax(most, PERCENTILES_PER_DECADE);
    for (int i = 0; i < count; i++) {
        nines[i] = (double)i / PERCENTILES_PER_DECADE;
        ns[i] = fmax((double)histogram_quantile(latency, 1 - pow(10, -nines[i])), 1000);
    }
    struct svg_plot plot = {
        .out = out,
        .title = "Latency: by percentile",
        .x = {"percentile", 0, nines[count - 1], false, format_nines},
        .y = {"latency", ns[0] / 1.2, fmax(ns[count - 1] * 1.2, ns[0] * 2), true,
              format_latency},
    };
    struct svg_points points = {nines, ns, count};
    begin_figure(&plot);
    svg_line(&plot, &points, 0);
    for (int i = 0; i + 1 < count; i++) {
        char text[128];
        char percentile[32];
        char value[32];
        format_nines(percentile, sizeof(percentile), nines[i]);
        format_latency(value, sizeof(value), ns[i]);
        (void)snprintf(text, sizeof(text), "%s: %s", percentile, value);
        svg_hover(&plot, nines[i], nines[i + 1], text);
    }
    end_figure(&plot);
}

/* ---- over time ---- */

/* One line of a plot over time, from the series. */
struct curve {
    char name[32];
    double y[SERIES_MAX_POINTS];
};

typedef double total_fn(const struct series_point *point, int process);

/* Differences between points, per second; the first point has none and is taken as 0. */
static void fill_rates(struct curve *curve, const struct series *series, total_fn *total,
                       int process)
{
    for (int i = 0; i < series->count; i++) {
        const struct series_point *point = &series->points[i];
        const struct series_point *last = i > 0 ? point - 1 : NULL;
        double step =
            last != NULL ? total(point, process) - total(last, process) : total(point, process);
        double step_s = last != NULL ? point->at_s - last->at_s : point->at_s;
        curve->y[i] = i > 0 && step_s > 0 ? fmax(step / step_s, 0) : 0;
    }
}

static double total_delivered(const struct series_point *point, int process)
{
    (void)process;
    return (double)point->delivered;
}

static double total_bench_cpu(const struct series_point *point, int process)
{
    (void)process;
    return point->bench_cpu_s;
}

static double total_cpu(const struct series_point *point, int process)
{
    return point->cpu_s[process];
}

/* Of the first `count` processes. */
static double total_cpu_of_all(const struct series_point *point, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++) {
        sum += point->cpu_s[i];
    }
    return sum;
}

static void put_legend(const struct svg_plot *plot, const struct curve *curves, int count)
{
    (void)fprintf(plot->out, "<div class=legend>");
    for (int i = 0; i < count; i++) {
        (void)fprintf(plot->out, "<span><i class=c%d></i>%s</span>", i, curves[i].name);
    }
    (void)fprintf(plot->out, "</div>\n");
}

static void put_hovers(const struct svg_plot *plot, const double *at_s, int points,
                       const struct curve *curves, int count)
{
    for (int i = 1; i < points; i++) {
        char text[512];
        int length = snprintf(text, sizeof(text), "%.1f s", at_s[i]);
        for (int c = 0; c < count; c++) {
            char value[32];
            plot->y.format(value, sizeof(value), curves[c].y[i]);
            length += snprintf(text + length, sizeof(text) - (size_t)length, ", %s %s",
                               curves[c].name, value);
        }
        svg_hover(plot, at_s[i - 1], at_s[i], text);
    }
}

/* Draws curves over the run's time; the plot's x axis and the end of its y axis are set here.
 */
static void plot_curves(struct svg_plot *plot, const struct bench_result *result,
                        const struct curve *curves, int count)
{
    const struct series *series = &result->series;
    static double at_s[SERIES_MAX_POINTS];
    double top = 0;
    for (int i = 0; i < series->count; i++) {
        at_s[i] = series->points[i].at_s;
        for (int c = 0; c < count; c++) {
            top = fmax(top, curves[c].y[i]);
        }
    }
    plot->x = (struct svg_axis){"time since the run began", 0, at_s[series->count - 1], false,
                                format_seconds};
    plot->y.max = top > 0 ? top * 1.08 : 1;
    begin_figure(plot);
    if (result->measured_s > 0) {
        svg_shade(plot, result->measure_start_s, result->measure_start_s + result->measured_s);
    }
    for (int c = 0; c < count; c++) {
        struct svg_points points = {at_s, curves[c].y, series->count};
        svg_line(plot, &points, c);
    }
    put_hovers(plot, at_s, series->count, curves, count);
    svg_end(plot);
    if (count > 1) {
        put_legend(plot, curves, count);
    }
    (void)fprintf(plot->out, "</figure>\n");
}

static void plot_deliveries(FILE *out, const struct bench_result *result)
{
    static struct curve curve = {.name = "deliveries"};
    struct svg_plot plot = {
        .out = out,
        .title = "Deliveries per second",
        .y = {.label = "deliveries per second", .format = format_rate},
    };
    fill_rates(&curve, &result->series, total_delivered, 0);
    plot_curves(&plot, result, &curve, 1);
}

static void plot_connections(FILE *out, const struct bench_result *result)
{
    static struct curve curve = {.name = "open connections"};
    struct svg_plot plot = {
        .out = out,
        .title = "Open connections",
        .y = {.label = "connections", .format = format_count},
    };
    for (int i = 0; i < result->series.count; i++) {
        curve.y[i] = (double)result->series.points[i].opened;
    }
    plot_curves(&plot, result, &curve, 1);
}

static void plot_cpu(FILE *out, const struct bench_result *result)
{
    static struct curve curves[MAX_PROCESS_LINES + 1];
    int count = 0;
    int processes = result->process_count;
    if (processes > MAX_PROCESS_LINES) {
        (void)snprintf(curves[0].name, sizeof(curves[0].name), "%d processes", processes);
        fill_rates(&curves[count++], &result->series, total_cpu_of_all, processes);
    } else {
        for (int i = 0; i < processes; i++) {
            const struct process_result *process = &result->processes[i];
            (void)snprintf(curves[i].name, sizeof(curves[i].name),
                           process->is_floor ? "floor" : "pid %d", (int)process->pid);
            fill_rates(&curves[count++], &result->series, total_cpu, i);
        }
    }
    (void)snprintf(curves[count].name, sizeof(curves[count].name), "parley-bench itself");
    fill_rates(&curves[count++], &result->series, total_bench_cpu, 0);
    struct svg_plot plot = {
        .out = out,
        .title = "CPU, 100 % being one core",
        .y = {.label = "CPU", .format = format_part},
    };
    plot_curves(&plot, result, curves, count);
}

void plots_write(FILE *out, const struct bench_result *result)
{
    (void)fprintf(out, "<div class=plots>\n");
    if (result->latency.count > 0) {
        plot_distribution(out, &result->latency);
        plot_percentiles(out, &result->latency);
    }
    if (result->series.count > 1) {
        if (result->total_published > 0) {
            plot_deliveries(out, result);
        }
        plot_cpu(out, result);
        plot_connections(out, result);
    }
    (void)fprintf(out, "</div>\n");
}
