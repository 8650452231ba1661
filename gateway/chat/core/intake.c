/*
 * intake - when what clients say is heard; see intake.h.
 *
 * Connections are read one after another: what was heard of the last one in this turn is all
 * that has to be known of their shares. One command is heard of each in any case.
 */
#include "intake.h"

#include "clock.h"
#include "dialect.h"
#include "hub.h"
#include "limit.h"
#include "mem.h"
#include "quota.h"
#include "session.h"
#include "usage_body.h"

#include <utlist.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHARE_US = 250,   /* of one connection in a turn */
    SHARES_US = 2000, /* of all of them: when it is used up, one command each */
    LOOKS_PER_TICK = 2000,
};

/* What a frame holds that was not heard yet. */
struct held {
    struct held *next;
    size_t length;
    size_t at; /* what comes before it was heard */
    char bytes[];
};

/* Ids of sessions, in order. */
struct line {
    uint64_t *ids;
    size_t count;
    size_t capacity;
};

struct intake {
    struct line turn;  /* go on in the next turn */
    struct line tick;  /* go on after the next tick */
    struct line ask;   /* go on when there is room for long answers */
    size_t looked_at;  /* place in users */
    struct line users; /* have a usage, in the order in which they are looked at */
    /* in this turn: */
    uint64_t heard;  /* whose share it is; 0: nobody's */
    bool has_spoken; /* a command of it was heard */
    int64_t share_us;
    int64_t used_us; /* of the share, before it began to be heard again */
    int64_t began_us;
    int64_t spent_us; /* by all of them */
};

/* Why what comes next is not heard now. */
enum wait {
    WAIT_NOT,
    WAIT_TURN,
    WAIT_ANSWER, /* to one of its own commands */
    WAIT_ROOM,   /* for a long answer, among those to all */
    WAIT_TICK,
};

struct intake *intake_create(void)
{
    return mem_zalloc(sizeof(struct intake));
}

void intake_destroy(struct intake *intake)
{
    if (!intake)
        return;
    free(intake->turn.ids);
    free(intake->tick.ids);
    free(intake->ask.ids);
    free(intake->users.ids);
    free(intake);
}

/* ------------------------------------------------------------------------------- lines */

static void line_add(struct line *line, uint64_t id)
{
    line->ids = mem_grow(line->ids, line->count, &line->capacity, sizeof(*line->ids));
    line->ids[line->count++] = id;
}

/* Empties the line; what is answered is to be freed. */
static struct line line_take(struct line *line)
{
    struct line taken = *line;
    *line = (struct line){NULL, 0, 0};
    return taken;
}

static void line_drop_first(struct line *line, size_t count)
{
    line->count -= count;
    if (count > 0 && line->count > 0)
        memmove(line->ids, line->ids + count, line->count * sizeof(*line->ids));
}

/* -------------------------------------------------------------------------- who may go on */

/* Its share begins, or goes on where it was heard last. */
static void share_begin(struct intake *intake, uint64_t id)
{
    if (intake->heard != id) {
        intake->used_us = 0;
        intake->share_us = intake->spent_us < SHARES_US ? SHARE_US : 0;
        intake->has_spoken = false;
    }
    intake->heard = id;
    intake->began_us = clock_now_us();
}

static void share_end(struct intake *intake)
{
    int64_t used_us = clock_now_us() - intake->began_us;
    intake->used_us += used_us;
    intake->spent_us += used_us;
}

/* The first command is heard in any case. */
static bool is_share_over(struct intake *intake)
{
    if (intake->has_spoken)
        return intake->used_us + clock_now_us() - intake->began_us >= intake->share_us;
    intake->has_spoken = true;
    return false;
}

static enum wait wait_of(struct session *session)
{
    if (!quota_has_room(session)) {
        limit_hit(LIMIT_commands_in_flight);
        return WAIT_ANSWER;
    }
    if (quota_is_worn_out(session))
        return WAIT_TICK;
    return is_share_over(session_hub(session)->intake) ? WAIT_TURN : WAIT_NOT;
}

/* The dialect has not heard it: a long answer has to wait. */
static enum wait wait_for_reply(struct session *session)
{
    limit_hit(LIMIT_reply_bytes);
    if (quota_is_asking(session))
        return WAIT_ANSWER;
    return quota_has_credit(session) && !quota_may_ask(session) ? WAIT_ROOM : WAIT_TICK;
}

static size_t hear_commands(struct session *session, const char *bytes, size_t length,
                            enum wait *ret_wait)
{
    size_t at = 0;
    do {
        *ret_wait = wait_of(session);
        if (*ret_wait != WAIT_NOT)
            return at;
        size_t heard = session_dialect(session)->on_text(session, bytes + at, length - at);
        if (heard == 0 && at < length && session_is_open(session)) {
            *ret_wait = wait_for_reply(session);
            return at;
        }
        assert(heard <= length - at); /* a dialect that took more would never end this */
        at += heard;
    } while (at < length && session_is_open(session));
    return length;
}

/* Answers how much of it was heard; less than all of it if the rest has to wait. */
static size_t hear(struct session *session, const char *bytes, size_t length,
                   enum wait *ret_wait)
{
    struct intake *intake = session_hub(session)->intake;
    share_begin(intake, session_id(session));
    size_t heard = hear_commands(session, bytes, length, ret_wait);
    share_end(intake);
    return heard;
}

/* ------------------------------------------------------------------------ what is held */

static void queue(struct session *session, struct line *line)
{
    struct usage *usage = usage_ensure(session);
    if (usage->is_queued)
        return;
    usage->is_queued = true;
    line_add(line, session_id(session));
}

static void wait_as(struct session *session, enum wait wait)
{
    struct intake *intake = session_hub(session)->intake;
    if (wait == WAIT_TURN)
        queue(session, &intake->turn);
    else if (wait == WAIT_ROOM)
        queue(session, &intake->ask);
    else if (wait == WAIT_TICK)
        queue(session, &intake->tick);
}

static void hold(struct session *session, const char *bytes, size_t length)
{
    struct usage *usage = usage_ensure(session);
    struct held *held = mem_alloc(sizeof(*held) + length);
    *held = (struct held){.length = length};
    memcpy(held->bytes, bytes, length);
    LL_APPEND(usage->held, held);
}

/* The transport may have had more at hand when it was told to pause. */
static void hold_more(struct session *session, const char *bytes, size_t length)
{
    const struct usage *usage = *session_usage(session);
    size_t limit = session_hub(session)->options->max_message_bytes;
    const struct held *held;
    size_t bytes_held = length;
    LL_FOREACH(usage->held, held)
    {
        bytes_held += held->length - held->at;
    }
    if (limit > 0 && bytes_held > 2 * limit)
        session_close(session, CLOSE_POLICY, "too much at once");
    else
        hold(session, bytes, length);
}

void intake_take(struct session *session, const char *bytes, size_t length)
{
    const struct usage *usage = *session_usage(session);
    enum wait wait;
    if (usage && usage->held) {
        hold_more(session, bytes, length);
        return;
    }
    size_t at = hear(session, bytes, length, &wait);
    if (wait == WAIT_NOT || !session_is_open(session))
        return;
    hold(session, bytes + at, length - at);
    session_pause(session, PAUSE_FOR_INTAKE);
    wait_as(session, wait);
}

static void drop_first(struct usage *usage)
{
    struct held *held = usage->held;
    LL_DELETE(usage->held, held);
    free(held);
}

static void go_on(struct session *session)
{
    struct usage *usage = *session_usage(session);
    enum wait wait = WAIT_NOT;
    usage->is_queued = false;
    while (usage->held && wait == WAIT_NOT && session_is_open(session)) {
        struct held *held = usage->held;
        held->at += hear(session, held->bytes + held->at, held->length - held->at, &wait);
        if (wait == WAIT_NOT)
            drop_first(usage);
    }
    if (!session_is_open(session))
        return;
    if (usage->held)
        wait_as(session, wait);
    else
        session_resume(session, PAUSE_FOR_INTAKE);
}

void intake_wake(struct session *session)
{
    if ((*session_usage(session))->held)
        queue(session, &session_hub(session)->intake->turn);
}

void intake_forget(struct usage *usage)
{
    while (usage->held)
        drop_first(usage);
}

/* --------------------------------------------------------------------------- turn, tick */

/* In their order: the first one who has to wait holds up those behind it. Answers bring a turn
 * of the loop with them, so nobody has to be woken for it. */
static void let_ask(struct hub *hub)
{
    struct line *askers = &hub->intake->ask;
    size_t count = 0;
    for (; count < askers->count; count++) {
        struct session *session = session_find(hub, askers->ids[count]);
        if (session && quota_has_credit(session) && !quota_may_ask(session))
            break;
        if (session)
            go_on(session);
    }
    line_drop_first(askers, count);
}

void intake_turn(struct hub *hub)
{
    struct intake *intake = hub->intake;
    struct line due = line_take(&intake->turn);
    for (size_t i = 0; i < due.count; i++) {
        struct session *session = session_find(hub, due.ids[i]);
        if (session)
            go_on(session);
    }
    free(due.ids);
    let_ask(hub);
    intake->heard = 0;
    intake->spent_us = 0;
}

bool intake_is_waiting(const struct hub *hub)
{
    return hub->intake->turn.count > 0;
}

void intake_watch(struct session *session)
{
    line_add(&session_hub(session)->intake->users, session_id(session));
}

static bool is_used(struct session *session)
{
    struct usage **usage = session_usage(session);
    if (!quota_is_unused(session))
        return true;
    quota_destroy(*usage);
    *usage = NULL;
    return false;
}

/* Some of those who have used something are looked at, and others the next time. */
static void give_back(struct hub *hub)
{
    struct intake *intake = hub->intake;
    struct line *users = &intake->users;
    size_t looks = users->count < LOOKS_PER_TICK ? users->count : LOOKS_PER_TICK;
    for (; looks > 0; looks--) {
        if (intake->looked_at >= users->count)
            intake->looked_at = 0;
        uint64_t *id = &users->ids[intake->looked_at];
        struct session *session = session_find(hub, *id);
        if (session && is_used(session))
            intake->looked_at++;
        else
            *id = users->ids[--users->count];
    }
}

void intake_tick(struct hub *hub)
{
    struct intake *intake = hub->intake;
    for (size_t i = 0; i < intake->tick.count; i++)
        line_add(&intake->turn, intake->tick.ids[i]);
    intake->tick.count = 0;
    intake->heard = 0;
    give_back(hub);
}
