/*
 * fuzz_http - any bytes as the head of a request, as a body in chunks, as what proxies and
 * pages say of themselves. The first byte says as which, and how a body is cut.
 */
#include "fuzz.h"

#include "http_chunks.h"
#include "http_head.h"
#include "http_origin.h"
#include "http_peer.h"
#include "mem.h"
#include "network.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void ask_for(const struct http_head *head)
{
    static const char *const names[] = {"Host", "connection", "X-Forwarded-For", ""};
    (void)http_head_has_word(head, "connection", "upgrade");
    (void)strlen(http_head_path(head));
    (void)strlen(http_head_host(head));
    (void)http_head_has_body(head);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)http_head_find(head, names[i]);
        free(http_head_join(head, names[i]));
    }
    free(http_head_argument(head, "channel"));
    free(http_head_argument(head, ""));
}

static void read_head(const uint8_t *bytes, size_t length)
{
    static struct http_head head;
    size_t end = http_head_find_end((const char *)bytes, length);
    assert(end <= length);
    if (end == 0 || end > HTTP_HEAD_BYTES_MAX)
        return;
    char *copy = mem_alloc(end);
    memcpy(copy, bytes, end);
    memset(&head, 0, sizeof(head));
    if (http_head_parse(&head, copy, end).status == 0)
        ask_for(&head);
    free(copy);
}

/* Answers how many octets of data there were; -1: they were no chunks. */
static int64_t read_chunks(const uint8_t *bytes, size_t length, size_t piece)
{
    struct http_chunks chunks = {.left = 0};
    int64_t carried = 0;
    for (size_t at = 0; at < length && !chunks.is_over; at += piece) {
        size_t size = length - at < piece ? length - at : piece;
        size_t count = 0;
        char *copy = mem_alloc(size);
        memcpy(copy, bytes + at, size);
        int64_t taken = http_chunks_take(&chunks, copy, size, &count);
        free(copy);
        if (taken < 0)
            return -1;
        assert((size_t)taken <= size && count <= (size_t)taken);
        assert((size_t)taken == size || chunks.is_over);
        carried += (int64_t)count;
    }
    return carried;
}

static void read_names(const char *text)
{
    static const struct http_peer_rule rule = {"10.0.0.0/8,::1", 3};
    struct peer peer;
    http_peer_parse("10.0.0.1", text, &rule, &peer);
    http_peer_parse(text, "203.0.113.7", &rule, &peer);
    (void)peer_customer(&peer);
    (void)networks_are_valid(text);
    (void)http_origin_is_allowed("https://a.example", text, "a.example:443", HTTP_SCHEME_TLS);
    (void)http_origin_is_allowed(text, "https://a.example", text, HTTP_SCHEME_UNKNOWN);
    (void)http_origin_is_host_allowed("a.example", "https://b.example", text, true);
    (void)http_origin_is_host_allowed("", "", text, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return 0;
    size_t piece = (size_t)bytes[0] / 3 % 16 + 1;
    char *text = mem_strndup((const char *)bytes + 1, length - 1);
    if (bytes[0] % 3 == 0)
        read_head(bytes + 1, length - 1);
    else if (bytes[0] % 3 == 1)
        assert(read_chunks(bytes + 1, length - 1, length) ==
               read_chunks(bytes + 1, length - 1, piece));
    else
        read_names(text);
    free(text);
    return 0;
}
