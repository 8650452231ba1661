/*
 * keys - the names of everything Parley keeps in Redis; see keys.h.
 */
#include "keys.h"

#include "mem.h"

#include <stdlib.h>

char *key_channel(const char *prefix, const char *channel)
{
    return mem_printf("%s:{%s}", prefix, channel);
}

char *key_of_channel(const char *prefix, const char *channel, const char *part)
{
    return mem_printf("%s:{%s}:%s", prefix, channel, part);
}

char *key_once(const char *prefix, const char *channel, const char *key)
{
    return mem_printf("%s:{%s}:once:%s", prefix, channel, key);
}

char *key_control(const char *prefix)
{
    return mem_printf("%s:control", prefix);
}

char *key_node(const char *prefix, const char *node)
{
    return mem_printf("%s:node:%s", prefix, node);
}

char *key_lease_members(const char *prefix, const char *lease)
{
    return mem_printf("%s:node:%s:members", prefix, lease);
}

char *key_lease_reaper(const char *prefix, const char *lease)
{
    return mem_printf("%s:node:%s:reaper", prefix, lease);
}

char *key_nodes(const char *prefix)
{
    return mem_printf("%s:nodes", prefix);
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
