/*
 * publisher - who published something; see publisher.h.
 */
#include "publisher.h"

#include "broker.h"
#include "mem.h"

#include <jansson.h>

#include <stdio.h>
#include <string.h>

static const char tags_begin[] = "{\"tags\":";

static bool begins_with(struct slice text, const char *begin)
{
    size_t length = strlen(begin);
    return text.length >= length && memcmp(text.bytes, begin, length) == 0;
}

/* Asked for each publication and dialect: nothing is parsed. */
struct publisher publisher_of(const struct publication *publication)
{
    struct slice info = publication_info(publication);
    struct slice none = {"", 0};
    if (info.length == 0)
        return (struct publisher){PUBLISHER_JUDGED, none, none};
    if (info.length == strlen("{}"))
        return (struct publisher){PUBLISHER_SERVER, none, none};
    if (!begins_with(info, tags_begin))
        return (struct publisher){PUBLISHER_CLIENT, info, none};
    size_t head = strlen(tags_begin);
    struct slice tags = {(const char *)info.bytes + head, info.length - head - strlen("}")};
    return (struct publisher){PUBLISHER_SERVER, none, tags};
}

void publisher_read_user(const struct publisher *publisher, char ret_user[USER_BYTES_MAX + 1])
{
    json_t *client = json_loadb(publisher->client.bytes, publisher->client.length, 0, NULL);
    const char *user = json_string_value(json_object_get(client, "user"));
    bool is_user = user && strlen(user) <= USER_BYTES_MAX;
    (void)snprintf(ret_user, USER_BYTES_MAX + 1, "%s", is_user ? user : "");
    json_decref(client);
}

char *publisher_print_server(const char *tags)
{
    return tags ? mem_printf("%s%s}", tags_begin, tags) : mem_strdup("{}");
}
