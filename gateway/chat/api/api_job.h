/*
 * api_job - one call of a method of the server API, from its begin to its answer.
 *
 * A job stands alone, or in the list of a batch or a broadcast, which is answered when
 * all its jobs are, in their order. api.c calls methods, api_methods.c has the table of them.
 */
#ifndef PARLEY_API_JOB_H
#define PARLEY_API_JOB_H

#include "api.h"
#include "broker.h"
#include "json_span.h"

#include <jansson.h>
#include <stddef.h>

struct api_job;
struct api_list;

enum api_error {
    API_INTERNAL = 100,
    API_UNKNOWN_CHANNEL = 102,
    API_NOT_FOUND = 104,
    API_BAD_REQUEST = 107,
    API_NOT_AVAILABLE = 108,
    API_UNRECOVERABLE_POSITION = 112,
    API_KEY_CONFLICT = 409, /* the idempotency key was used for something else */
};

/* What a method is asked, there only while it is begun. */
struct api_request {
    json_t *params;          /* an object */
    struct json_span raw;    /* its text */
    size_t *published_bytes; /* of the whole call */
};

struct api_method {
    const char *name;
    void (*run)(struct api_job *job, const struct api_request *request);
    bool is_bare; /* its result is not wrapped */
};

/* Makes a result of a reply that is BROKER_OK. NULL: the position is unrecoverable. *new* */
typedef char *(*api_print_fn)(const struct api_job *job, const struct broker_reply *reply);

struct api_job {
    struct hub *hub;
    const char *wrapper;      /* the key before the result; NULL: none */
    struct api_list *list;    /* NULL: it stands alone */
    size_t place;             /* in the list */
    struct api_waiter waiter; /* if it stands alone */
    api_print_fn print;
    char *epoch; /* history: the one that is expected, or NULL */
};

/* NULL: there is none. */
const struct api_method *api_method_find(const char *name);

/* A job that stands alone. wrapper: the key before its result, borrowed; NULL: none. *new* */
struct api_job *api_job_create(struct hub *hub, const char *wrapper, struct api_waiter waiter);

/* The end of the job, which is freed. result is JSON, *stolen*. */
void api_job_answer(struct api_job *job, char *result);
void api_job_fail(struct api_job *job, enum api_error code);
/* The request is bad; the message says what is wrong with it, and quotes nothing of it. */
__attribute__((format(printf, 2, 3))) void api_job_refuse(struct api_job *job,
                                                          const char *format, ...);
/* For a request to the broker: its answer ends the job. */
struct broker_waiter api_job_wait(struct api_job *job, api_print_fn print);

/* {} *new* */
char *api_print_nothing(const struct api_job *job, const struct broker_reply *reply);

/* Methods of api_publish.c and api_orders.c. */
void api_run_publish(struct api_job *job, const struct api_request *request);
void api_run_broadcast(struct api_job *job, const struct api_request *request);
void api_run_subscribe(struct api_job *job, const struct api_request *request);
void api_run_unsubscribe(struct api_job *job, const struct api_request *request);
void api_run_disconnect(struct api_job *job, const struct api_request *request);
void api_run_refresh(struct api_job *job, const struct api_request *request);

/* The jobs that owner consists of: it is answered {"KEY":[...]}. Released when all are begun.
 */
struct api_list *api_list_create(struct api_job *owner, const char *key, size_t count);
struct api_job *api_list_add(struct api_list *list, size_t place, const char *wrapper);
void api_list_release(struct api_list *list);

#endif
