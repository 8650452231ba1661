/*
 * text_list - lists in one text, separated by commas; see text_list.h.
 */
#include "text_list.h"

#include <string.h>
#include <strings.h>

bool text_list_next(const char **list, struct slice *ret_word)
{
    static const char separators[] = ", \t";
    const char *word = *list + strspn(*list, separators);
    size_t length = strcspn(word, separators);
    *list = word + length;
    *ret_word = (struct slice){word, length};
    return length > 0;
}

bool text_list_has(const char *list, const char *word)
{
    size_t length = strlen(word);
    struct slice each;
    while (text_list_next(&list, &each)) {
        if (each.length == length && strncasecmp(each.bytes, word, length) == 0)
            return true;
    }
    return false;
}
