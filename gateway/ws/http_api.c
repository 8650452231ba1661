/*
 * http_api - the server API by HTTP; see http_api.h.
 *
 * One request at a time on a connection: while it waits for its answer nothing is read.
 * libwebsockets takes what comes right behind a body for a part of it, so a client that does
 * not wait for its answer (RFC 9112, 9.3.2 advises against it) is refused.
 */
#include "http_api.h"

#include "api.h"
#include "http_response.h"
#include "id_table.h"
#include "log.h"
#include "mem.h"
#include "text.h"

#include <libwebsockets.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DIGEST_BYTES = 32, LENGTH_TEXT_BYTES = 24 };

static const char path_head[] = "/api/";

struct http_api {
    struct hub *hub;
    struct id_table *calls; /* that wait */
    bool has_key;
    unsigned char key_digest[DIGEST_BYTES];
};

/* Why a request is refused; status 0: it is not. */
struct refusal {
    int status;
    const char *message;
};

/* ------------------------------------------------------------------------------------ key */

static bool digest_of(const char *key, unsigned char out[DIGEST_BYTES])
{
    return EVP_Digest(key, strlen(key), out, NULL, EVP_sha256(), NULL) == 1;
}

/* Digests are of one length, and their comparison takes one time, whatever the guess. */
static bool is_key(const struct http_api *api, const char *guess)
{
    unsigned char digest[DIGEST_BYTES];
    return digest_of(guess, digest) &&
           CRYPTO_memcmp(digest, api->key_digest, DIGEST_BYTES) == 0;
}

/* X-API-Key: KEY, or Authorization: apikey KEY. */
static bool has_key(const struct http_api *api, struct lws *wsi)
{
    static const char name[] = "x-api-key:";
    static const char scheme[] = "apikey ";
    const int scheme_length = (int)strlen(scheme);
    char text[API_KEY_BYTES_MAX];
    bool is_right = false;
    if (lws_hdr_custom_copy(wsi, text, sizeof(text), name, (int)strlen(name)) > 0)
        is_right = is_key(api, text);
    else if (lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_AUTHORIZATION) >
                 scheme_length &&
             strncasecmp(text, scheme, (size_t)scheme_length) == 0)
        is_right = is_key(api, text + scheme_length);
    explicit_bzero(text, sizeof(text));
    return is_right;
}

/* -------------------------------------------------------------------------------- requests */

bool http_api_is_path(const char *path)
{
    return strncmp(path, path_head, strlen(path_head)) == 0;
}

/* False: there is none, or it is no number. Bodies in chunks have none. */
static bool read_length(struct lws *wsi, int64_t *ret_length)
{
    char text[LENGTH_TEXT_BYTES];
    return lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) == 0 &&
           lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0 &&
           text_to_int(text, 0, INT64_MAX, ret_length);
}

static struct refusal check(const struct http_api *api, struct lws *wsi, const char *method,
                            int64_t length)
{
    if (!api->has_key)
        return (struct refusal){404, "no server API: the node has no --api-key"};
    if (!has_key(api, wsi))
        return (struct refusal){401, "Unauthorized: X-API-Key is missing or wrong"};
    if (!api_has_method(method))
        return (struct refusal){404, "no such method"};
    if (length > API_BODY_BYTES_MAX)
        return (struct refusal){413, "the body is longer than 1 MiB"};
    return (struct refusal){0, NULL};
}

int http_api_begin(struct http_api *api, struct http_call *call, struct lws *wsi,
                   const char *path)
{
    const char *method = path + strlen(path_head);
    int64_t length = 0;
    *call = (struct http_call){.wsi = wsi};
    if (!http_is_post(wsi))
        return http_refuse(wsi, api->has_key ? 405 : 404, "Allow: POST", "only POST");
    if (!read_length(wsi, &length))
        return http_refuse(wsi, 411, NULL, "a body with Content-Length is needed");
    struct refusal refusal = check(api, wsi, method, length);
    if (refusal.status && length > API_DISCARDED_BYTES_MAX)
        return http_refuse(wsi, refusal.status, NULL, refusal.message);
    call->state = HTTP_CALL_READING;
    call->expected = (size_t)length;
    if (refusal.status) {
        log_info("api_refused", kv_int("status", refusal.status),
                 kv_str("err", refusal.message));
        call->status = refusal.status;
        call->answer = http_print_error(refusal.status, refusal.message);
        return 0;
    }
    call->body = mem_alloc(call->expected + 1);
    call->method = mem_strdup(method);
    return 0;
}

int http_api_read(struct http_call *call, const char *bytes, size_t length)
{
    if (length > call->expected - call->length)
        return http_refuse(call->wsi, 400, NULL, "a request before the answer to the last");
    if (call->body && length > 0)
        memcpy(call->body + call->length, bytes, length);
    call->length += length;
    return 0;
}

/* -------------------------------------------------------------------------------- answers */

static void forget_body(struct http_call *call)
{
    free(call->body);
    free(call->method);
    call->body = NULL;
    call->method = NULL;
}

/* The call is no more after this: libwebsockets has taken its memory back. */
static int respond(struct http_call *call)
{
    char *answer = call->answer;
    call->answer = NULL;
    call->state = HTTP_CALL_NONE;
    int result = http_send_answer(call->wsi, call->status, NULL, answer);
    free(answer);
    return result;
}

/* Not asked for by libwebsockets, which calls nobody while something read ahead is waiting. */
static void respond_later(struct http_call *call)
{
    struct lws *wsi = call->wsi;
    lws_rx_flow_control(wsi, 1);
    if (respond(call) != 0)
        lws_set_timeout(wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
}

static void on_answer(void *owner, uint64_t tag, int status, char *body)
{
    struct http_api *api = owner;
    struct http_call *call = id_table_find(api->calls, tag);
    if (!call) {
        free(body);
        return;
    }
    id_table_remove(api->calls, tag);
    call->status = status;
    call->answer = body;
    if (call->state == HTTP_CALL_WAITING)
        respond_later(call);
}

int http_api_complete(struct http_api *api, struct http_call *call)
{
    if (call->state != HTTP_CALL_READING)
        return 0;
    if (call->answer)
        return respond(call);
    call->id = id_table_add(api->calls, call);
    api_call(api->hub, call->method, call->body, call->length,
             (struct api_waiter){on_answer, api, call->id});
    forget_body(call);
    if (call->answer)
        return respond(call);
    call->state = HTTP_CALL_WAITING;
    lws_rx_flow_control(call->wsi, 0);
    return 0;
}

void http_api_closed(struct http_api *api, struct http_call *call)
{
    if (call->state == HTTP_CALL_WAITING)
        id_table_remove(api->calls, call->id);
    forget_body(call);
    free(call->answer);
    *call = (struct http_call){.wsi = NULL};
}

/* ----------------------------------------------------------------------------------- life */

struct http_api *http_api_create(struct hub *hub, const char *key)
{
    struct http_api *api = mem_zalloc(sizeof(*api));
    api->hub = hub;
    api->calls = id_table_create();
    api->has_key = key[0] && digest_of(key, api->key_digest);
    return api;
}

void http_api_destroy(struct http_api *api)
{
    if (!api)
        return;
    api_stop(api->hub);
    id_table_destroy(api->calls);
    free(api);
}
