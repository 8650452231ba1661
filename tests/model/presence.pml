/*
 * presence.pml - leases, reapers and generations: what may happen, and what may never.
 *
 * One channel and one user with a connection on each of two nodes. Node 0 may be slow at any
 * step (a pause is nothing else: its lease runs out, and it goes on where it was) and may be
 * killed at any step; what it had on its way to Redis then still arrives, up to some point. Of
 * two reapers one may die at any step, and both may work at once.
 *
 * Claimed: each join and each leave is told once, a leave only when no connection is left, and
 * in the end who is open is present and who is not has left, with nothing to be cleaned up.
 *
 * An inline whose name ends in _lua is a script of Redis, hence atomic. Everything else that
 * touches Redis is one command a step. tests/model/run checks the model, and that each rule
 * which a -D takes away is needed.
 */

#define NODES 2
#define GENERATIONS 6 /* 1 and 2 are held at first, by nodes 0 and 1 */
#define NONE 0

#ifndef LOSSES
#define LOSSES 1 /* how often node 0's lease may run out while it lives */
#endif
#ifndef KILLS
#define KILLS 1 /* how often node 0 may be killed */
#endif
#ifndef FLUSHES
#define FLUSHES 0 /* how often Redis may lose everything */
#endif
#ifndef SLOW_REAPERS
#define SLOW_REAPERS 1 /* how often a reaper's right may run out while it works */
#endif

/* ------------------------------------------------------------------------------- Redis */

mtype = { ABSENT, FUTURE, PAST };

byte key[NODES];                 /* node:ID, which has a TTL: the generation in it */
mtype listed[GENERATIONS];       /* nodes: is the end of this lease in the future? */
bool has_client[GENERATIONS];    /* node:ID:GENERATION:members, "CLIENT CHANNEL" */
bool has_grace[GENERATIONS];     /* the same, "- CHANNEL": graces to be ended */
bool right[GENERATIONS];         /* node:ID:GENERATION:reaper */
byte member[NODES];              /* members: the generation in the entry, or NONE */
byte connections;                /* users: the count of the one user, 0 in its grace */
bool is_user;                    /* users: is there an entry? */
bool is_leaving;                 /* leaving and grace */
bool is_due;                     /* grace: is its end in the past? */

/* ------------------------------------------------------------------------------ others */

mtype = { NEW, OPEN, CLOSED };

mtype client[NODES] = NEW; /* of node 0 and of node 1 */
bool is_dead[NODES];
byte old[NODES];      /* the generation whose clients the node moves to its new one */
byte reaping[3];      /* the lease that reaper 1 or 2 cleans up after */
bool adopted[3];      /* "- CHANNEL" in the set of the node that is reaper 1 or 2 */
bool is_reaper_dead;  /* reaper 1 */
bool is_flushed;      /* Redis has lost everything once */
byte generations = 3; /* the next one: Redis's clock only grows */
byte owner[GENERATIONS]; /* the node */
bool is_answer_lost;  /* of lease_lua, once */
bool is_calm;         /* nothing happens any more that need not happen */
bool is_heard;        /* is the user there, for one who hears the joins and leaves? */

/* Nobody has still to find out that Redis lost everything: a grace is longer than that takes. */
#if FLUSHES > 0
#define IS_HELD(n) (key[n] != NONE && listed[key[n]] == FUTURE && old[n] == NONE)
#define IS_SETTLED (IS_HELD(0) && IS_HELD(1))
#else
#define IS_SETTLED true
#endif

/* ----------------------------------------------------------------------------- scripts */

inline publish_join()
{
    /* a second join; after a loss the first of two tabs is put back later than the other joins */
    assert(!is_heard || is_flushed);
    is_heard = true
}

inline publish_leave()
{
    assert(is_heard); /* a second leave */
    assert(member[0] == NONE && member[1] == NONE); /* the user is still there */
    is_heard = false
}

/* The list has changed without names; who hears it after a loss of data reads the list. */
inline publish_changed()
{
#if FLUSHES > 0
    is_heard = is_user
#else
    skip
#endif
}

/* node:ID is renewed, or taken with a new generation if it has run out. */
inline lease_lua(n, ret_generation)
{
    if
    :: key[n] == NONE -> key[n] = generations; owner[generations] = n; generations++
    :: else
    fi;
    ret_generation = key[n]
}

/* It has the end that the key had in lease_lua: one written late is over already. */
inline list_lease(n, g) { listed[g] = (key[n] == g -> FUTURE : PAST) }

inline count_connection(is_lost)
{
    connections++;
    if
    :: is_leaving -> is_leaving = false; is_due = false
    :: !is_leaving && !is_user && !is_lost -> is_user = true; publish_join()
    :: !is_leaving && !is_user && is_lost -> is_user = true; publish_changed()
    :: else
    fi
}

#ifdef NO_JOIN_DEADLINE
#define IS_LATE(c, g) false
#else
#define IS_LATE(c, g) (key[c] != g)
#endif

mtype = { JOIN, REJOIN, RESTORE };

/* Refused after the end of the lease it was sent under: Redis's clock decides. is_lost: the
 * channel was born again since the client joined first. RESTORE: only if that is so. */
inline join_lua(c, g, mode, is_lost, ret_is_refused)
{
    ret_is_refused = IS_LATE(c, g);
    if
    :: !ret_is_refused && member[c] == NONE && (mode != RESTORE || is_lost) ->
        member[c] = g;
        count_connection((mode != JOIN && is_lost))
    :: !ret_is_refused && member[c] != NONE && member[c] < g -> member[c] = g
    :: else
    fi
}

inline remove(c)
{
    member[c] = NONE;
    connections--;
    if
    :: connections == 0 -> is_leaving = true; is_due = false
    :: else
    fi
}

/* Of its own client. */
inline leave_lua(c)
{
    if
    :: member[c] != NONE -> remove(c)
    :: else
    fi
}

#ifdef NO_FENCE
#define IS_FENCED(c, g) true
#else
#define IS_FENCED(c, g) (member[c] == g)
#endif

/* By a reaper: only of the generation that is over. */
inline reap_lua(c, g)
{
    if
    :: member[c] != NONE && IS_FENCED(c, g) -> remove(c)
    :: else
    fi
}

inline leave_due_lua()
{
    if
    :: is_leaving && is_due ->
        is_leaving = false; is_due = false; is_user = false;
        publish_leave()
    :: else
    fi
}

/* -------------------------------------------------------------------------------- node */

/* What a node that is killed had sent is done up to some point. */
#define STEP(what) if :: atomic { what } :: is_dead[n] -> goto gone fi

#ifdef ALWAYS_QUIET
#define IS_LOST true
#else
#define IS_LOST (!was_flushed && is_flushed)
#endif

inline join(mode)
{
#ifndef SET_AFTER_MEMBER
    STEP(has_client[g] = true);
#endif
    STEP(join_lua(n, g, mode, IS_LOST, is_refused));
#ifdef SET_AFTER_MEMBER
    STEP(has_client[g] = true);
#endif
    is_asked = !is_refused
}

/* One write of three commands, which a kill may cut, but which does not arrive by and by. */
inline leave()
{
    if
    :: atomic { has_grace[g] = true; leave_lua(n); has_client[g] = false }
    :: atomic { is_dead[n] -> has_grace[g] = true; leave_lua(n) }; goto gone
    :: atomic { is_dead[n] -> has_grace[g] = true }; goto gone
    :: is_dead[n] -> goto gone
    fi;
    atomic { is_asked = false; is_waiting = true }
}

/* All that is under the old lease comes under the new one. */
inline move()
{
    if
    :: is_asked && client[n] == OPEN -> join(REJOIN)
    :: (is_asked || is_waiting) && client[n] == CLOSED -> join(RESTORE); leave()
    :: else
    fi;
    STEP(listed[old[n]] = PAST)
}

proctype node(byte n; byte g) /* g: the generation it believes to hold */
{
    byte answer;      /* of lease_lua, not read yet */
    bool is_asked;    /* a join was sent, and not refused */
    bool was_flushed; /* when it was */
    bool is_waiting;  /* a leave was sent; the grace is to be waited for */
    bool is_refused;
    do
    :: is_dead[n] -> break

    /* a renewal, whenever it would change something */
    :: atomic { !is_dead[n] && answer == NONE && (key[n] != g || listed[g] != FUTURE) ->
            lease_lua(n, answer) }

    /* whose answer is lost: the next one says "renewed", with a generation that is new */
    :: atomic { !is_dead[n] && answer != NONE && LOSSES > 0 && !is_calm && !is_answer_lost ->
            answer = NONE; is_answer_lost = true }

    /* its answer */
    :: atomic { !is_dead[n] && answer != NONE ->
            old[n] = g; g = answer; answer = NONE };
        STEP(list_lease(n, g));
        if
        :: old[n] != g -> move()
        :: else
        fi;
        old[n] = NONE

    /* a connection that opened, or was refused, joins */
    :: atomic { !is_dead[n] && client[n] == OPEN && !is_asked -> was_flushed = is_flushed };
        join(JOIN)

    /* it closes */
    :: !is_dead[n] && client[n] == CLOSED && is_asked -> leave()

    /* and its user's grace is over, or somebody came back */
    :: atomic { !is_dead[n] && is_waiting && (!is_leaving || is_due) && IS_SETTLED ->
            is_waiting = false };
        STEP(leave_due_lua());
        STEP(has_grace[g] = false)
    od;
gone:
}

/* ------------------------------------------------------------------------------ reaper */

#ifdef NO_KEY_CHECK
#define IS_OVER(g) (listed[g] == PAST)
#else
#define IS_OVER(g) (listed[g] == PAST && key[0] != g && key[1] != g)
#endif
#define MAY_REAP(g) (IS_OVER(g) && !right[g])

/* Reaper 1 may die after any step. */
#define WORK(what) if :: atomic { what } :: r == 1 && !is_calm -> goto died fi

/* A grace that is not over is from now on to be ended by the node that reaps. */
inline reap_grace()
{
#ifndef GRACE_NOT_ADOPTED
    WORK(if :: is_leaving -> adopted[r] = true :: else fi)
#else
    WORK(leave_due_lua())
#endif
}

inline reap_client()
{
#ifdef SET_BEFORE_LEAVE
    WORK(has_client[g] = false);
#endif
    WORK(reap_lua(owner[g], g));
    reap_grace();
    WORK(has_client[g] = false)
}

proctype reaper(byte r)
{
    byte g;
    do
    :: r == 1 && !is_calm -> break
    :: atomic {
            g == NONE &&
                (MAY_REAP(1) || MAY_REAP(2) || MAY_REAP(3) || MAY_REAP(4) || MAY_REAP(5)) ->
            if
            :: MAY_REAP(1) -> g = 1
            :: MAY_REAP(2) -> g = 2
            :: MAY_REAP(3) -> g = 3
            :: MAY_REAP(4) -> g = 4
            :: MAY_REAP(5) -> g = 5
            fi;
            right[g] = true;
            reaping[r] = g
        }
    :: g != NONE && has_client[g] -> reap_client()
    :: g != NONE && has_grace[g] -> reap_grace(); WORK(has_grace[g] = false)
    :: g != NONE && !has_client[g] && !has_grace[g] ->
        WORK(listed[g] = ABSENT);
        WORK(right[g] = false);
        atomic { reaping[r] = NONE; g = NONE }
    :: adopted[r] && (!is_leaving || is_due) ->
        WORK(leave_due_lua());
        WORK(adopted[r] = false)
    :: atomic { r == 2 && is_reaper_dead && adopted[1] -> adopted[2] = true; adopted[1] = false }
    od;
died:
    atomic { reaping[r] = NONE; is_reaper_dead = true }
}

/* ----------------------------------------------------------------------------- outside */

inline expire(n)
{
    listed[key[n]] = (listed[key[n]] == FUTURE -> PAST : listed[key[n]]);
    key[n] = NONE
}

inline flush()
{
    for (i : 0 .. GENERATIONS - 1) {
        listed[i] = ABSENT; right[i] = false; has_client[i] = false; has_grace[i] = false
    }
    i = 0;
    key[0] = NONE; key[1] = NONE;
    member[0] = NONE; member[1] = NONE;
    connections = 0; is_user = false; is_leaving = false;
    is_flushed = true
}

/* What runs out in any case, sooner or later. */
proctype time()
{
    do
    :: atomic { is_dead[0] && key[0] != NONE -> expire(0) }
    :: atomic { is_leaving && !is_due && IS_SETTLED -> is_due = true }
    :: atomic { right[1] && reaping[1] != 1 && reaping[2] != 1 -> right[1] = false }
    :: atomic { right[2] && reaping[1] != 2 && reaping[2] != 2 -> right[2] = false }
    :: atomic { right[3] && reaping[1] != 3 && reaping[2] != 3 -> right[3] = false }
    :: atomic { right[4] && reaping[1] != 4 && reaping[2] != 4 -> right[4] = false }
    :: atomic { right[5] && reaping[1] != 5 && reaping[2] != 5 -> right[5] = false }
    od
}

/* What may happen. */
proctype chance()
{
    byte losses = LOSSES, kills = KILLS, slow = SLOW_REAPERS, flushes = FLUSHES, i;
    do
    :: is_calm = true; break
    :: atomic { client[0] == NEW && !is_dead[0] -> client[0] = OPEN }
    :: atomic { client[1] == NEW -> client[1] = OPEN }
    :: atomic { client[0] == OPEN -> client[0] = CLOSED }
    :: atomic { client[1] == OPEN -> client[1] = CLOSED }
    :: atomic { kills > 0 -> kills--; is_dead[0] = true; client[0] = CLOSED }
    :: atomic { losses > 0 && key[0] != NONE -> losses--; expire(0) }
    /* the key was renewed, the list not yet */
    :: atomic { losses > 0 && key[0] != NONE && listed[key[0]] == FUTURE ->
            losses--; listed[key[0]] = PAST }
    :: atomic { slow > 0 && reaping[1] != NONE && right[reaping[1]] ->
            slow--; right[reaping[1]] = false }
    :: atomic { slow > 0 && reaping[2] != NONE && right[reaping[2]] ->
            slow--; right[reaping[2]] = false }
    :: atomic { flushes > 0 && !is_due -> flushes--; flush() }
    od
}

/* --------------------------------------------------------------------------- the claim */

#define IS_PRESENT(c) (member[c] != NONE && member[c] == key[c] && listed[member[c]] == FUTURE)
#define IS_RIGHT(c) (client[c] == OPEN -> IS_PRESENT(c) : member[c] == NONE)

/* Nothing can happen any more: who is open is present, who is not has left, all are told. */
proctype end()
{
    byte g;
    atomic {
        timeout ->
        assert(IS_RIGHT(0) && IS_RIGHT(1)); /* a lost member, or one that stays */
        assert(connections == (member[0] != NONE) + (member[1] != NONE));
        assert(is_user == (connections > 0) && !is_leaving); /* a user that stays */
        assert(is_heard == is_user); /* an untold join or leave */
        for (g : 1 .. GENERATIONS - 1) {
            assert(listed[g] == (g == key[0] || g == key[1] -> FUTURE : ABSENT))
        }
    }
}

init
{
    byte g;
    atomic {
        for (g : 0 .. GENERATIONS - 1) { listed[g] = ABSENT }
        key[0] = 1; key[1] = 2; owner[2] = 1;
        listed[1] = FUTURE; listed[2] = FUTURE;
        run time(); run chance(); run node(0, 1); run node(1, 2);
#if FLUSHES == 0 /* else there is little to reap */
        run reaper(1);
#endif
        run reaper(2); run end()
    }
}
