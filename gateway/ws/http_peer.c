/*
 * http_peer - from which address a request comes; see http_peer.h.
 */
#include "http_peer.h"

#include "network.h"

#include <libwebsockets.h>

#include <string.h>

enum { ADDRESS_TEXT_BYTES = 64, FORWARDED_BYTES = 1024 };

void http_peer(struct lws *wsi, const char *trusted_proxies, struct peer *ret_peer)
{
    char address[ADDRESS_TEXT_BYTES] = "";
    char forwarded[FORWARDED_BYTES];
    struct peer peer = {{0}};
    struct peer next;
    lws_get_peer_simple(wsi, address, sizeof(address));
    if (!peer_parse(address, &peer))
        peer = (struct peer){{0}}; /* all of those are one */
    bool has_forwarded =
        lws_hdr_copy(wsi, forwarded, sizeof(forwarded), WSI_TOKEN_X_FORWARDED_FOR) > 0;
    while (has_forwarded && networks_have(trusted_proxies, &peer)) {
        char *comma = strrchr(forwarded, ',');
        char *last = comma ? comma + 1 : forwarded;
        last += strspn(last, " \t");
        last[strcspn(last, " \t")] = '\0';
        if (!peer_parse(last, &next))
            break;
        peer = next;
        has_forwarded = comma != NULL;
        if (comma)
            *comma = '\0';
    }
    *ret_peer = peer;
}
