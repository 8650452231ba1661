/*
 * http_head - the head of one HTTP/1.x request, taken apart.
 *
 * Knows no connection and no libwebsockets: bytes go in, texts come out. All that is the same
 * for every address is decided here, once: white space around values, repeated and
 * contradicting headers, the three forms of a target (RFC 9112, 3.2), where the body ends
 * (6.3).
 */
#ifndef PARLEY_HTTP_HEAD_H
#define PARLEY_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_HEAD_BYTES_MAX = 8192,
    HTTP_FIELDS_MAX = 100,
    HTTP_NO_LENGTH = -1,
};

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OPTIONS, HTTP_OTHER };

/* Offsets of texts in the bytes, each with its final zero. */
struct http_field {
    uint16_t name;
    uint16_t name_length;
    uint16_t value;
};

/* Begins as zeros. */
struct http_head {
    char *bytes;         /* *borrowed* */
    int64_t body_length; /* as it is announced, or HTTP_NO_LENGTH */
    bool is_chunked;
    bool is_persistent; /* may another request follow on the connection? */
    bool is_http_1_1;
    bool expects_continue;
    bool is_plain; /* no white space behind values, no target in absolute form */
    enum http_method method;
    uint16_t path;  /* decoded, without "//", "/./" and "/../"; "*" for OPTIONS * */
    uint16_t query; /* as it was sent, without the question mark; 0: none */
    uint16_t host;  /* from the target if it names one, else from Host; 0: none */
    uint16_t field_count;
    struct http_field fields[HTTP_FIELDS_MAX];
};

/* Why a head is refused; status 0: it is not. */
struct http_fault {
    int status;
    const char *message;
};

/* How many of the bytes the head takes, its empty line included; 0: its end is not there. */
size_t http_head_find_end(const char *bytes, size_t length);

/* Takes the head apart that has this length; the bytes are changed, and borrowed by it. */
struct http_fault http_head_parse(struct http_head *head, char *bytes, size_t length);

/* All texts are borrowed from the bytes. */
const char *http_head_path(const struct http_head *head);
/* Is a body announced? */
bool http_head_has_body(const struct http_head *head);
/* "": there is none. */
const char *http_head_host(const struct http_head *head);

/* The first of that name, whatever its case; NULL: there is none. */
const char *http_head_find(const struct http_head *head, const char *name);
/* Is the word in the lists of all headers of that name? */
bool http_head_has_word(const struct http_head *head, const char *name, const char *word);
/* All of that name as one list. *new*; NULL: there is none. */
char *http_head_join(const struct http_head *head, const char *name);

/* An argument of the address, decoded. *new*; NULL: there is none. */
char *http_head_argument(const struct http_head *head, const char *name);

#endif
