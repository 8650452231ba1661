/*
 * api_job - one call of a method, alone or in a list; see api_job.h.
 */
#include "api_job.h"

#include "hub.h"
#include "json_out.h"
#include "mem.h"
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HTTP_OK = 200, MESSAGE_BYTES = 160 };

struct api_list {
    struct api_job *owner;
    const char *key;
    size_t waiting; /* jobs not answered yet, and the release */
    size_t count;
    char *answers[];
};

static const char *message_of(enum api_error code)
{
    switch (code) {
    case API_UNKNOWN_CHANNEL:
        return "unknown channel";
    case API_NOT_FOUND:
        return "not found";
    case API_BAD_REQUEST:
        return "bad request";
    case API_NOT_AVAILABLE:
        return "not available";
    case API_UNRECOVERABLE_POSITION:
        return "unrecoverable position";
    case API_KEY_CONFLICT:
        return "idempotency key was used for other data";
    case API_INTERNAL:
        break;
    }
    return "internal server error";
}

/* ----------------------------------------------------------------------------------- lists */

struct api_list *api_list_create(struct api_job *owner, const char *key, size_t count)
{
    struct api_list *list = mem_zalloc(sizeof(*list) + count * sizeof(list->answers[0]));
    list->owner = owner;
    list->key = key;
    list->count = count;
    list->waiting = count + 1;
    return list;
}

struct api_job *api_list_add(struct api_list *list, size_t place, const char *wrapper)
{
    struct api_job *job = mem_zalloc(sizeof(*job));
    job->hub = list->owner->hub;
    job->wrapper = wrapper;
    job->list = list;
    job->place = place;
    return job;
}

/* {"KEY":[ANSWER,...]}. *new* */
static char *list_print(const struct api_list *list)
{
    struct json_out out = {.bytes = NULL};
    json_out_open_object(&out);
    json_out_key(&out, list->key);
    json_out_open_array(&out);
    for (size_t i = 0; i < list->count; i++)
        json_out_raw(&out, slice_of(list->answers[i]));
    json_out_close_array(&out);
    json_out_close_object(&out);
    return json_out_finish(&out);
}

void api_list_release(struct api_list *list)
{
    if (--list->waiting > 0)
        return;
    struct api_job *owner = list->owner;
    char *result = list_print(list);
    for (size_t i = 0; i < list->count; i++)
        free(list->answers[i]);
    free(list);
    api_job_answer(owner, result);
}

/* ------------------------------------------------------------------------------------ jobs */

struct api_job *api_job_create(struct hub *hub, const char *wrapper, struct api_waiter waiter)
{
    struct api_job *job = mem_zalloc(sizeof(*job));
    job->hub = hub;
    job->wrapper = wrapper;
    job->waiter = waiter;
    return job;
}

/* answer is *stolen*. */
static void job_end(struct api_job *job, char *answer)
{
    struct api_list *list = job->list;
    if (list)
        list->answers[job->place] = answer;
    else if (job->hub->is_api_over)
        free(answer);
    else
        job->waiter.on_answer(job->waiter.owner, job->waiter.tag, HTTP_OK, answer);
    free(job->epoch);
    free(job);
    if (list)
        api_list_release(list);
}

void api_job_answer(struct api_job *job, char *result)
{
    struct json_out out = {.bytes = NULL};
    if (!job->wrapper) {
        job_end(job, result);
        return;
    }
    json_out_open_object(&out);
    json_out_member_raw(&out, job->wrapper, slice_of(result));
    json_out_close_object(&out);
    free(result);
    job_end(job, json_out_finish(&out));
}

static void fail_with(struct api_job *job, enum api_error code, const char *message)
{
    job_end(job, text_print_error((int)code, message));
}

void api_job_fail(struct api_job *job, enum api_error code)
{
    fail_with(job, code, message_of(code));
}

void api_job_refuse(struct api_job *job, const char *format, ...)
{
    static const char head[] = "bad request: ";
    char message[MESSAGE_BYTES];
    va_list args;
    memcpy(message, head, sizeof(head));
    va_start(args, format);
    (void)vsnprintf(message + strlen(head), sizeof(message) - strlen(head), format, args);
    va_end(args);
    fail_with(job, API_BAD_REQUEST, message);
}

char *api_print_nothing(const struct api_job *job, const struct broker_reply *reply)
{
    (void)job;
    (void)reply;
    return mem_strdup("{}");
}

static const char *explain_status(enum broker_status status)
{
    if (status == BROKER_UNAVAILABLE)
        return "not done: the store is out of reach, try again later";
    if (status == BROKER_UNKNOWN)
        return "no answer from the store: it may or may not have been done";
    return "not done: the store answered with an error";
}

/* owner is the job. */
static void on_reply(void *owner, uint64_t tag, const struct broker_reply *reply)
{
    struct api_job *job = owner;
    (void)tag;
    if (reply->status != BROKER_OK) {
        fail_with(job, API_INTERNAL, explain_status(reply->status));
        return;
    }
    char *result = reply->is_conflict ? NULL : job->print(job, reply);
    if (reply->is_conflict)
        api_job_fail(job, API_KEY_CONFLICT);
    else if (result)
        api_job_answer(job, result);
    else
        api_job_fail(job, API_UNRECOVERABLE_POSITION);
}

struct broker_waiter api_job_wait(struct api_job *job, api_print_fn print)
{
    job->print = print;
    return (struct broker_waiter){on_reply, job, 0};
}
