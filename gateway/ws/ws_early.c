/*
 * ws_early - frames that came in one record with the handshake; see ws_early.h.
 */
#include "ws_early.h"

#include "mem.h"

#include <libwebsockets.h>
#include <openssl/ssl.h>

#include <stdlib.h>
#include <string.h>

static const char end_of_head[] = "\r\n\r\n";
enum { END_BYTES = sizeof(end_of_head) - 1 };

struct ws_early {
    size_t buffer_bytes;
    size_t length; /* of what is kept */
    unsigned char kept[];
};

struct ws_early *ws_early_create(size_t buffer_bytes)
{
    struct ws_early *early = mem_zalloc(sizeof(*early) + buffer_bytes);
    early->buffer_bytes = buffer_bytes;
    return early;
}

void ws_early_destroy(struct ws_early *early)
{
    free(early);
}

void ws_early_keep(struct ws_early *early, struct lws *wsi)
{
    SSL *tls = lws_get_ssl(wsi);
    int length = SSL_peek(tls, early->kept, (int)(early->buffer_bytes - LWS_PRE));
    early->length = length > 0 ? (size_t)length : 0;
}

void ws_early_forget(struct ws_early *early)
{
    early->length = 0;
}

/* The head may have begun in an earlier piece, and its end, too. */
static unsigned char *find_end(struct ws_early *early)
{
    unsigned char *end = early->kept + early->length;
    unsigned char *at = early->kept;
    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        at++;
        if (at - early->kept >= END_BYTES &&
            memcmp(at - END_BYTES, end_of_head, END_BYTES) == 0)
            return at;
    }
    for (size_t left = END_BYTES - 1; left > 0; left--) {
        if (early->length >= left &&
            memcmp(early->kept, end_of_head + END_BYTES - left, left) == 0)
            return early->kept + left;
    }
    return end;
}

size_t ws_early_take(struct ws_early *early, unsigned char **ret_octets)
{
    unsigned char *end = find_end(early);
    size_t count = (size_t)(early->kept + early->length - end);
    ws_early_forget(early);
    *ret_octets = end;
    return count;
}
