/*
 * hub - what the chat of one node consists of; see hub.h.
 */
#include "hub.h"

#include "id_table.h"
#include "limit.h"
#include "mem.h"
#include "metrics.h"
#include "name_cache.h"
#include "namespaces.h"
#include "session.h"
#include "text_map.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct wire_format *hub_wire_format(struct hub *hub, const struct dialect *dialect,
                                          const struct transport *transport)
{
    for (size_t i = 0; i < hub->format_count; i++) {
        const struct wire_format *format = &hub->formats[i];
        if (format->dialect == dialect && format->transport == transport)
            return format;
    }
    assert(hub->format_count < WIRE_FORMATS_MAX);
    struct wire_format *format = &hub->formats[hub->format_count];
    *format = (struct wire_format){
        .number = hub->format_count++, .dialect = dialect, .transport = transport};
    return format;
}

struct batch *hub_heartbeat(struct hub *hub, const struct wire_format *format,
                            void (*encode)(struct batch *batch))
{
    struct batch **heartbeat = &hub->formats[format->number].heartbeat;
    if (!*heartbeat) {
        *heartbeat = wire_format_batch(format);
        encode(*heartbeat);
    }
    return *heartbeat;
}

const struct namespace_options *hub_namespace(const struct hub *hub, const char *channel)
{
    return namespaces_find(hub->options->namespaces, channel);
}

void hub_user_came(struct hub *hub, const char *user)
{
    size_t *count = text_map_find(hub->users, user);
    if (!count) {
        count = mem_zalloc(sizeof(*count));
        text_map_add(hub->users, user, count);
        metrics.users++;
    }
    (*count)++;
}

bool hub_has_room_for_user(const struct hub *hub, const char *user)
{
    size_t most = hub->options->limits.connections_per_user;
    const size_t *count = text_map_find(hub->users, user);
    if (most == 0 || !user[0] || !count || *count < most)
        return true;
    limit_hit(LIMIT_connections_per_user);
    return false;
}

void hub_user_went(struct hub *hub, const char *user)
{
    size_t *count = text_map_find(hub->users, user);
    if (!count || --*count > 0)
        return;
    free(text_map_remove(hub->users, user));
    metrics.users--;
}

void hub_note_closed(struct hub *hub, uint64_t session_id)
{
    hub->closed =
        mem_grow(hub->closed, hub->closed_count, &hub->closed_capacity, sizeof(*hub->closed));
    hub->closed[hub->closed_count++] = session_id;
}

enum { SESSION_DIGITS_MAX = 16 }; /* of its id */

/* What all ids of this process begin with. */
static size_t print_client_head(const struct hub *hub, char out[CLIENT_BYTES])
{
    int length = snprintf(out, CLIENT_BYTES, "%s-%08llx-", hub->options->node,
                          (unsigned long long)(hub->instance & 0xffffffffULL));
    assert(length > 0 && length + SESSION_DIGITS_MAX < CLIENT_BYTES);
    return (size_t)length;
}

void hub_print_client(const struct hub *hub, uint64_t session_id, char out[CLIENT_BYTES])
{
    size_t length = print_client_head(hub, out);
    (void)snprintf(out + length, CLIENT_BYTES - length, "%llx", (unsigned long long)session_id);
}

struct session *hub_session_of(const struct hub *hub, const char *client)
{
    char head[CLIENT_BYTES];
    size_t length = print_client_head(hub, head);
    if (strncmp(client, head, length) != 0)
        return NULL;
    return session_find(hub, strtoull(client + length, NULL, 16));
}
