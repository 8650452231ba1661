/*
 * http_peer - from which address a request comes; see http_peer.h.
 */
#include "http_peer.h"

#include "http_head.h"
#include "network.h"

#include <libwebsockets.h>

#include <stdlib.h>
#include <string.h>

enum { ADDRESS_TEXT_BYTES = 64 };

/* Without quotes, brackets and port, as a text of its own; false: it cannot be an address. */
static bool strip(const char *text, size_t length, char out[ADDRESS_TEXT_BYTES])
{
    if (length >= 2 && text[0] == '"' && text[length - 1] == '"') {
        text++;
        length -= 2;
    }
    if (length > 0 && text[0] == '[') {
        const char *end = memchr(text, ']', length);
        length = end ? (size_t)(end - text) - 1 : 0;
        text++;
    } else {
        const char *colon = memchr(text, ':', length);
        size_t before = colon ? (size_t)(colon - text) : length;
        bool is_only = colon && !memchr(colon + 1, ':', length - before - 1);
        if (is_only)
            length = before;
    }
    if (length == 0 || length >= ADDRESS_TEXT_BYTES)
        return false;
    memcpy(out, text, length);
    out[length] = '\0';
    return true;
}

/* The last element that is not empty, of so many octets; *length is what stands before it.
 * False: there is none. */
static bool take_last(const char *list, size_t *length, const char **ret_word,
                      size_t *ret_length)
{
    while (*length > 0) {
        size_t end = *length;
        size_t begin = end;
        while (begin > 0 && list[begin - 1] != ',')
            begin--;
        *length = begin > 0 ? begin - 1 : 0;
        while (begin < end && strchr(" \t", list[begin]))
            begin++;
        while (end > begin && strchr(" \t", list[end - 1]))
            end--;
        if (end > begin) {
            *ret_word = list + begin;
            *ret_length = end - begin;
            return true;
        }
    }
    return false;
}

void http_peer_parse(const char *address, const char *forwarded,
                     const struct http_peer_rule *rule, struct peer *ret_peer)
{
    struct peer peer = {{0}}; /* all whose address cannot be read are one */
    const char *word;
    size_t word_length;
    size_t length = forwarded ? strlen(forwarded) : 0;
    (void)!peer_parse(address, &peer);
    for (int64_t hop = 0; hop < rule->trusted_hops; hop++) {
        char text[ADDRESS_TEXT_BYTES];
        if (!networks_have(rule->trusted_proxies, &peer) ||
            !take_last(forwarded ? forwarded : "", &length, &word, &word_length) ||
            !strip(word, word_length, text) || !peer_parse(text, &peer))
            break;
    }
    *ret_peer = peer;
}

void http_peer(struct lws *wsi, const struct http_head *head, const struct http_peer_rule *rule,
               struct peer *ret_peer)
{
    char address[ADDRESS_TEXT_BYTES] = "";
    char *forwarded = http_head_join(head, "x-forwarded-for");
    lws_get_peer_simple(wsi, address, sizeof(address));
    http_peer_parse(address, forwarded, rule, ret_peer);
    free(forwarded);
}

bool http_peer_is_loopback(const struct peer *peer)
{
    return networks_have("127.0.0.0/8,::1", peer);
}
