/*
 * keys - the names of everything Parley keeps in Redis, in one place.
 *
 * Keys of one channel share the hash tag {channel}, so that a script over them stays in one
 * slot of a cluster. All results are *new*.
 *
 *   PREFIX:{lobby}            pub/sub: publications, joins and leaves
 *   PREFIX:{lobby}:log        STREAM, id = offset
 *   PREFIX:{lobby}:meta       HASH epoch, offset, version
 *   PREFIX:{lobby}:members    HASH client -> JSON
 *   PREFIX:{lobby}:users      HASH user -> count of connections
 *   PREFIX:{lobby}:once:KEY   STRING with TTL: result of an idempotent publish
 *   PREFIX:node:ID            HASH with TTL: the node's lease; pub/sub: its probe
 *   PREFIX:node:ID:members    SET "client channel"
 *   PREFIX:nodes              ZSET node -> end of lease, Redis time in ms
 *   PREFIX:control            pub/sub: what every node is told
 */
#ifndef PARLEY_KEYS_H
#define PARLEY_KEYS_H

char *key_channel(const char *prefix, const char *channel);
char *key_of_channel(const char *prefix, const char *channel, const char *part);
char *key_once(const char *prefix, const char *channel, const char *key);
char *key_control(const char *prefix);
char *key_node(const char *prefix, const char *node);
char *key_node_members(const char *prefix, const char *node);
char *key_nodes(const char *prefix);

#endif
