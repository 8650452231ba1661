/*
 * ws_early - frames that came in one piece with the handshake; see ws_early.h.
 *
 * Where libwebsockets keeps what it has read is not told to anybody; it is worked out from
 * where it writes its answer, and believed once the bytes there are those that were kept.
 */
#include "ws_early.h"

#include "mem.h"

#include <libwebsockets.h>
#include <openssl/ssl.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    /* of what was read, a part that the answer is not written over */
    UNTOUCHED_AT = 96,
    UNTOUCHED_BYTES = 64,
};

static const char end_of_head[] = "\r\n\r\n";
enum { END_BYTES = sizeof(end_of_head) - 1 };

struct ws_early {
    size_t buffer_bytes;
    size_t length;        /* of what is kept */
    unsigned char *place; /* where libwebsockets has read it to; NULL: not known */
    bool is_place_sure;   /* it was once right */
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

int ws_early_peek(struct lws *wsi, unsigned char *octets, size_t count)
{
    SSL *ssl = lws_get_ssl(wsi);
    if (!ssl)
        return (int)recv(lws_get_socket_fd(wsi), octets, count, MSG_PEEK | MSG_DONTWAIT);
    if (!SSL_is_init_finished(ssl))
        return -1;
    return SSL_peek(ssl, octets, (int)count);
}

void ws_early_keep(struct ws_early *early, struct lws *wsi)
{
    int length = ws_early_peek(wsi, early->kept, early->buffer_bytes - LWS_PRE);
    early->length = length > 0 ? (size_t)length : 0;
    early->place = NULL;
}

void ws_early_forget(struct ws_early *early)
{
    early->length = 0;
    early->place = NULL;
}

void ws_early_locate(struct ws_early *early, const struct lws_process_html_args *answer)
{
    unsigned char *buffer = (unsigned char *)answer->p + answer->max_len - early->buffer_bytes;
    unsigned char *place = buffer + LWS_PRE;
    if (early->length >= UNTOUCHED_AT + UNTOUCHED_BYTES)
        early->is_place_sure =
            memcmp(place + UNTOUCHED_AT, early->kept + UNTOUCHED_AT, UNTOUCHED_BYTES) == 0;
    early->place = early->is_place_sure ? place : NULL;
}

/* The head may have begun in an earlier piece, and its end, too. */
static const unsigned char *find_end(const struct ws_early *early)
{
    const unsigned char *found = memmem(early->kept, early->length, end_of_head, END_BYTES);
    if (found)
        return found + END_BYTES;
    for (size_t left = END_BYTES - 1; left > 0; left--) {
        if (early->length >= left &&
            memcmp(early->kept, end_of_head + END_BYTES - left, left) == 0)
            return early->kept + left;
    }
    return early->kept + early->length;
}

size_t ws_early_put_back(struct ws_early *early, const unsigned char **ret_octets)
{
    const unsigned char *end = find_end(early);
    size_t count = (size_t)(early->kept + early->length - end);
    if (count > 0 && early->place)
        memcpy(early->place, early->kept, early->length);
    ws_early_forget(early);
    *ret_octets = end;
    return count;
}
