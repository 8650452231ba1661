/*
 * luchat_scan - the members of a frame of the usual, plain form, without a tree of them.
 *
 * A tree costs more than all the rest of a message's way through a node. So what nearly every
 * client sends is recognised by going through it once; anything else, valid or not, is left to
 * the JSON parser, which alone says that a frame is wrong.
 */
#ifndef PARLEY_LUCHAT_SCAN_H
#define PARLEY_LUCHAT_SCAN_H

#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

enum { LUCHAT_MEMBERS_MAX = 8 };

enum luchat_value {
    LUCHAT_STRING,
    LUCHAT_INTEGER, /* not negative, below 10^18 */
    LUCHAT_NULL,
};

struct luchat_member {
    struct slice name;
    enum luchat_value kind;
    struct slice text; /* of a string or a number; borrowed, as it stands in the frame */
};

/*
 * A frame is plain if it is {"NAME":{...}}, all members of the inner object are of the kinds
 * above, no string has a backslash or a control character, and all of it is UTF-8. Such a frame
 * is valid JSON, and its values are what they look like; names may stand there twice. False: it
 * is not plain, or has no members or more than LUCHAT_MEMBERS_MAX.
 */
bool luchat_scan(const char *bytes, size_t length, struct slice *ret_name,
                 struct luchat_member ret_members[LUCHAT_MEMBERS_MAX], size_t *ret_count);

#endif
