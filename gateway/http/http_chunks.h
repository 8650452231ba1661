/*
 * http_chunks - a body in chunks (RFC 9112, 7.1), read as its pieces come.
 */
#ifndef PARLEY_HTTP_CHUNKS_H
#define PARLEY_HTTP_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begins as zeros. */
struct http_chunks {
    uint64_t left; /* octets of the chunk at hand */
    uint32_t line; /* octets of a line whose end is not there yet, and of all trailers */
    uint8_t place; /* see http_chunks.c */
    bool is_over;  /* the last chunk and its trailers are read */
};

/* Takes octets as far as they belong to the body, and moves what they carry to the front of
 * them. Answers how many were taken; *ret_carried: how many of them are data. -1: they are no
 * chunks. */
int64_t http_chunks_take(struct http_chunks *chunks, char *bytes, size_t length,
                         size_t *ret_carried);

#endif
