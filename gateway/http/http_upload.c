/*
 * http_upload - POST /files; see http_upload.h.
 */
#include "http_upload.h"

#include "clock.h"
#include "files.h"
#include "http_call.h"
#include "http_conn.h"
#include "http_cors.h"
#include "http_response.h"
#include "id_table.h"
#include "limit.h"
#include "log.h"
#include "mem.h"
#include "metrics.h"
#include "network.h"
#include "rate_limit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    RETRY_BYTES = 40,
    RETRY_S = 5,
    REFUSALS_EVERY_MS = 1000, /* lines in the log */
};

struct http_uploads {
    struct hub *hub;
    const struct http_files_options *options;
    struct rate_limit *limit;
    struct id_table *running; /* all uploads that were taken in */
    struct id_table *waiting; /* connections of those that are read */
};

struct upload {
    uint64_t customer;    /* whose it is: see network.h */
    struct file_job *job; /* NULL: it has run */
    uint64_t id;          /* among those that run */
    uint64_t waiting_id;  /* 0: it is still read */
};

/* ------------------------------------------------------------------------------ requests */

/* Authorization: Bearer TOKEN, or ?token=; NULL: none. *new* */
static char *copy_token(const struct http_head *head)
{
    static const char scheme[] = "bearer ";
    const char *value = http_head_find(head, "authorization");
    if (value && strncasecmp(value, scheme, strlen(scheme)) == 0)
        return mem_strdup(value + strlen(scheme));
    return http_head_argument(head, "token");
}

/* Without its parameters; NULL: none. *new* */
static char *copy_type(const struct http_head *head)
{
    const char *value = http_head_find(head, "content-type");
    return value && value[0] ? mem_strndup(value, strcspn(value, "; \t")) : NULL;
}

static struct file_job *admit(const struct http_uploads *uploads, const struct http_head *head,
                              uint64_t customer, struct file_refusal *ret_refusal)
{
    char *channel = http_head_argument(head, "channel");
    char *user = http_head_argument(head, "userid");
    char *name = http_head_argument(head, "name");
    char *token = copy_token(head);
    char *type = copy_type(head);
    struct file_job *job =
        files_admit(uploads->hub,
                    &(struct file_upload){channel ? channel : "lobby", user, token, name, type,
                                          (size_t)head->body_length, customer},
                    ret_refusal);
    if (token)
        explicit_bzero(token, strlen(token));
    free(channel);
    free(user);
    free(name);
    free(token);
    free(type);
    return job;
}

/* Which Retry-After; 0: not too often yet. */
static int64_t seconds_to_wait(const struct http_uploads *uploads, const struct peer *peer)
{
    int64_t wait_ms;
    if (rate_limit_take(uploads->limit, peer->bytes, peer_significant_bytes(peer), &wait_ms))
        return 0;
    limit_hit(LIMIT_files_per_minute);
    return (wait_ms + 999) / 1000;
}

/* Has the address as many under way as it may have? */
static bool has_too_many(const struct http_uploads *uploads, const struct peer *peer)
{
    const struct upload *upload;
    size_t cursor = 0;
    uint64_t customer = peer_customer(peer);
    int64_t count = 0;
    int64_t max = uploads->options->uploads_per_address;
    while (max > 0 && (upload = id_table_next(uploads->running, &cursor)) != NULL)
        count += upload->customer == customer;
    if (max == 0 || count < max)
        return false;
    limit_hit(LIMIT_uploads_per_address);
    return true;
}

/* A stranger must not fill the log. */
static void log_refusal(const struct file_refusal *refusal)
{
    static int64_t next_ms;
    int64_t now_ms = clock_now_ms();
    if (now_ms < next_ms)
        return;
    next_ms = now_ms + REFUSALS_EVERY_MS;
    log_event(file_refused, kv_int("status", refusal->status), kv_str("err", refusal->message));
}

static void refuse(struct http_conn *conn, struct file_refusal refusal, int64_t retry_s)
{
    char header[RETRY_BYTES];
    metrics.files_refused_total++;
    log_refusal(&refusal);
    (void)snprintf(header, sizeof(header), "Retry-After: %lld", (long long)retry_s);
    http_refuse_politely(conn, refusal.status, retry_s > 0 ? header : NULL, refusal.message);
}

/* -------------------------------------------------------------------------------- answers */

static void on_answer(void *owner, uint64_t tag, int status, char *body)
{
    const struct http_uploads *uploads = owner;
    http_call_answer(uploads->waiting, tag, status, body);
}

static bool on_grow(void *owner, struct http_conn *conn, size_t bytes)
{
    struct upload *upload = http_conn_context(conn);
    (void)owner;
    if (file_job_grow(upload->job, bytes))
        return true;
    refuse(conn, (struct file_refusal){503, "no more files now: try again later"}, RETRY_S);
    return false;
}

static void on_body(void *owner, struct http_conn *conn, char *body, size_t length)
{
    struct http_uploads *uploads = owner;
    struct upload *upload = http_conn_context(conn);
    struct file_job *job = upload->job;
    (void)length; /* as it was announced */
    upload->job = NULL;
    upload->waiting_id = id_table_add(uploads->waiting, conn);
    file_job_run(job, body, (struct api_waiter){on_answer, uploads, upload->waiting_id});
}

static void on_over(void *owner, struct http_conn *conn)
{
    struct http_uploads *uploads = owner;
    struct upload *upload = http_conn_context(conn);
    id_table_remove(uploads->running, upload->id);
    if (upload->waiting_id)
        id_table_remove(uploads->waiting, upload->waiting_id);
    file_job_destroy(upload->job);
    free(upload);
}

static void take_in(struct http_uploads *uploads, struct http_conn *conn, struct file_job *job,
                    const struct peer *peer)
{
    static const struct http_handler handler = {
        .on_body = on_body, .on_grow = on_grow, .on_over = on_over};
    struct upload *upload = mem_alloc(sizeof(*upload));
    *upload = (struct upload){.customer = peer_customer(peer), .job = job};
    upload->id = id_table_add(uploads->running, upload);
    http_conn_begin(conn, &handler, uploads, upload);
    http_conn_read_body(conn, (size_t)http_conn_head(conn)->body_length);
}

/* What is wrong with it before anything is known of the file; status 0: nothing. */
static struct http_fault check(const struct http_conn *conn)
{
    const struct http_head *head = http_conn_head(conn);
    if (!http_is_post(conn))
        return (struct http_fault){405, "only POST"};
    if (!http_cors_is_origin_welcome(conn, head))
        return (struct http_fault){403, "this origin is not allowed; see allowed-origins"};
    if (head->body_length == HTTP_NO_LENGTH)
        return (struct http_fault){411, "a body with Content-Length is needed"};
    return (struct http_fault){0, NULL};
}

void http_upload_begin(struct http_uploads *uploads, struct http_conn *conn, bool is_draining)
{
    struct peer peer;
    struct file_refusal refusal = {0, NULL};
    struct http_fault fault = check(conn);
    if (fault.status) {
        http_refuse(conn, fault.status, fault.status == 405 ? "Allow: POST" : NULL,
                    fault.message);
        return;
    }
    (void)http_peer(http_conn_socket(conn), http_conn_head(conn), &uploads->options->rule,
                    &peer);
    int64_t retry_s = seconds_to_wait(uploads, &peer);
    if (retry_s > 0) {
        refusal = (struct file_refusal){429, "too many files from this address"};
    } else if (has_too_many(uploads, &peer)) {
        refusal = (struct file_refusal){429, "too many files at once from this address"};
        retry_s = RETRY_S;
    } else if (is_draining) {
        refusal = (struct file_refusal){503, "this node is shutting down"};
        retry_s = RETRY_S;
    }
    struct file_job *job =
        refusal.status ? NULL
                       : admit(uploads, http_conn_head(conn), peer_customer(&peer), &refusal);
    if (job)
        take_in(uploads, conn, job, &peer);
    else
        refuse(conn, refusal, refusal.status == 503 ? RETRY_S : retry_s);
}

/* ---------------------------------------------------------------------------------- life */

struct http_uploads *http_uploads_create(struct hub *hub,
                                         const struct http_files_options *options)
{
    struct http_uploads *uploads = mem_zalloc(sizeof(*uploads));
    uploads->hub = hub;
    uploads->options = options;
    uploads->limit = rate_limit_create(options->per_minute);
    uploads->running = id_table_create();
    uploads->waiting = id_table_create();
    return uploads;
}

void http_uploads_destroy(struct http_uploads *uploads)
{
    if (!uploads)
        return;
    rate_limit_destroy(uploads->limit);
    id_table_destroy(uploads->running);
    id_table_destroy(uploads->waiting);
    free(uploads);
}
