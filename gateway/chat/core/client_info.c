/*
 * client_info - a client as it is named to others; see client_info.h.
 */
#include "client_info.h"

#include "mem.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

char *client_info_print(const char *client, const char *user, const char *info)
{
    char *quoted_client = text_to_json(client);
    char *quoted_user = text_to_json(user);
    bool has_info = strcmp(info, "null") != 0;
    char *json = mem_printf("{\"client\":%s,\"user\":%s%s%s}", quoted_client, quoted_user,
                            has_info ? ",\"conn_info\":" : "", has_info ? info : "");
    free(quoted_client);
    free(quoted_user);
    return json;
}
