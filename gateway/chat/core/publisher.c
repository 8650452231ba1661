/*
 * publisher - who published something; see publisher.h.
 */
#include "publisher.h"

#include "client_info.h"
#include "hub.h"
#include "session.h"

#include <jansson.h>

#include <stdio.h>
#include <string.h>

/* What cannot be read is a client's whose user is not known. */
void publisher_read(struct slice info, struct publisher *ret_publisher)
{
    *ret_publisher = (struct publisher){.kind = PUBLISHER_JUDGED};
    if (info.length == 0)
        return;
    json_t *root = json_loadb(info.bytes, info.length, 0, NULL);
    const char *user = json_string_value(json_object_get(root, "user"));
    bool is_server = json_is_object(root) && !json_object_get(root, "client") && !user;
    ret_publisher->kind = is_server ? PUBLISHER_SERVER : PUBLISHER_CLIENT;
    if (user && strlen(user) >= sizeof(ret_publisher->user))
        user = NULL;
    (void)snprintf(ret_publisher->user, sizeof(ret_publisher->user), "%s", user ? user : "");
    json_decref(root);
}

char *publisher_print(const struct session *session)
{
    char client[CLIENT_BYTES];
    session_print_client(session, client);
    return client_info_print(client, session_user(session), session_info(session));
}
