/*
 * redis_link_describe - what an operator sees of a link: its state, and which commands are in
 * flight; see redis_link.h.
 */
#include "clock.h"
#include "json_out.h"
#include "redis_link_body.h"

#include <string.h>

enum {
    NAMES_MAX = 24,        /* kinds of commands that are told apart */
    REQUESTS_LOOKED = 4096 /* the oldest; there may be a hundred thousand */
};

static const char *const state_names[] = {
    [LINK_WAITING] = "waiting",
    [LINK_RESOLVING] = "resolving",
    [LINK_CONNECTING] = "connecting",
    [LINK_SETUP] = "setting up",
    [LINK_UP] = "up",
};

struct tally {
    const char *name;
    size_t count;
};

static void count_name(struct tally tallies[NAMES_MAX], const char *name)
{
    size_t i = 0;
    while (i < NAMES_MAX - 1 && tallies[i].name && strcmp(tallies[i].name, name) != 0)
        i++;
    if (!tallies[i].name)
        tallies[i].name = i < NAMES_MAX - 1 ? name : "others";
    tallies[i].count++;
}

/* {"EVALSHA publish":12,"PING":1} */
static void describe_commands(const struct redis_link *link, struct json_out *out)
{
    struct tally tallies[NAMES_MAX] = {{NULL, 0}};
    size_t looked = 0;
    for (const struct request *request = link->pending; request && looked < REQUESTS_LOOKED;
         request = request->next, looked++)
        count_name(tallies, request->ask.name);
    json_out_open_object(out);
    for (size_t i = 0; i < NAMES_MAX && tallies[i].name; i++)
        json_out_member_uint(out, tallies[i].name, tallies[i].count);
    json_out_close_object(out);
}

static void describe_wait(const struct redis_link *link, struct json_out *out)
{
    int64_t now_ms = clock_now_ms();
    if (link->state == LINK_WAITING)
        json_out_member_int(out, "retry_in_ms",
                            link->retry_at_ms > now_ms ? link->retry_at_ms - now_ms : 0);
    if (link->state != LINK_UP && link->why_down[0])
        json_out_member_text(out, "why_down", link->why_down);
    if (link->pending)
        json_out_member_int(out, "oldest_waits_ms", redis_link_waits_ms(link));
}

void redis_link_describe(const struct redis_link *link, struct json_out *out)
{
    json_out_open_object(out);
    json_out_member_text(out, "link", link->options.name);
    json_out_member_text(out, "state", state_names[link->state]);
    json_out_member_uint(out, "in_flight", link->pending_count);
    json_out_member_uint(out, "in_flight_bytes", link->pending_bytes);
    json_out_member_uint(out, "subscribing", link->subscribing);
    describe_wait(link, out);
    json_out_key(out, "commands");
    describe_commands(link, out);
    json_out_close_object(out);
}
