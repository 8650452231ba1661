/*
 * memory_task - what the next turn hands out; see memory_task.h.
 */
#include "memory_task.h"

#include "mem.h"

#include <utlist.h>

#include <stdio.h>
#include <stdlib.h>

struct task *task_add(struct task **list, enum task_kind kind, const char *channel)
{
    struct task *task = mem_zalloc(sizeof(*task));
    task->kind = kind;
    task->channel = mem_strdup(channel);
    DL_APPEND(*list, task);
    return task;
}

struct broker_reply *task_add_reply(struct task **list, const char *channel,
                                    struct broker_waiter waiter)
{
    struct task *task = task_add(list, TASK_REPLY, channel);
    task->waiter = waiter;
    task->reply.status = BROKER_OK;
    task->reply.channel = task->channel;
    return &task->reply;
}

void task_set_epoch(struct broker_reply *reply, const char *epoch)
{
    struct task *task = (struct task *)((char *)reply - offsetof(struct task, reply));
    (void)snprintf(task->epoch, sizeof(task->epoch), "%s", epoch);
    reply->epoch = task->epoch;
}

void task_answer(const struct task *task)
{
    if (task->waiter.on_reply)
        task->waiter.on_reply(task->waiter.owner, task->waiter.tag, &task->reply);
}

void task_destroy(struct task *task)
{
    for (size_t i = 0; i < task->reply.publication_count; i++)
        publication_unref(task->reply.publications[i]);
    for (size_t i = 0; i < task->reply.member_count; i++) {
        free((char *)task->reply.members[i].client);
        free((char *)task->reply.members[i].user);
        free((char *)task->reply.members[i].info);
    }
    for (size_t i = 0; i < task->reply.channel_count; i++)
        free((char *)task->reply.channels[i].name);
    free((void *)task->reply.piece.bytes);
    free(task->reply.publications);
    free((struct broker_channel *)task->reply.channels);
    free((struct broker_member *)task->reply.members);
    free((char *)task->presence.user);
    free((char *)task->presence.client);
    free(task->control);
    free((char *)task->presence.info);
    publication_unref(task->publication);
    free(task->channel);
    free(task);
}
