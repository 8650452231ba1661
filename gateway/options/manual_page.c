/*
 * manual_page - a manual for man(1): the macros that groff and mandoc both know; see manual.h.
 *
 * Text is filled into lines of less than 80 octets, as those who read the source expect it,
 * and every character that roff would take for its own is written as its name.
 */
#include "manual_forms.h"
#include "options.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES_MAX = 78 };

/* NULL: it stands for itself. */
static const char *name_of(char c)
{
    switch (c) {
    case '\\':
        return "\\e";
    case '-':
        return "\\-";
    case '\'':
        return "\\(aq";
    case '`':
        return "\\(ga";
    case '^':
        return "\\(ha";
    case '~':
        return "\\(ti";
    case '"':
        return "\\(dq";
    default:
        return NULL;
    }
}

/* Of length octets; answers how many were printed. */
static size_t put(const char *text, size_t length, FILE *out)
{
    size_t printed = 0;
    for (size_t i = 0; i < length; i++) {
        const char *name = name_of(text[i]);
        if (name)
            (void)fputs(name, out);
        else
            (void)fputc(text[i], out);
        printed += name ? strlen(name) : 1;
        if (text[i] == ',' && i + 1 < length)
            (void)fputs("\\:", out); /* a line may end in the middle of a list */
    }
    return printed;
}

static void put_all(const char *text, FILE *out)
{
    (void)put(text, strlen(text), out);
}

/* Words up to the end of the text or of its line; answers where that is. */
static const char *fill(const char *text, FILE *out)
{
    size_t column = 0;
    while (*text && *text != '\n') {
        size_t length = strcspn(text, " \n");
        if (column > 0 && column + length + 1 > LINE_BYTES_MAX) {
            (void)fputc('\n', out);
            column = 0;
        } else if (column > 0) {
            (void)fputc(' ', out);
            column++;
        }
        if (*text == '.') /* at the beginning of a line it would be a macro */
            (void)fputs("\\&", out);
        column += put(text, length, out);
        text += length;
        text += strspn(text, " ");
    }
    if (column > 0)
        (void)fputc('\n', out);
    return text;
}

static void print_tag(const char *word, size_t length, FILE *out)
{
    (void)fputs(".TP\n.B ", out);
    (void)put(word, length, out);
    (void)fputc('\n', out);
}

/* See struct manual_section. */
static void print_text(const char *text, FILE *out)
{
    for (bool is_first = true; *text; is_first = false) {
        size_t length = strcspn(text, "\t\n");
        if (text[length] == '\t') {
            print_tag(text, length, out);
            text += length + 1;
        } else if (!is_first) {
            (void)fputs(".PP\n", out);
        }
        text = fill(text, out);
        text += *text == '\n';
    }
}

static void print_section(const char *title, const char *text, FILE *out)
{
    (void)fprintf(out, ".SH %s\n", title);
    print_text(text, out);
}

static void print_header(const struct manual *manual, FILE *out)
{
    (void)fputs(".\\\" Printed by the program itself: --print-man.\n.TH ", out);
    for (const char *c = manual->program; *c; c++) {
        char upper = (char)toupper((unsigned char)*c);
        (void)put(&upper, 1, out);
    }
    (void)fprintf(out, " %s %s \"Parley %s\" \"Parley\"\n.nh\n.ad l\n.SH NAME\n",
                  manual->section, PARLEY_DATE, PARLEY_VERSION);
    put_all(manual->program, out);
    (void)fputs(" \\- ", out);
    put_all(manual->about, out);
    (void)fputs("\n.SH SYNOPSIS\n.B ", out);
    put_all(manual->program, out);
    (void)fputc('\n', out);
    (void)fill(manual->usage, out);
}

/* argument: NULL or "": none. */
static void print_item(const char *dashes, const char *name, const char *argument, FILE *out)
{
    (void)fputs(".TP\n\\fB", out);
    put_all(dashes, out);
    put_all(name, out);
    (void)fputs("\\fR", out);
    if (argument && argument[0]) {
        (void)fputs(" \\fI", out);
        put_all(argument, out);
        (void)fputs("\\fR", out);
    }
    (void)fputc('\n', out);
}

static void print_command(const struct manual_command *command, FILE *out)
{
    print_item("", command->name, command->arguments, out);
    (void)fill(command->help, out);
}

static void print_option(const struct options_table *table, const struct option *option,
                         FILE *out)
{
    char *variable = options_variable(table, option);
    print_item("--", option->name, option->metavar, out);
    (void)fill(option->help, out);
    if (option->value[0]) {
        (void)fputs("(default\n.BR ", out);
        put_all(option->value, out);
        (void)fputs(" )\n", out);
    }
    if (variable)
        (void)fprintf(out, "[%s]\n", variable);
    free(variable);
}

void manual_print_page(const struct manual *manual, FILE *out)
{
    print_header(manual, out);
    print_section("DESCRIPTION", manual->description, out);
    if (manual->command_count > 0)
        (void)fputs(".SH COMMANDS\n", out);
    for (size_t i = 0; i < manual->command_count; i++)
        print_command(&manual->commands[i], out);
    (void)fputs(".SH OPTIONS\n", out);
    for (size_t i = 0; i < manual->options->count; i++)
        print_option(manual->options, &manual->options->rows[i], out);
    for (size_t i = 0; i < manual->section_count; i++)
        print_section(manual->sections[i].title, manual->sections[i].text, out);
}
