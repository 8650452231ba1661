/*
 * network - addresses of peers, and lists of networks; see network.h.
 */
#include "network.h"

#include "slice.h"
#include "text.h"
#include "text_list.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

enum { TEXT_BYTES = 64, IPV4_AT = 12, BITS = 8 * PEER_BYTES, IPV4_BITS = 32 };

static const unsigned char ipv4_head[IPV4_AT] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_ipv4(const struct peer *peer)
{
    return memcmp(peer->bytes, ipv4_head, IPV4_AT) == 0;
}

bool peer_parse(const char *text, struct peer *ret_peer)
{
    struct peer peer;
    memcpy(peer.bytes, ipv4_head, IPV4_AT);
    if (inet_pton(AF_INET, text, peer.bytes + IPV4_AT) != 1 &&
        inet_pton(AF_INET6, text, peer.bytes) != 1)
        return false;
    *ret_peer = peer;
    return true;
}

bool peer_is_loopback(const struct peer *peer)
{
    static const unsigned char ipv6[PEER_BYTES] = {[PEER_BYTES - 1] = 1};
    return is_ipv4(peer) ? peer->bytes[IPV4_AT] == 127
                         : memcmp(peer->bytes, ipv6, sizeof(ipv6)) == 0;
}

size_t peer_significant_bytes(const struct peer *peer)
{
    return is_ipv4(peer) ? PEER_BYTES : PEER_BYTES / 2;
}

/* No address of IPv6 begins with 64 ones: there those of IPv4 have room. */
uint64_t peer_customer(const struct peer *peer)
{
    uint64_t number = 0;
    uint32_t v4;
    memcpy(&v4, peer->bytes + IPV4_AT, sizeof(v4));
    if (is_ipv4(peer))
        return UINT64_MAX << 32 | v4;
    memcpy(&number, peer->bytes, sizeof(number));
    return number + 1;
}

void peer_from_socket(const struct sockaddr *address, struct peer *ret_peer)
{
    struct peer peer = {{0}};
    if (address->sa_family == AF_INET) {
        memcpy(peer.bytes, ipv4_head, IPV4_AT);
        memcpy(peer.bytes + IPV4_AT, &((const struct sockaddr_in *)address)->sin_addr,
               PEER_BYTES - IPV4_AT);
    } else if (address->sa_family == AF_INET6) {
        memcpy(peer.bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, PEER_BYTES);
    }
    *ret_peer = peer;
}

/* "10.0.0.0/8" as address and number of bits, counted as in IPv6. */
static bool parse_network(struct slice word, struct peer *ret_peer, int64_t *ret_bits)
{
    char text[TEXT_BYTES];
    int64_t bits = 0;
    if (word.length >= sizeof(text))
        return false;
    memcpy(text, word.bytes, word.length);
    text[word.length] = '\0';
    char *slash = strchr(text, '/');
    if (slash)
        *slash = '\0';
    if (!peer_parse(text, ret_peer))
        return false;
    int most = is_ipv4(ret_peer) && strchr(text, '.') ? IPV4_BITS : BITS;
    if (slash && !text_to_int(slash + 1, 0, most, &bits))
        return false;
    *ret_bits = slash ? BITS - most + bits : BITS;
    return true;
}

bool networks_are_valid(const char *list)
{
    struct slice word;
    struct peer peer;
    int64_t bits;
    while (text_list_next(&list, &word)) {
        if (!parse_network(word, &peer, &bits))
            return false;
    }
    return true;
}

static bool is_in(const struct peer *network, int64_t bits, const struct peer *peer)
{
    size_t whole = (size_t)bits / 8;
    unsigned rest = (unsigned)bits % 8;
    if (memcmp(network->bytes, peer->bytes, whole) != 0)
        return false;
    return rest == 0 || ((network->bytes[whole] ^ peer->bytes[whole]) >> (8 - rest)) == 0;
}

bool networks_have(const char *list, const struct peer *peer)
{
    struct slice word;
    struct peer network;
    int64_t bits;
    while (text_list_next(&list, &word)) {
        if (parse_network(word, &network, &bits) && is_in(&network, bits, peer))
            return true;
    }
    return false;
}
