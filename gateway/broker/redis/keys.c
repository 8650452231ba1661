/*
 * keys - the names of everything Parley keeps in Redis; see keys.h.
 */
#include "keys.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

/* A publish makes several of them, so they are copied together and not printed. */
static char *join(const char *const *parts, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += strlen(parts[i]);
    char *key = mem_alloc(length + 1);
    char *at = key;
    for (size_t i = 0; i < count; i++)
        at = stpcpy(at, parts[i]);
    return key;
}

#define JOIN(...)                                                                              \
    join((const char *const[]){__VA_ARGS__},                                                   \
         sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

char *key_channel(const char *prefix, const char *channel)
{
    return JOIN(prefix, ":{", channel, "}");
}

char *key_of_channel(const char *prefix, const char *channel, const char *part)
{
    return JOIN(prefix, ":{", channel, "}:", part);
}

char *key_once(const char *prefix, const char *channel, const char *key)
{
    return JOIN(prefix, ":{", channel, "}:once:", key);
}

char *key_control(const char *prefix)
{
    return JOIN(prefix, ":control");
}

char *key_node(const char *prefix, const char *node)
{
    return JOIN(prefix, ":node:", node);
}

char *key_lease_members(const char *prefix, const char *lease)
{
    return JOIN(prefix, ":node:", lease, ":members");
}

char *key_lease_reaper(const char *prefix, const char *lease)
{
    return JOIN(prefix, ":node:", lease, ":reaper");
}

char *key_nodes(const char *prefix)
{
    return JOIN(prefix, ":nodes");
}

void channel_keys_init(struct channel_keys *keys, const char *prefix, const char *channel)
{
    *keys = (struct channel_keys){
        .pubsub = key_channel(prefix, channel),
        .members = key_of_channel(prefix, channel, "members"),
        .users = key_of_channel(prefix, channel, "users"),
        .meta = key_of_channel(prefix, channel, "meta"),
        .leaving = key_of_channel(prefix, channel, "leaving"),
        .grace = key_of_channel(prefix, channel, "grace"),
    };
}

void channel_keys_finish(struct channel_keys *keys)
{
    free(keys->pubsub);
    free(keys->members);
    free(keys->users);
    free(keys->meta);
    free(keys->leaving);
    free(keys->grace);
}

char *key_file(const char *prefix, const char *id)
{
    return mem_printf("%s:file:%s", prefix, id);
}

char *key_files(const char *prefix)
{
    return mem_printf("%s:files", prefix);
}
