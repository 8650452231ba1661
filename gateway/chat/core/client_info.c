/*
 * client_info - a client as it is named to others; see client_info.h.
 */
#include "client_info.h"

#include "json_out.h"

#include <string.h>

char *client_info_print(const char *client, const char *user, const char *info)
{
    struct json_out out = {.bytes = NULL};
    json_out_open_object(&out);
    json_out_member_text(&out, "client", client);
    json_out_member_text(&out, "user", user);
    if (strcmp(info, "null") != 0)
        json_out_member_raw(&out, "conn_info", slice_of(info));
    json_out_close_object(&out);
    return json_out_finish(&out);
}
