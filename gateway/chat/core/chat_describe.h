/*
 * chat_describe - the inside of a node's chat as JSON, for operators: which connections are
 * behind, which channels are not live and which are big.
 *
 * What is listed is bounded, what is looked at is every channel, or every connection that is
 * behind, of this node.
 */
#ifndef PARLEY_CHAT_DESCRIBE_H
#define PARLEY_CHAT_DESCRIBE_H

struct hub;
struct json_out;

enum {
    DESCRIBED_CONNECTIONS_MAX = 100,
    DESCRIBED_CHANNELS_MAX = 50 /* of each of the two lists */
};

/* {"node":...,"connections":COUNT,"behind":COUNT,"slowest":[the most backlog first]} */
void chat_describe_connections(const struct hub *hub, struct json_out *out);
/* {"node":...,"channels":COUNT,"states":{...},"unsettled":[the oldest first],"biggest":[...]}
 */
void chat_describe_channels(const struct hub *hub, struct json_out *out);
/* {"node":...,"ready":true,"links":[...]} */
void chat_describe_links(const struct hub *hub, struct json_out *out);

#endif
