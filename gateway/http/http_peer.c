/*
 * http_peer - from which address a request comes; see http_peer.h.
 */
#include "http_peer.h"

#include "http_head.h"
#include "network.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

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

/* From the connection's other end to whoever asks. False: no proxy named anybody. */
static bool look_behind_proxies(struct peer *peer, const char *forwarded,
                                const struct http_peer_rule *rule)
{
    const char *word;
    size_t word_length;
    size_t length = forwarded ? strlen(forwarded) : 0;
    int64_t hop = 0;
    for (; hop < rule->trusted_hops; hop++) {
        char text[ADDRESS_TEXT_BYTES];
        if (!networks_have(rule->trusted_proxies, peer) ||
            !take_last(forwarded ? forwarded : "", &length, &word, &word_length) ||
            !strip(word, word_length, text) || !peer_parse(text, peer))
            break;
    }
    return hop > 0;
}

void http_peer_parse(const char *address, const char *forwarded,
                     const struct http_peer_rule *rule, struct peer *ret_peer)
{
    struct peer peer = {{0}}; /* all whose address cannot be read are one */
    (void)!peer_parse(address, &peer);
    (void)look_behind_proxies(&peer, forwarded, rule);
    *ret_peer = peer;
}

bool http_peer(int socket, const struct http_head *head, const struct http_peer_rule *rule,
               struct peer *ret_peer)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t length = sizeof(address);
    char *forwarded = http_head_join(head, "x-forwarded-for");
    (void)getpeername(socket, (struct sockaddr *)&address, &length);
    peer_from_socket((const struct sockaddr *)&address, ret_peer);
    bool is_named = look_behind_proxies(ret_peer, forwarded, rule);
    free(forwarded);
    return is_named;
}
