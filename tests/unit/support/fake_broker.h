/*
 * fake_broker - a broker that does nothing by itself.
 *
 * Every call is written into a journal ("history lobby 3 50"); what wants an answer waits
 * until the test gives one, in the words of the test's choice.
 */
#ifndef PARLEY_FAKE_BROKER_H
#define PARLEY_FAKE_BROKER_H

#include "broker.h"
#include "journal.h"

#include <stddef.h>
#include <stdint.h>

enum fake_request {
    FAKE_PUBLISH,
    FAKE_HISTORY,
    FAKE_HISTORY_REMOVE,
    FAKE_CONTROL,
    FAKE_JOIN,
    FAKE_MEMBERS,
    FAKE_CHANNELS,
    FAKE_NODES,
    FAKE_REQUEST_COUNT
};

enum { FAKE_CLIENT_BYTES = 257 }; /* of fake_broker_last_client, with the final zero */

struct fake_broker;

struct fake_broker *fake_broker_create(void);
struct broker *fake_broker_base(struct fake_broker *fake);
const struct broker_events *fake_broker_events(const struct fake_broker *fake);

/*
 * Calls so far:  subscribe CHANNEL · unsubscribe CHANNEL · publish CHANNEL DATA [once KEY] ·
 * history CHANNEL SINCE LIMIT [reverse] · history_remove CHANNEL · new_epoch CHANNEL EPOCH ·
 * control BYTES · join CHANNEL USER · rejoin CHANNEL USER (one that is put back) ·
 * leave CHANNEL USER · members CHANNEL LIMIT · channels PATTERN LIMIT · nodes
 */
struct journal *fake_broker_calls(struct fake_broker *fake);
/* The connection that the last join or leave was for. */
const char *fake_broker_last_client(const struct fake_broker *fake);

/* How many requests of the kind wait for an answer. */
/* Ready from the beginning. */
void fake_broker_set_ready(struct fake_broker *fake, bool is_ready);
size_t fake_broker_waiting(const struct fake_broker *fake, enum fake_request kind);
/* Answers the oldest request of the kind that waits; there must be one. */
void fake_broker_answer(struct fake_broker *fake, enum fake_request kind,
                        const struct broker_reply *reply);
void fake_broker_answer_status(struct fake_broker *fake, enum fake_request kind,
                               enum broker_status status);
/* Answers a read of the log: texts (NULL at the end) are the publications up to newest, oldest
 * first; a read in reverse gets them the other way round. */
void fake_broker_answer_log(struct fake_broker *fake, const char *epoch, uint64_t newest,
                            const char *const *texts);
/* The same for a log that had other names before, see broker_same_until. */
void fake_broker_answer_renamed(struct fake_broker *fake, const char *epoch, uint64_t newest,
                                const char *const *texts, const char *renames);
/* Answers a read of the members: users (NULL at the end), a connection each, with the info
 * {"userid":"…"}. */
void fake_broker_answer_members(struct fake_broker *fake, uint64_t version,
                                const char *const *users);

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_TEXTS   ((const char *const[]){NULL})

#endif
