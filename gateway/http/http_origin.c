/*
 * http_origin - which pages and which names of ours are welcome; see http_origin.h.
 *
 * A page of another site may have its own name point at this machine (DNS rebinding): then
 * Origin and Host say the same, and only the name tells that it is not ours.
 */
#include "http_origin.h"

#include "network.h"
#include "text_list.h"

#include <string.h>
#include <strings.h>

enum { HOST_BYTES = 256 };

static const char scheme_end[] = "://";

/* Is it, as far as one can know, the scheme of pages of ours? */
static bool is_scheme(const char *origin, size_t length, enum http_scheme scheme)
{
    switch (scheme) {
    case HTTP_SCHEME_PLAIN:
        return length == 4 && strncasecmp(origin, "http", length) == 0;
    case HTTP_SCHEME_TLS:
        return length == 5 && strncasecmp(origin, "https", length) == 0;
    case HTTP_SCHEME_UNKNOWN:
        break;
    }
    return true;
}

bool http_origin_is_allowed(const char *allowed_origins, const char *origin, const char *host,
                            enum http_scheme scheme)
{
    const char *origin_host = strstr(origin, scheme_end);
    if (text_list_has(allowed_origins, "*") || text_list_has(allowed_origins, origin))
        return true;
    return origin_host && is_scheme(origin, (size_t)(origin_host - origin), scheme) &&
           strcasecmp(origin_host + strlen(scheme_end), host) == 0;
}

/* Without port, brackets and the dot of a full name; false: it is none. */
static bool strip(const char *text, size_t length, char out[HOST_BYTES])
{
    const char *colon = memchr(text, ':', length);
    if (length > 0 && text[0] == '[') {
        const char *end = memchr(text, ']', length);
        length = end ? (size_t)(end - text) - 1 : 0;
        text++;
    } else if (colon && !memchr(colon + 1, ':', length - (size_t)(colon + 1 - text))) {
        length = (size_t)(colon - text);
    }
    if (length > 0 && text[length - 1] == '.')
        length--;
    if (length == 0 || length >= HOST_BYTES)
        return false;
    memcpy(out, text, length);
    out[length] = '\0';
    return true;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t end_length = strlen(end);
    return length >= end_length && strcasecmp(text + length - end_length, end) == 0;
}

static bool is_of_this_machine(const char *name)
{
    struct peer peer;
    if (peer_parse(name, &peer))
        return peer_is_loopback(&peer);
    return strcasecmp(name, "localhost") == 0 || ends_with(name, ".localhost");
}

/* No page can have it point at this machine: an address, or a name that is not in the DNS. */
static bool is_unforgeable(const char *name)
{
    struct peer peer;
    return peer_parse(name, &peer) || !strchr(name, '.');
}

/* Is it the host of one of the origins, or with names of hosts only: one of them? */
static bool is_listed(const char *list, const char *name)
{
    struct slice word;
    char listed[HOST_BYTES];
    while (text_list_next(&list, &word)) {
        const char *host = memmem(word.bytes, word.length, scheme_end, strlen(scheme_end));
        const char *begin = host ? host + strlen(scheme_end) : word.bytes;
        size_t length = word.length - (size_t)(begin - (const char *)word.bytes);
        if (strip(begin, length, listed) && strcasecmp(listed, name) == 0)
            return true;
    }
    return false;
}

bool http_origin_is_host_allowed(const char *allowed_hosts, const char *allowed_origins,
                                 const char *host, bool is_from_here)
{
    char name[HOST_BYTES];
    bool is_default = allowed_hosts[0] == '\0';
    if (text_list_has(allowed_hosts, "*") || host[0] == '\0' || (is_default && !is_from_here))
        return true;
    if (!strip(host, strlen(host), name))
        return false;
    return is_of_this_machine(name) || is_listed(allowed_hosts, name) ||
           is_listed(allowed_origins, name) || (is_default && is_unforgeable(name));
}
