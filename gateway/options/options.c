/*
 * options - the rows of a table, and where their values are stored; see options.h.
 */
#include "options.h"

#include "mem.h"
#include "option_words.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void *option_field(const struct option *option, const void *target)
{
    return (char *)target + option->offset;
}

bool option_is_flag_only(const struct option *option)
{
    return option->kind == OPTION_SWITCH || option->kind == OPTION_PRINT;
}

bool option_is_switch(const struct option *option)
{
    return option->kind == OPTION_TOGGLE || option_is_flag_only(option);
}

static bool is_text(const struct option *option)
{
    switch (option->kind) {
    case OPTION_TEXT:
    case OPTION_LIST:
    case OPTION_ADDRESS:
    case OPTION_NAME:
    case OPTION_SECRET:
    case OPTION_URL:
    case OPTION_JSON:
        return true;
    case OPTION_NUMBER:
    case OPTION_INT:
    case OPTION_REAL:
    case OPTION_SWITCH:
    case OPTION_TOGGLE:
    case OPTION_PRINT:
    case OPTION_CHOICE:
    case OPTION_ON_OFF:
        break;
    }
    return false;
}

const char *option_text(const struct option *option, const void *target)
{
    assert(is_text(option));
    return *(char *const *)option_field(option, target);
}

static void store_text(char **field, const char *text)
{
    char *stored = mem_strdup(text);
    free(*field);
    *field = stored;
}

void option_store(const struct option *option, void *target, const char *text)
{
    void *field = option_field(option, target);
    switch (option->kind) {
    case OPTION_NUMBER:
        *(int64_t *)field = strtoll(text, NULL, 10);
        break;
    case OPTION_INT:
        *(int *)field = (int)strtol(text, NULL, 10);
        break;
    case OPTION_REAL:
        *(double *)field = strtod(text, NULL);
        break;
    case OPTION_CHOICE:
        *(int *)field = option_word_number(option->metavar, text);
        break;
    case OPTION_ON_OFF:
    case OPTION_SWITCH:
    case OPTION_TOGGLE:
        *(bool *)field = strcmp(text, "true") == 0 || strcmp(text, "on") == 0;
        break;
    case OPTION_PRINT:
        *(const char **)field = option->name + strlen("print-");
        break;
    case OPTION_TEXT:
    case OPTION_LIST:
    case OPTION_ADDRESS:
    case OPTION_NAME:
    case OPTION_SECRET:
    case OPTION_URL:
    case OPTION_JSON:
        store_text(field, text);
        break;
    }
}

void options_begin(struct options_reader *reader, const struct options_table *table,
                   void *target)
{
    assert(table->count <= OPTIONS_MAX);
    *reader = (struct options_reader){.table = table, .target = target};
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->rows[i];
        if (is_text(option) || option->value[0])
            option_store(option, target, option->value);
    }
}

void options_finish(const struct options_table *table, void *target)
{
    for (size_t i = 0; i < table->count; i++) {
        if (is_text(&table->rows[i]))
            free(*(char **)option_field(&table->rows[i], target));
    }
}

const struct option *options_find(const struct options_table *table, const char *name,
                                  size_t length, char separator)
{
    for (size_t i = 0; i < table->count; i++) {
        const char *own = table->rows[i].name;
        size_t at = 0;
        while (at < length && own[at] && name[at] == (own[at] == '-' ? separator : own[at]))
            at++;
        if (at == length && !own[at])
            return &table->rows[i];
    }
    return NULL;
}

const struct option *options_find_flag(const struct options_table *table, const char *argument)
{
    return strncmp(argument, "--", 2) == 0
               ? options_find(table, argument + 2, strcspn(argument + 2, "="), '-')
               : NULL;
}

char *options_variable(const struct options_table *table, const struct option *option)
{
    for (size_t i = 0; i < table->variable_count; i++) {
        if (strcmp(table->variables[i].option, option->name) == 0)
            return mem_strdup(table->variables[i].variable);
    }
    if (!table->variable_prefix || option_is_flag_only(option))
        return NULL;
    char *variable = mem_printf("%s%s", table->variable_prefix, option->name);
    for (char *c = variable + strlen(table->variable_prefix); *c; c++)
        *c = (char)(*c == '-' ? '_' : toupper((unsigned char)*c));
    return variable;
}

void options_print_help(const struct options_table *table, FILE *out)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->rows[i];
        char *variable = table->variable_prefix ? NULL : options_variable(table, option);
        (void)fprintf(out, "  --%s%s%s\n        %s", option->name, option->metavar ? " " : "",
                      option->metavar ? option->metavar : "", option->help);
        if (option->value[0])
            (void)fprintf(out, " (default %s)", option->value);
        (void)fputc('\n', out);
        if (variable)
            (void)fprintf(out, "        [%s]\n", variable);
        free(variable);
    }
}
