/*
 * bench_svg - plots drawn as inline SVG: axes, lines, bars, and a text for whoever points at
 * them.
 *
 * Colours are classes (c0..c7), which the page's style sheet defines; hover texts are <title>
 * elements, so that nothing needs a script. Writes as it goes; errors are the FILE's to tell.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

enum {
    SVG_COLORS = 8,
    SVG_MAX_TICKS = 24,
};

struct svg_axis {
    const char *label;
    double min;
    double max; /* > min */
    bool is_log;
    /* Writes a value for people: "12 ms". */
    void (*format)(char *text, size_t size, double value);
};

struct svg_plot {
    FILE *out;
    const char *title;
    struct svg_axis x;
    struct svg_axis y;
};

struct svg_points {
    const double *x;
    const double *y;
    int count;
};

void svg_begin(const struct svg_plot *plot);
void svg_end(const struct svg_plot *plot);

/* The part between x = from and x = to is shaded. */
void svg_shade(const struct svg_plot *plot, double from, double to);

void svg_line(const struct svg_plot *plot, const struct svg_points *points, int color);

/* One bar from x to the next point's x each; the last point only ends the bar before it. */
void svg_bars(const struct svg_plot *plot, const struct svg_points *points, int color);

/* An unseen column from x = from to x = to that shows the text (plain) when pointed at. */
void svg_hover(const struct svg_plot *plot, double from, double to, const char *text);
