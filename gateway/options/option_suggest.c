/*
 * option_suggest - the option that somebody may have meant; see options.h.
 */
#include "mem.h"
#include "options.h"

#include <ctype.h>
#include <string.h>

enum { DISTANCE_MAX = 3 }; /* slips of the finger between a name and the one it may mean */

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Letters to put in, take out or replace (Levenshtein), row by row; '-' and '_' are one. */
static size_t distance(const char *a, size_t length, const char *b)
{
    size_t row[OPTION_NAME_BYTES_MAX + 1];
    size_t width = strlen(b);
    if (length > OPTION_NAME_BYTES_MAX || width > OPTION_NAME_BYTES_MAX)
        return OPTION_NAME_BYTES_MAX;
    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 1; i <= length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            bool is_same = a[i - 1] == b[j - 1] || (a[i - 1] == '_' && b[j - 1] == '-');
            size_t replaced = diagonal + !is_same;
            diagonal = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, replaced);
        }
    }
    return row[width];
}

static const struct option *find_nearest(const struct options_table *table, const char *name,
                                         size_t length)
{
    const struct option *nearest = NULL;
    size_t best = DISTANCE_MAX + 1;
    for (size_t i = 0; i < table->count; i++) {
        size_t way = distance(name, length, table->rows[i].name);
        if (way < best && way < length) {
            best = way;
            nearest = &table->rows[i];
        }
    }
    return nearest;
}

char *options_suggest(const struct options_table *table, const char *prefix, const char *name,
                      size_t length, char separator)
{
    const struct option *nearest = find_nearest(table, name, length);
    if (!nearest)
        return mem_strdup("");
    char *suggestion = mem_printf(": did you mean %s%s?", prefix, nearest->name);
    if (separator == '_') {
        for (char *c = suggestion + strlen(": did you mean "); *c; c++)
            *c = (char)(*c == '-' ? '_' : toupper((unsigned char)*c));
    }
    return suggestion;
}
