/*
 * memory_task - what a call on the store has brought about and the next turn hands out.
 */
#ifndef PARLEY_MEMORY_TASK_H
#define PARLEY_MEMORY_TASK_H

#include "broker.h"

#include <stddef.h>

enum task_kind {
    TASK_SUBSCRIBED,
    TASK_PUBLICATION,
    TASK_REMOVED,
    TASK_PRESENCE,
    TASK_CONTROL,
    TASK_REPLY
};

struct task {
    enum task_kind kind;
    char *channel;
    struct publication *publication;
    struct broker_presence presence; /* user, client and info are *new* */
    char *control;
    size_t control_length;
    struct broker_waiter waiter;
    struct broker_reply reply; /* arrays and what they hold are *new* */
    char epoch[BROKER_EPOCH_BYTES];
    struct task *next;
    struct task *prev;
};

/* At the end of the list, which begins as NULL. Borrowed. */
struct task *task_add(struct task **list, enum task_kind kind, const char *channel);
/* An answer to be filled in until the turn. Borrowed. */
struct broker_reply *task_add_reply(struct task **list, const char *channel,
                                    struct broker_waiter waiter);
/* Of a task's own reply. Copied: the channel may be forgotten before the answer is given. */
void task_set_epoch(struct broker_reply *reply, const char *epoch);
void task_answer(const struct task *task);
void task_destroy(struct task *task);

#endif
