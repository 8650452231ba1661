/*
 * keys - the names of everything Parley keeps in Redis, in one place.
 *
 * Keys of one channel share the hash tag {channel}, so that a script over them stays in one
 * slot of a cluster. All texts are *new*.
 *
 *   PREFIX:{lobby}            pub/sub: publications, joins and leaves
 *   PREFIX:{lobby}:log        STREAM, id = offset
 *   PREFIX:{lobby}:meta       HASH epoch, offset; renames: epochs before; run: of the Redis
 *                             that wrote last; version, born: of the list of members
 *   PREFIX:{lobby}:members    HASH client -> JSON
 *   PREFIX:{lobby}:users      HASH user -> count of connections; 0: in its grace
 *   PREFIX:{lobby}:leaving    HASH user in its grace -> "CLIENT MEMBER"
 *   PREFIX:{lobby}:grace      ZSET user -> when its grace ends, Redis time in ms
 *   PREFIX:{lobby}:once:KEY   STRING with TTL: offset, epoch and digest of a publish;
 *                             KEY begins with whose it is
 *   PREFIX:node:ID            HASH with TTL: the node's lease; pub/sub: its probe
 *   PREFIX:nodes              ZSET LEASE -> its end, Redis time in ms; LEASE is ID:GENERATION
 *   PREFIX:node:LEASE:members SET "client channel": what to clean up when it has ended
 *   PREFIX:node:LEASE:reaper  STRING with TTL: the node that does so
 *   PREFIX:file:ID            STRING with TTL: a file, its head first; see broker_file_append
 *   PREFIX:files              ZSET "ID bytes" -> when its time is over, ms; see
 *                             scripts/file_reserve.lua
 *   PREFIX:control            pub/sub: what every node is told
 */
#ifndef PARLEY_KEYS_H
#define PARLEY_KEYS_H

/* The keys that the scripts of presence need, of one channel. All texts are *new*. */
struct channel_keys {
    char *pubsub;
    char *members;
    char *users;
    char *meta;
    char *leaving;
    char *grace;
};

void channel_keys_init(struct channel_keys *keys, const char *prefix, const char *channel);
void channel_keys_finish(struct channel_keys *keys);

char *key_channel(const char *prefix, const char *channel);
char *key_of_channel(const char *prefix, const char *channel, const char *part);
char *key_once(const char *prefix, const char *channel, const char *key);
char *key_control(const char *prefix);
char *key_node(const char *prefix, const char *node);
char *key_lease_members(const char *prefix, const char *lease);
char *key_lease_reaper(const char *prefix, const char *lease);
char *key_nodes(const char *prefix);
char *key_file(const char *prefix, const char *id);
char *key_files(const char *prefix);

#endif
