/*
 * origin - lists of origins; see origin.h.
 *
 * A browser sends SCHEME://HOST or SCHEME://HOST:PORT (RFC 6454, 6.2): no path, no slash at the
 * end, no port that is the scheme's own, names of other alphabets in their ASCII form. What
 * differs from that is compared for nothing.
 */
#include "origin.h"

#include "mem.h"
#include "slice.h"
#include "text_list.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool has_default_port(const char *origin, const char *host)
{
    const char *colon = strrchr(host, ':');
    if (!colon || strchr(colon, ']'))
        return false;
    return (strncmp(origin, "http:", 5) == 0 && strcmp(colon, ":80") == 0) ||
           (strncmp(origin, "https:", 6) == 0 && strcmp(colon, ":443") == 0);
}

static bool is_ascii(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text >= 0x80)
            return false;
    }
    return true;
}

/* Why no browser ever sends this; NULL: one may. */
static const char *judge(const char *origin)
{
    const char *colon = strstr(origin, "://");
    if (strcmp(origin, "*") == 0 || strcmp(origin, "null") == 0)
        return NULL;
    if (!colon || colon == origin)
        return "an origin begins with its scheme, as in https://chat.example";
    const char *host = colon + 3;
    if (strchr(host, '/'))
        return "an origin ends with its host or port, without a slash or path behind it";
    if (strchr(host, '*'))
        return "origins are named one by one: * stands for all only by itself";
    if (strchr(host, '@') || strpbrk(host, "?#"))
        return "an origin is a scheme, a host and perhaps a port";
    if (!*host && strcmp(origin, "file://") != 0)
        return "an origin names a host, as in https://chat.example";
    if (!is_ascii(origin))
        return "browsers send names of other alphabets in their ASCII form (xn--...)";
    if (has_default_port(origin, host))
        return "browsers leave out the port that is the scheme's own";
    return NULL;
}

char *origins_check(const char *list, const char *name)
{
    struct slice word;
    while (text_list_next(&list, &word)) {
        char *origin = mem_strndup(word.bytes, word.length);
        const char *problem = judge(origin);
        char *error =
            problem ? mem_printf("%s: \"%.100s\" can never match: %s", name, origin, problem)
                    : NULL;
        free(origin);
        if (error)
            return error;
    }
    return NULL;
}
