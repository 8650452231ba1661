/*
 * ctl_member - one connection in a channel, as it stands in the hash of members.
 */
#ifndef PARLEY_CTL_MEMBER_H
#define PARLEY_CTL_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;

struct member {
    struct json_t *root; /* holds what the others point to */
    const char *user;    /* "": anonymous */
    const char *node;
    int64_t generation;
    int64_t since_ms;
    struct json_t *info; /* NULL: none */
};

/* False: it is not what nodes write. */
__attribute__((warn_unused_result)) bool member_read(const char *bytes, size_t length,
                                                     struct member *ret_member);
void member_finish(struct member *member);

#endif
