/*
 * options_read - what each source says of a program's options; see options.h.
 *
 * Each source hands over pairs of option and text; options_set checks the text against the
 * table's row and stores it, unless a stronger source has spoken already.
 */
#include "mem.h"
#include "options.h"

#include <stdlib.h>
#include <string.h>

/* What a flag says that was given before; *new*. */
static char *longer_list(const struct options_reader *reader, const struct option *option,
                         const char *text)
{
    return mem_printf("%s,%s", option_text(option, reader->target), text);
}

static enum option_source *source_of(struct options_reader *reader, const struct option *option)
{
    return &reader->sources[option - reader->table->rows];
}

bool options_was_given(const struct options_reader *reader, const struct option *option)
{
    return reader->sources[option - reader->table->rows] != FROM_DEFAULT;
}

char *options_set(struct options_reader *reader, enum option_source source,
                  const struct option *option, const char *name, const char *text)
{
    char *error = option_check(option, name, text);
    enum option_source *spoken = source_of(reader, option);
    if (error || source < *spoken)
        return error;
    if (option->kind == OPTION_LIST && *spoken == source) {
        char *list = longer_list(reader, option, text);
        option_store(option, reader->target, list);
        free(list);
    } else {
        option_store(option, reader->target, text);
    }
    *spoken = source;
    return NULL;
}

char *options_read_variable(struct options_reader *reader, const struct option *option,
                            const char *text)
{
    if (!text || !text[0])
        return NULL;
    char *name = options_variable(reader->table, option);
    char *error = options_set(reader, FROM_ENVIRONMENT, option, name, text);
    free(name);
    return error;
}

static char *unknown_option(const struct options_reader *reader, const char *flag,
                            size_t length)
{
    char *suggestion = options_suggest(reader->table, "--", flag + 2, length - 2, '-');
    char *error = mem_printf("unknown option \"%.*s\"%s", (int)length, flag, suggestion);
    free(suggestion);
    return error;
}

/* The option of an argument that begins with two dashes; *at is moved past what was used. */
static char *read_flag(struct options_reader *reader, int argc, char **argv, int *at)
{
    const char *flag = strcmp(argv[*at], "-h") == 0 ? "--help" : argv[*at];
    size_t length = strcspn(flag, "=");
    const char *value = flag[length] ? flag + length + 1 : NULL;
    const struct option *option = options_find_flag(reader->table, flag);
    ++*at;
    if (!option)
        return unknown_option(reader, flag, length < 100 ? length : 100);
    char name[OPTION_NAME_BYTES_MAX];
    (void)snprintf(name, sizeof(name), "--%s", option->name);
    if (!value && option_is_switch(option))
        value = "true";
    if (!value && (*at >= argc || strncmp(argv[*at], "--", 2) == 0))
        return mem_printf("%s needs a value", name);
    if (!value)
        value = argv[(*at)++];
    return options_set(reader, FROM_FLAG, option, name, value);
}

static char *read_word(struct options_reader *reader, const char *word)
{
    if (!reader->words || reader->word_count == reader->word_max)
        return mem_printf("unexpected argument \"%.100s\"", word);
    reader->words[reader->word_count++] = word;
    return NULL;
}

char *options_read_flags(struct options_reader *reader, int argc, char **argv)
{
    bool is_past_flags = false;
    char *error = NULL;
    for (int at = 1; at < argc && !error;) {
        bool is_flag = strncmp(argv[at], "--", 2) == 0 || strcmp(argv[at], "-h") == 0;
        bool is_dash = argv[at][0] == '-' && argv[at][1] && !is_flag;
        if (!is_past_flags && reader->words && strcmp(argv[at], "--") == 0) {
            is_past_flags = true;
            at++;
        } else if (!is_past_flags && is_flag) {
            error = read_flag(reader, argc, argv, &at);
        } else if (!is_past_flags && is_dash && reader->words) {
            error = mem_printf("unknown option \"%.100s\"", argv[at]);
        } else {
            error = read_word(reader, argv[at++]);
        }
    }
    return error;
}
