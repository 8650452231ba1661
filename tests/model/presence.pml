/*
 * presence.pml - leases, reapers and generations: what may happen, and what may never.
 *
 * One channel and one user with a connection on each of two nodes. Node 0 may be slow at any
 * step (a pause is nothing else: its lease runs out, and it goes on where it was) and may be
 * killed at any step; what it had on its way to Redis then still arrives, up to any point. Of
 * two reapers one may die at any step, and both may work at once.
 *
 * An inline whose name ends in _lua is a script of Redis, hence atomic. Everything else that
 * touches Redis is one command a step. tests/model/run checks the model, and that each rule
 * which a -D takes away is needed.
 */

#define NODES 2
#define CLIENTS 2
#define NODE_OF(c) c
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
bool set[GENERATIONS * CLIENTS]; /* node:ID:GENERATION:members */
bool right[GENERATIONS];         /* node:ID:GENERATION:reaper */
bool is_reaped[GENERATIONS];     /* node:ID:GENERATION:reaped */
byte member[CLIENTS];            /* members: the generation in the entry, or NONE */
byte connections;                /* users: the count of the one user, 0 in its grace */
bool is_user;                    /* users: is there an entry? */
bool is_leaving;                 /* leaving and grace */
bool is_due;                     /* grace: is its end in the past? */

#define IN_SET(g, c) set[(g) * CLIENTS + (c)]

/* ------------------------------------------------------------------------------ others */

mtype = { NEW, OPEN, CLOSED };

mtype client[CLIENTS] = NEW;
bool is_dead[NODES];
byte reaping[3];      /* the lease that reaper 1 or 2 cleans up after */
byte generations = 3; /* the next one: Redis's clock only grows */
bool is_calm;         /* nothing happens any more that need not happen */
bool is_heard;        /* is the user there, for one who hears the joins and leaves? */

/* ----------------------------------------------------------------------------- scripts */

inline publish_join()
{
    assert(!is_heard); /* a second join */
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
    :: key[n] == NONE -> key[n] = generations; generations++
    :: else
    fi;
    ret_generation = key[n]
}

/* It has the end that the key had in lease_lua: one written late is over already. */
inline list_lease(n, g) { listed[g] = (key[n] == g -> FUTURE : PAST) }

inline count_connection(is_quiet)
{
    connections++;
    if
    :: is_leaving -> is_leaving = false
    :: !is_leaving && !is_user && !is_quiet -> is_user = true; publish_join()
    :: !is_leaving && !is_user && is_quiet -> is_user = true; publish_changed()
    :: else
    fi
}

#ifdef NO_JOIN_DEADLINE
#define IS_LATE(c, g) false
#else
#define IS_LATE(c, g) (key[NODE_OF(c)] != g)
#endif

/* Refused after the end of the lease it was sent under: Redis's clock decides. */
inline join_lua(c, g, is_quiet, ret_is_refused)
{
    ret_is_refused = IS_LATE(c, g);
    if
    :: !ret_is_refused && member[c] == NONE -> member[c] = g; count_connection(is_quiet)
    :: !ret_is_refused && member[c] != NONE && member[c] < g -> member[c] = g
    :: else
    fi
}

/* fence: the generation whose entries may be removed; NONE: any. */
inline leave_lua(c, fence)
{
    if
    :: member[c] != NONE && (fence == NONE || fence == member[c]) ->
        member[c] = NONE;
        connections--;
        if
        :: connections == 0 -> is_leaving = true; is_due = false
        :: else
        fi
    :: else
    fi
}

inline leave_due_lua()
{
    if
    :: is_leaving && is_due -> is_leaving = false; is_user = false; publish_leave()
    :: else
    fi
}

/* -------------------------------------------------------------------------------- node */

/* What a node that is killed had sent is done up to some point. */
#define STEP(what) if :: atomic { what } :: is_dead[n] -> goto gone fi

inline rejoin()
{
#ifndef OLD_LEASE_FORGOTTEN
    STEP(listed[old] = PAST);
#endif
#ifdef QUIET_BY_MARKERS
    STEP(is_quiet = !is_reaped[old] && !right[old]);
#endif
    if
    :: client[c] == OPEN && is_asked ->
        noted = g;
        STEP(IN_SET(g, c) = true);
        STEP(join_lua(c, g, is_quiet, is_refused));
        atomic { is_asked = !is_refused; is_refused = false }
    :: else
    fi
}

proctype node(byte n; byte g) /* g: the generation it believes to hold */
{
    byte c = n;           /* its client */
    byte answer, old;     /* of lease_lua, not read yet; the generation before */
    byte noted;           /* its client is in the set of this generation */
    bool is_asked;        /* a join was sent, and not refused */
    bool is_waiting;      /* a leave was sent; the grace is to be waited for */
    bool is_quiet, is_refused;
    do
    :: is_dead[n] -> break

    /* a renewal, whenever it would change something */
    :: atomic { !is_dead[n] && answer == NONE && (key[n] != g || listed[g] != FUTURE) ->
            lease_lua(n, answer) }

    /* its answer */
    :: atomic { !is_dead[n] && answer != NONE ->
            old = g; g = answer; answer = NONE; is_quiet = (FLUSHES > 0) };
        STEP(list_lease(n, g));
        if
        :: old != g -> rejoin()
        :: else
        fi;
        atomic { old = NONE; is_quiet = false }

    /* a connection that opened, or was refused, joins */
    :: atomic { !is_dead[n] && client[c] == OPEN && !is_asked ->
            is_asked = true; noted = g };
#ifndef SET_AFTER_MEMBER
        STEP(IN_SET(noted, c) = true);
#endif
        STEP(join_lua(c, noted, false, is_refused));
#ifdef SET_AFTER_MEMBER
        STEP(IN_SET(noted, c) = true);
#endif
        atomic { is_asked = !is_refused; is_refused = false }

    /* it closes */
    :: atomic { !is_dead[n] && client[c] == CLOSED && is_asked ->
            is_asked = false; is_waiting = true };
        STEP(leave_lua(c, NONE))

    /* and its user's grace is over, or somebody came back */
    :: atomic { !is_dead[n] && is_waiting && (!is_leaving || is_due) -> is_waiting = false };
        STEP(leave_due_lua());
        STEP(IN_SET(noted, c) = false)
    od;
gone:
}

/* ------------------------------------------------------------------------------ reaper */

#ifdef NO_KEY_CHECK
#define IS_OVER(g) (listed[g] == PAST)
#else
#define IS_OVER(g) (listed[g] == PAST && key[0] != g && key[1] != g)
#endif

#ifdef NO_FENCE
#define FENCE NONE
#else
#define FENCE g
#endif

/* Reaper 1 may die after any step. */
#define WORK(what) if :: atomic { what } :: r == 1 && !is_calm -> goto died fi

inline reap_client()
{
#ifdef SET_BEFORE_LEAVE
    WORK(IN_SET(g, c) = false);
#endif
    WORK(leave_lua(c, FENCE));
#ifndef GRACE_FORGOTTEN
    WORK(!is_leaving || is_due);
#endif
    WORK(leave_due_lua());
    WORK(IN_SET(g, c) = false)
}

proctype reaper(byte r)
{
    byte g, c;
    do
    :: r == 1 && !is_calm -> break
    :: atomic {
            g == NONE ->
            if
            :: IS_OVER(1) && !right[1] -> g = 1
            :: IS_OVER(2) && !right[2] -> g = 2
            :: IS_OVER(3) && !right[3] -> g = 3
            :: IS_OVER(4) && !right[4] -> g = 4
            :: IS_OVER(5) && !right[5] -> g = 5
            fi;
            right[g] = true;
            reaping[r] = g
        }
    :: atomic { g != NONE && IN_SET(g, 0) -> c = 0 }; reap_client()
    :: atomic { g != NONE && IN_SET(g, 1) -> c = 1 }; reap_client()
    :: g != NONE && !IN_SET(g, 0) && !IN_SET(g, 1) ->
        WORK(is_reaped[g] = true);
        WORK(listed[g] = ABSENT);
        atomic { reaping[r] = NONE; g = NONE; c = 0 }
    od;
died:
    reaping[r] = NONE
}

/* ----------------------------------------------------------------------------- outside */

inline expire(n)
{
    listed[key[n]] = (listed[key[n]] == FUTURE -> PAST : listed[key[n]]);
    key[n] = NONE
}

inline flush()
{
    for (i : 0 .. GENERATIONS - 1) { listed[i] = ABSENT; right[i] = false; is_reaped[i] = false }
    for (i : 0 .. GENERATIONS * CLIENTS - 1) { set[i] = false }
    key[0] = NONE; key[1] = NONE;
    member[0] = NONE; member[1] = NONE;
    connections = 0; is_user = false; is_leaving = false; is_due = false;
    i = 0
}

/* What runs out in any case, sooner or later. */
proctype time()
{
    do
    :: atomic { is_dead[0] && key[0] != NONE -> expire(0) }
    :: atomic { is_leaving && !is_due && (FLUSHES == 0 || key[0] != NONE && key[1] != NONE) ->
            is_due = true } /* a grace is longer than the interval of renewals */
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
    :: atomic { flushes > 0 -> flushes--; flush() }
    od
}

/* --------------------------------------------------------------------------- the claim */

#define IS_PRESENT(c) (member[c] != NONE && member[c] == key[NODE_OF(c)] && \
                       listed[member[c]] == FUTURE)
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
        key[0] = 1; key[1] = 2;
        listed[1] = FUTURE; listed[2] = FUTURE;
        run time(); run chance(); run node(0, 1); run node(1, 2);
        run reaper(1); run reaper(2); run end()
    }
}
