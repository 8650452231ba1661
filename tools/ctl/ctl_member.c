/*
 * ctl_member - one connection in a channel; see ctl_member.h.
 */
#include "ctl_member.h"

#include <jansson.h>

#include <string.h>

bool member_read(const char *bytes, size_t length, struct member *ret_member)
{
    struct member member = {.root = json_loadb(bytes, length, 0, NULL)};
    json_int_t generation = 0;
    json_int_t since_ms = 0;
    if (json_unpack(member.root, "{s:s, s:s, s:I, s:I}", "user", &member.user, "node",
                    &member.node, "generation", &generation, "since", &since_ms) != 0) {
        json_decref(member.root);
        return false;
    }
    member.generation = generation;
    member.since_ms = since_ms;
    member.info = json_object_get(member.root, "info");
    *ret_member = member;
    return true;
}

void member_finish(struct member *member)
{
    json_decref(member->root);
    memset(member, 0, sizeof(*member));
}
