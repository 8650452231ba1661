/*
 * origin - lists of origins and hosts; see origin.h.
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

/* Why no browser ever sends this, or asks for it; NULL: one may. */
typedef const char *judge_fn(const char *word);

static const char *judge_origin(const char *origin)
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

static const char *judge_host(const char *word)
{
    const char *scheme_end = strstr(word, "://");
    const char *host = scheme_end ? scheme_end + 3 : word;
    if (strcmp(word, "*") == 0)
        return NULL;
    if (strchr(host, '*'))
        return "hosts are named one by one: * stands for all only by itself";
    if (!*host || strpbrk(host, "/@?#"))
        return "a host is a name or an address, as in chat.example";
    if (!is_ascii(host))
        return "browsers send names of other alphabets in their ASCII form (xn--...)";
    return NULL;
}

static char *check(const char *list, const char *name, judge_fn *judge)
{
    struct slice word;
    while (text_list_next(&list, &word)) {
        char *text = mem_strndup(word.bytes, word.length);
        const char *problem = judge(text);
        char *error =
            problem ? mem_printf("%s: \"%.100s\" can never match: %s", name, text, problem)
                    : NULL;
        free(text);
        if (error)
            return error;
    }
    return NULL;
}

char *origins_check(const char *list, const char *name)
{
    return check(list, name, judge_origin);
}

char *hosts_check(const char *list, const char *name)
{
    return check(list, name, judge_host);
}
