/*
 * media_type - types of contents, and lists of them; see media_type.h.
 */
#include "media_type.h"

#include "slice.h"
#include "text_list.h"

#include <string.h>
#include <strings.h>

static const char name_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789!#$&^_.+-";

static bool is_valid(const char *type, size_t length, bool may_end_in_star)
{
    size_t kind = strspn(type, name_characters);
    if (length > MEDIA_TYPE_BYTES_MAX || kind == 0 || kind + 1 >= length || type[kind] != '/')
        return false;
    if (may_end_in_star && kind + 2 == length && type[kind + 1] == '*')
        return true;
    return strspn(type + kind + 1, name_characters) == length - kind - 1;
}

bool media_type_is_valid(const char *type)
{
    return is_valid(type, strlen(type), /* may_end_in_star= */ false);
}

static bool is_star(struct slice word)
{
    return word.length == 1 && *(const char *)word.bytes == '*';
}

bool media_types_are_valid(const char *list)
{
    struct slice word;
    while (text_list_next(&list, &word)) {
        if (!is_star(word) && !is_valid(word.bytes, word.length, /* may_end_in_star= */ true))
            return false;
    }
    return true;
}

bool media_types_have(const char *list, const char *type)
{
    size_t length = strlen(type);
    struct slice word;
    while (text_list_next(&list, &word)) {
        const char *text = word.bytes;
        bool is_kind = word.length > 0 && text[word.length - 1] == '*';
        size_t compared = is_kind ? word.length - 1 : word.length;
        if ((is_kind ? length >= compared : length == compared) &&
            strncasecmp(text, type, compared) == 0)
            return true;
    }
    return false;
}
