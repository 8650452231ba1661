/*
 * bench_frame - the bytes of the client's side of WebSocket; see bench_frame.h.
 */
#include "bench_frame.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The example of RFC 6455, section 1.3. */
static const char KEY[] = "dGhlIHNhbXBsZSBub25jZQ==";
static const char ACCEPT[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
static const char SWITCHING[] = "HTTP/1.1 101";

size_t frame_put_header(uint8_t header[FRAME_MAX_HEADER], enum frame_opcode opcode,
                        size_t length, bool is_masked)
{
    size_t at = 2;
    header[0] = (uint8_t)(0x80 | opcode);
    if (length < 126) {
        header[1] = (uint8_t)length;
    } else {
        int width = length < 65536 ? 2 : 8;
        header[1] = width == 2 ? 126 : 127;
        for (int i = width - 1; i >= 0; i--) {
            header[at++] = (uint8_t)((uint64_t)length >> (8 * i));
        }
    }
    if (is_masked) {
        header[1] |= 0x80;
        memset(header + at, 0, 4);
        at += 4;
    }
    return at;
}

size_t frame_parse_header(const uint8_t *data, size_t available, uint64_t *ret_length)
{
    if (available < 2) {
        return 0;
    }
    uint64_t length = data[1] & 0x7f;
    size_t header_length = length == 126 ? 4 : length == 127 ? 10 : 2;
    if (available < header_length) {
        return 0;
    }
    if (header_length > 2) {
        length = 0;
        for (size_t i = 2; i < header_length; i++) {
            length = length << 8 | data[i];
        }
    }
    *ret_length = length;
    return header_length;
}

static void put_escaped(char *text, size_t size, const char *raw)
{
    size_t at = 0;
    for (; *raw != '\0' && at + 4 <= size; raw++) {
        unsigned char byte = (unsigned char)*raw;
        bool is_plain = isalnum(byte) || strchr("-._~:", byte) != NULL;
        at += (size_t)snprintf(text + at, size - at, is_plain ? "%c" : "%%%02X", byte);
    }
}

size_t frame_format_request(char *text, size_t size, const char *host, const char *path,
                            const char *channel)
{
    char query[512] = "";
    if (channel != NULL) {
        int start = snprintf(query, sizeof(query), "?channel=");
        put_escaped(query + start, sizeof(query) - (size_t)start, channel);
    }
    int length = snprintf(text, size,
                          "GET %s%s HTTP/1.1\r\n"
                          "Host: %s\r\n"
                          "Upgrade: websocket\r\n"
                          "Connection: Upgrade\r\n"
                          "Sec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: %s\r\n\r\n",
                          path, query, host, KEY);
    return length > 0 && (size_t)length < size ? (size_t)length : 0;
}

bool frame_is_accepted(const char *head, size_t length)
{
    return length > sizeof(SWITCHING) && memcmp(head, SWITCHING, sizeof(SWITCHING) - 1) == 0 &&
           memmem(head, length, ACCEPT, sizeof(ACCEPT) - 1) != NULL;
}
