/*
 * http_upload - POST /files; see http_upload.h.
 */
#include "http_upload.h"

#include "clock.h"
#include "files.h"
#include "http_call.h"
#include "http_cors.h"
#include "http_peer.h"
#include "http_response.h"
#include "id_table.h"
#include "limit.h"
#include "log.h"
#include "mem.h"
#include "metrics.h"
#include "network.h"
#include "rate_limit.h"

#include <libwebsockets.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ARGUMENT_BYTES = 8192, RETRY_BYTES = 40, RETRY_S = 5 };

struct http_uploads {
    struct hub *hub;
    const struct http_upload_options *options;
    struct rate_limit *limit;
    struct id_table *waiting;
};

/* What is known of a call while it is read. */
struct upload {
    struct file_job *job;
    int64_t deadline_ms;
};

/* ------------------------------------------------------------------------------ requests */

/* An argument of the address, or NULL. *new* */
static char *copy_argument(struct lws *wsi, const char *name)
{
    char value[ARGUMENT_BYTES];
    int length = lws_get_urlarg_by_name_safe(wsi, name, value, sizeof(value));
    return length < 0 ? NULL : mem_strndup(value, strnlen(value, (size_t)length));
}

/* Authorization: Bearer TOKEN, or ?token=; NULL: none. *new* */
static char *copy_token(struct lws *wsi)
{
    static const char scheme[] = "bearer ";
    char value[ARGUMENT_BYTES];
    char *token = NULL;
    if (lws_hdr_copy(wsi, value, sizeof(value), WSI_TOKEN_HTTP_AUTHORIZATION) > 0 &&
        strncasecmp(value, scheme, strlen(scheme)) == 0)
        token = mem_strdup(value + strlen(scheme));
    explicit_bzero(value, sizeof(value));
    return token ? token : copy_argument(wsi, "token=");
}

/* Without its parameters; NULL: none. *new* */
static char *copy_type(struct lws *wsi)
{
    char value[ARGUMENT_BYTES];
    if (lws_hdr_copy(wsi, value, sizeof(value), WSI_TOKEN_HTTP_CONTENT_TYPE) <= 0)
        return NULL;
    return mem_strndup(value, strcspn(value, "; \t"));
}

static struct file_job *admit(const struct http_uploads *uploads, struct lws *wsi,
                              size_t length, struct file_refusal *ret_refusal)
{
    char *channel = copy_argument(wsi, "channel=");
    char *user = copy_argument(wsi, "userid=");
    char *name = copy_argument(wsi, "name=");
    char *token = copy_token(wsi);
    char *type = copy_type(wsi);
    struct file_job *job = files_admit(
        uploads->hub,
        &(struct file_upload){channel ? channel : "lobby", user, token, name, type, length},
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
static int64_t seconds_to_wait(const struct http_uploads *uploads, struct lws *wsi)
{
    struct peer peer;
    int64_t wait_ms;
    http_peer(wsi, uploads->options->trusted_proxies, &peer);
    if (rate_limit_take(uploads->limit, peer.bytes, peer_significant_bytes(&peer), &wait_ms))
        return 0;
    limit_hit(LIMIT_files_per_minute);
    return (wait_ms + 999) / 1000;
}

static int refuse(struct http_call *call, struct lws *wsi, int64_t length,
                  const struct file_refusal *refusal, int64_t retry_s)
{
    char header[RETRY_BYTES];
    metrics.files_refused_total++;
    log_info("file_refused", kv_int("status", refusal->status),
             kv_str("err", refusal->message));
    (void)snprintf(header, sizeof(header), "Retry-After: %lld", (long long)retry_s);
    return http_call_refuse(call, wsi, length, refusal->status, retry_s > 0 ? header : NULL,
                            refusal->message);
}

/* A client that asks first, as curl does, would wait a second for a word. */
static void tell_to_go_on(struct lws *wsi)
{
    char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_EXPECT) > 0)
        (void)lws_write(wsi, (unsigned char *)go_on, strlen(go_on), LWS_WRITE_HTTP);
}

static void take_in(struct http_call *call, struct lws *wsi, struct file_job *job,
                    size_t length)
{
    struct upload *upload = mem_alloc(sizeof(*upload));
    *upload = (struct upload){job, clock_now_ms() + UPLOAD_MS_MAX};
    http_call_begin(call, wsi, length);
    call->context = upload;
}

int http_upload_begin(struct http_uploads *uploads, struct http_call *call, struct lws *wsi,
                      bool is_draining)
{
    static const struct file_refusal too_often = {429, "too many files from this address"};
    static const struct file_refusal leaving = {503, "this node is shutting down"};
    int64_t length = 0;
    struct file_refusal refusal;
    if (!http_is_post(wsi))
        return http_refuse(wsi, 405, "Allow: POST", "only POST");
    if (!http_cors_is_welcome(wsi))
        return http_refuse(wsi, 403, NULL, "this origin is not allowed; see allowed-origins");
    if (!http_call_read_length(wsi, &length))
        return http_refuse(wsi, 411, NULL, "a body with Content-Length is needed");
    int64_t wait_s = seconds_to_wait(uploads, wsi);
    if (wait_s > 0)
        return refuse(call, wsi, length, &too_often, wait_s);
    if (is_draining)
        return refuse(call, wsi, length, &leaving, RETRY_S);
    struct file_job *job = admit(uploads, wsi, (size_t)length, &refusal);
    if (!job)
        return refuse(call, wsi, length, &refusal, refusal.status == 503 ? RETRY_S : 0);
    take_in(call, wsi, job, (size_t)length);
    tell_to_go_on(wsi);
    return 0;
}

int http_upload_read(struct http_call *call, const char *bytes, size_t length)
{
    const struct upload *upload = call->context;
    if (upload && clock_now_ms() > upload->deadline_ms)
        return http_refuse(call->wsi, 408, NULL, "the file takes too long");
    return http_call_read(call, bytes, length);
}

/* ------------------------------------------------------------------------------- answers */

static void on_answer(void *owner, uint64_t tag, int status, char *body)
{
    struct http_uploads *uploads = owner;
    http_call_answer(uploads->waiting, tag, status, body);
}

/* What belongs to reading is over; the job, or NULL, is the caller's. */
static struct file_job *release(struct http_call *call)
{
    struct upload *upload = call->context;
    struct file_job *job = upload ? upload->job : NULL;
    free(upload);
    call->context = NULL;
    return job;
}

int http_upload_complete(struct http_uploads *uploads, struct http_call *call)
{
    if (call->state != HTTP_CALL_READING)
        return 0;
    if (http_call_is_answered(call))
        return http_call_respond(call);
    char *bytes = call->body;
    call->body = NULL;
    struct file_job *job = release(call);
    http_call_await(call, uploads->waiting);
    file_job_run(job, bytes, (struct api_waiter){on_answer, uploads, call->id});
    return http_call_wait(call);
}

void http_upload_closed(struct http_uploads *uploads, struct http_call *call)
{
    file_job_destroy(release(call));
    http_call_finish(call, uploads->waiting);
}

/* ---------------------------------------------------------------------------------- life */

struct http_uploads *http_uploads_create(struct hub *hub,
                                         const struct http_upload_options *options)
{
    struct http_uploads *uploads = mem_zalloc(sizeof(*uploads));
    uploads->hub = hub;
    uploads->options = options;
    uploads->limit = rate_limit_create(options->per_minute);
    uploads->waiting = id_table_create();
    return uploads;
}

void http_uploads_destroy(struct http_uploads *uploads)
{
    if (!uploads)
        return;
    rate_limit_destroy(uploads->limit);
    id_table_destroy(uploads->waiting);
    free(uploads);
}
