/*
 * ctl_control - `parleyctl disconnect`: an order to every node, as the server API gives it.
 */
#include "ctl_commands.h"

#include "centrifuge_codec.h"
#include "control_order.h"
#include "ctl_options.h"
#include "ctl_output.h"
#include "ctl_store.h"
#include "ctl_terminal.h"
#include "keys.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_result(const struct ctl *ctl, int64_t listeners)
{
    if (ctl->options->is_json) {
        output_json(json_pack("{sI}", "nodes", (json_int_t)listeners));
        return;
    }
    char *nodes = output_count(listeners, "node was told", "nodes were told");
    (void)printf("%s\n", nodes);
    free(nodes);
}

int run_disconnect(const struct ctl *ctl)
{
    const char *user = ctl->arguments[0];
    if (!user[0])
        ctl_fail("a user without a name cannot be told from others");
    struct control_order order = {.kind = CONTROL_DISCONNECT,
                                  .user = user,
                                  .client = "",
                                  .channel = "",
                                  .code = CENTRIFUGE_FORCE_DISCONNECT,
                                  .reason = "force disconnect"};
    char *text = control_order_print(&order);
    if (!text)
        ctl_fail("the user is not UTF-8");
    char *key = key_control(ctl->options->prefix);
    redisReply *reply = store_ask(ctl->store, "PUBLISH %s %s", key, text);
    int64_t listeners = reply_number(reply);
    print_result(ctl, listeners);
    freeReplyObject(reply);
    free(key);
    free(text);
    return listeners > 0 ? CTL_EXIT_OK : CTL_EXIT_FOUND;
}
