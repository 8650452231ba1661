/*
 * manual_completion - what bash and zsh complete behind a program's name; see manual.h.
 */
#include "manual_forms.h"
#include "options.h"

#include <string.h>

static bool is_choice(const struct option *option)
{
    return option->metavar && strchr(option->metavar, '|') != NULL;
}

static bool is_file(const struct option *option)
{
    return option->metavar && strcmp(option->metavar, "FILE") == 0;
}

static void put_replaced(const char *text, char from, char to, FILE *out)
{
    for (; *text; text++)
        (void)fputc(*text == from ? to : *text, out);
}

static void print_command_names(const struct manual *manual, FILE *out)
{
    for (size_t i = 0; i < manual->command_count; i++)
        (void)fprintf(out, "%s%s", i == 0 ? "" : " ", manual->commands[i].name);
}

/* --------------------------------------------------------------------------------- bash */

/* The names of options of one kind, as a pattern of case; nothing if there are none. */
static bool print_pattern(const struct manual *manual,
                          bool (*is_of_kind)(const struct option *), FILE *out)
{
    bool is_first = true;
    for (size_t i = 0; i < manual->options->count; i++) {
        if (!is_of_kind(&manual->options->rows[i]))
            continue;
        (void)fprintf(out, "%s--%s", is_first ? "    " : " | ", manual->options->rows[i].name);
        is_first = false;
    }
    if (!is_first)
        (void)fputs(")\n", out);
    return !is_first;
}

static bool has_other_value(const struct option *option)
{
    return option->metavar && !is_choice(option) && !is_file(option);
}

static void print_choices(const struct manual *manual, FILE *out)
{
    for (size_t i = 0; i < manual->options->count; i++) {
        if (!is_choice(&manual->options->rows[i]))
            continue;
        (void)fprintf(out, "    --%s)\n        mapfile -t COMPREPLY < <(compgen -W '",
                      manual->options->rows[i].name);
        put_replaced(manual->options->rows[i].metavar, '|', ' ', out);
        (void)fputs("' -- \"$current\")\n        return\n        ;;\n", out);
    }
}

static void print_values(const struct manual *manual, FILE *out)
{
    (void)fputs("    case $option in\n", out);
    print_choices(manual, out);
    if (print_pattern(manual, is_file, out))
        (void)fputs("        compopt -o filenames\n"
                    "        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
                    "        return\n        ;;\n",
                    out);
    if (print_pattern(manual, has_other_value, out))
        (void)fputs("        COMPREPLY=()\n        return\n        ;;\n", out);
    (void)fputs("    esac\n", out);
}

void manual_print_bash(const struct manual *manual, FILE *out)
{
    (void)fprintf(out, "# What bash completes behind %s; printed by the program itself.\n\n_",
                  manual->program);
    put_replaced(manual->program, '-', '_', out);
    (void)fputs("()\n{\n    local current=${COMP_WORDS[COMP_CWORD]}\n"
                "    local option=${COMP_WORDS[COMP_CWORD - 1]}\n"
                "    if [[ $current == '=' ]]; then\n        current=\n"
                "    elif [[ $option == '=' ]]; then\n"
                "        option=${COMP_WORDS[COMP_CWORD - 2]}\n    fi\n",
                out);
    print_values(manual, out);
    (void)fputs("    mapfile -t COMPREPLY < <(compgen -W '", out);
    print_command_names(manual, out);
    for (size_t i = 0; i < manual->options->count; i++)
        (void)fprintf(out, "\n        --%s", manual->options->rows[i].name);
    (void)fputs("' -- \"$current\")\n}\n\ncomplete -F _", out);
    put_replaced(manual->program, '-', '_', out);
    (void)fprintf(out, " %s\n", manual->program);
}

/* ---------------------------------------------------------------------------------- zsh */

/* Within single quotes and brackets. */
static void put_explanation(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (*text == '\'')
            (void)fputs("'\\''", out);
        else if (strchr("[]\\:", *text))
            (void)fprintf(out, "\\%c", *text);
        else
            (void)fputc(*text, out);
    }
}

static void print_zsh_option(const struct option *option, FILE *out)
{
    (void)fprintf(out, " \\\n    '--%s%s[", option->name, option->metavar ? "=" : "");
    put_explanation(option->help, out);
    (void)fputs("]", out);
    if (is_choice(option)) {
        (void)fputs(":one of:(", out);
        put_replaced(option->metavar, '|', ' ', out);
        (void)fputs(")", out);
    } else if (option->metavar) {
        (void)fprintf(out, ":%s:%s", option->metavar, is_file(option) ? "_files" : "");
    }
    (void)fputs("'", out);
}

void manual_print_zsh(const struct manual *manual, FILE *out)
{
    (void)fprintf(out, "#compdef %s\n# Printed by the program itself.\n\n_arguments",
                  manual->program);
    for (size_t i = 0; i < manual->options->count; i++)
        print_zsh_option(&manual->options->rows[i], out);
    if (manual->command_count > 0) {
        (void)fputs(" \\\n    '1:command:(", out);
        print_command_names(manual, out);
        (void)fputs(")' \\\n    '*:argument:'", out);
    }
    (void)fputs("\n", out);
}
