/*
 * files - files that clients share: who may send one, where it is kept, who is told.
 *
 * A file lies in the store for a time, behind a line of JSON that says what it is (its head).
 * When all of it is there, its channel gets a LuChat message with a filelink. Who may
 * publish in a channel may send files to it. The link needs no right to be read: its 128 random
 * bits are the right.
 */
#ifndef PARLEY_FILES_H
#define PARLEY_FILES_H

#include "api_waiter.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file_job;
struct hub;

enum {
    FILES_BYTES_MAX = 8 << 20,           /* of one file */
    FILES_ADMITTED_BYTES_MAX = 64 << 20, /* of all that are on their way into the store */
    FILES_HEAD_BYTES_MAX = 2048,
    FILES_READ_BYTES = 64 << 10, /* at once, and more than any head */
};

struct files_options {
    size_t max_bytes;
    size_t bytes_of_all; /* in the store */
    size_t bytes_of_one; /* of one user with a token, or one address; 0: no limit */
    int64_t ttl_ms;
    const char *types; /* see media_type.h */
};

/* What a client says about the file that it wants to send; NULL: nothing. */
struct file_upload {
    const char *channel;
    const char *user;
    const char *token;
    const char *name;
    const char *type; /* without parameters */
    size_t bytes;
    uint64_t customer; /* whose address it is: see network.h */
};

struct file_refusal {
    int status; /* HTTP's */
    const char *message;
};

/* Are files on? */
bool files_are_on(const struct hub *hub);
const struct files_options *files_limits(const struct hub *hub);

/* May it be sent? If so, a job that is to be given its bytes or to be destroyed. NULL:
 * *ret_refusal says why not. *new* */
struct file_job *files_admit(struct hub *hub, const struct file_upload *upload,
                             struct file_refusal *ret_refusal);
void file_job_destroy(struct file_job *job); /* takes NULL */

/* So much memory is about to be taken for its bytes; false: not now, as all that are on their
 * way take too much. */
__attribute__((warn_unused_result)) bool file_job_grow(struct file_job *job, size_t bytes);

/* Keeps the file and tells its channel. bytes are *stolen*, the job is over with the answer:
 * 201 with {"filelink":...,"name":...,"type":...,"bytes":...}, or an error. Never answered from
 * inside the call. */
void file_job_run(struct file_job *job, char *bytes, struct api_waiter waiter);

/* A piece of a file; all borrowed for the callback. */
struct file_piece {
    bool is_known;      /* the store has answered */
    const char *name;   /* in the first piece; NULL: there is no such file */
    const char *type;   /* the same */
    size_t bytes;       /* the same: of the whole file */
    struct slice piece; /* empty: no more of it is there */
    size_t next;        /* where the next piece begins */
};

struct file_reader {
    void (*on_piece)(void *owner, uint64_t tag, const struct file_piece *piece);
    void *owner;
    uint64_t tag;
};

/* at: 0, or next of the piece before. */
void files_read(struct hub *hub, const char *id, size_t at, struct file_reader reader);

/* Is it written like an id? */
bool files_is_id(const char *id, size_t length);

#endif
