/*
 * keys - the names of everything Parley keeps in Redis; see keys.h.
 */
#include "keys.h"

#include "mem.h"

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

char *key_node_members(const char *prefix, const char *node)
{
    return mem_printf("%s:node:%s:members", prefix, node);
}

char *key_nodes(const char *prefix)
{
    return mem_printf("%s:nodes", prefix);
}
