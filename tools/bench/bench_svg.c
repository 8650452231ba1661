/*
 * bench_svg - plots drawn as inline SVG; see bench_svg.h.
 *
 * All is in one coordinate system of WIDTH by HEIGHT, which the browser scales.
 */
#include "bench_svg.h"

#include <math.h>

enum {
    WIDTH = 560,
    HEIGHT = 230,
    LEFT = 60,
    RIGHT = 12,
    TOP = 10,
    BOTTOM = 40,
    TARGET_TICKS = 6,
};

static double position(const struct svg_axis *axis, double value)
{
    value = fmin(fmax(value, axis->min), axis->max);
    if (axis->is_log) {
        return log(value / axis->min) / log(axis->max / axis->min);
    }
    return (value - axis->min) / (axis->max - axis->min);
}

static double x_of(const struct svg_plot *plot, double value)
{
    return LEFT + position(&plot->x, value) * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct svg_plot *plot, double value)
{
    return HEIGHT - BOTTOM - position(&plot->y, value) * (HEIGHT - TOP - BOTTOM);
}

/* ---- ticks ---- */

/* 1, 2 or 5 times a power of ten, so that about TARGET_TICKS fit. */
static double nice_step(double span)
{
    double rough = span / TARGET_TICKS;
    double power = pow(10, floor(log10(rough)));
    double head = rough / power;
    return power * (head <= 1 ? 1 : head <= 2 ? 2 : head <= 5 ? 5 : 10);
}

static int linear_ticks(const struct svg_axis *axis, double ticks[SVG_MAX_TICKS])
{
    double step = nice_step(axis->max - axis->min);
    int count = 0;
    double first = ceil(axis->min / step);
    for (int i = 0; count < SVG_MAX_TICKS && (first + i) * step <= axis->max * 1.000001; i++) {
        ticks[count++] = (first + i) * step;
    }
    return count;
}

/* Every decade, and 2 and 5 of each where there are few. */
static int log_ticks(const struct svg_axis *axis, double ticks[SVG_MAX_TICKS])
{
    static const double HEADS[] = {1, 2, 5};
    int per_decade = axis->max / axis->min > 1e3 ? 1 : 3;
    int count = 0;
    int first = (int)floor(log10(axis->min));
    int last = (int)floor(log10(axis->max));
    for (int decade = first; decade <= last; decade++) {
        for (int i = 0; i < per_decade && count < SVG_MAX_TICKS; i++) {
            double tick = pow(10, decade) * HEADS[i];
            if (tick >= axis->min * 0.999999 && tick <= axis->max * 1.000001) {
                ticks[count++] = tick;
            }
        }
    }
    return count;
}

static int ticks_of(const struct svg_axis *axis, double ticks[SVG_MAX_TICKS])
{
    return axis->is_log ? log_ticks(axis, ticks) : linear_ticks(axis, ticks);
}

static void draw_axes(const struct svg_plot *plot)
{
    double ticks[SVG_MAX_TICKS];
    char text[64];
    int count = ticks_of(&plot->y, ticks);
    for (int i = 0; i < count; i++) {
        double y = y_of(plot, ticks[i]);
        plot->y.format(text, sizeof(text), ticks[i]);
        (void)fprintf(plot->out,
                      "<path class=grid d=\"M%d %.1fH%d\"/>"
                      "<text class=tick x=%d y=%.1f text-anchor=end>%s</text>\n",
                      LEFT, y, WIDTH - RIGHT, LEFT - 6, y + 4, text);
    }
    count = ticks_of(&plot->x, ticks);
    for (int i = 0; i < count; i++) {
        plot->x.format(text, sizeof(text), ticks[i]);
        (void)fprintf(plot->out, "<text class=tick x=%.1f y=%d text-anchor=middle>%s</text>\n",
                      x_of(plot, ticks[i]), HEIGHT - BOTTOM + 16, text);
    }
    (void)fprintf(plot->out,
                  "<path class=axis d=\"M%d %dH%d\"/>"
                  "<text class=label x=%d y=%d text-anchor=middle>%s</text>\n",
                  LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6,
                  plot->x.label);
}

/* ---- what is drawn ---- */

void svg_begin(const struct svg_plot *plot)
{
    (void)fprintf(plot->out,
                  "<svg viewBox=\"0 0 %d %d\" role=img aria-label=\"%s; %s by %s\">\n", WIDTH,
                  HEIGHT, plot->title, plot->y.label, plot->x.label);
    draw_axes(plot);
}

void svg_end(const struct svg_plot *plot)
{
    (void)fprintf(plot->out, "</svg>\n");
}

static void draw_column(const struct svg_plot *plot, const char *class, double from, double to)
{
    double x = x_of(plot, from);
    (void)fprintf(plot->out, "<rect class=%s x=%.1f y=%d width=%.1f height=%d", class, x, TOP,
                  x_of(plot, to) - x, HEIGHT - TOP - BOTTOM);
}

void svg_shade(const struct svg_plot *plot, double from, double to)
{
    draw_column(plot, "shade", from, to);
    (void)fprintf(plot->out, "></rect>\n");
}

void svg_line(const struct svg_plot *plot, const struct svg_points *points, int color)
{
    (void)fprintf(plot->out, "<polyline class=\"line c%d\" points=\"", color % SVG_COLORS);
    for (int i = 0; i < points->count; i++) {
        (void)fprintf(plot->out, "%.1f,%.1f ", x_of(plot, points->x[i]),
                      y_of(plot, points->y[i]));
    }
    (void)fprintf(plot->out, "\"/>\n");
}

void svg_bars(const struct svg_plot *plot, const struct svg_points *points, int color)
{
    for (int i = 0; i + 1 < points->count; i++) {
        double x = x_of(plot, points->x[i]);
        double width = x_of(plot, points->x[i + 1]) - x;
        double y = y_of(plot, points->y[i]);
        (void)fprintf(plot->out,
                      "<rect class=\"bar c%d\" x=%.1f y=%.1f width=%.1f height=%.1f rx=1 />\n",
                      color % SVG_COLORS, x + 1, y, fmax(width - 2, 1), HEIGHT - BOTTOM - y);
    }
}

void svg_hover(const struct svg_plot *plot, double from, double to, const char *text)
{
    draw_column(plot, "hover", from, to);
    (void)fprintf(plot->out, "><title>%s</title></rect>\n", text);
}
