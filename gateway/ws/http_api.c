/*
 * http_api - the server API by HTTP; see http_api.h.
 *
 * One request at a time on a connection; see http_call.h.
 */
#include "http_api.h"

#include "api.h"
#include "http_call.h"
#include "http_response.h"
#include "id_table.h"
#include "log.h"
#include "mem.h"

#include <libwebsockets.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DIGEST_BYTES = 32 };

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
    if (!http_is_post(wsi))
        return http_refuse(wsi, api->has_key ? 405 : 404, "Allow: POST", "only POST");
    if (!http_call_read_length(wsi, &length))
        return http_refuse(wsi, 411, NULL, "a body with Content-Length is needed");
    struct refusal refusal = check(api, wsi, method, length);
    if (refusal.status) {
        log_info("api_refused", kv_int("status", refusal.status),
                 kv_str("err", refusal.message));
        return http_call_refuse(call, wsi, length, refusal.status, NULL, refusal.message);
    }
    http_call_begin(call, wsi, (size_t)length);
    call->context = mem_strdup(method);
    return 0;
}

/* -------------------------------------------------------------------------------- answers */

static void on_answer(void *owner, uint64_t tag, int status, char *body)
{
    struct http_api *api = owner;
    http_call_answer(api->calls, tag, status, body);
}

static void forget_method(struct http_call *call)
{
    free(call->context);
    call->context = NULL;
}

int http_api_complete(struct http_api *api, struct http_call *call)
{
    if (call->state != HTTP_CALL_READING)
        return 0;
    if (http_call_is_answered(call))
        return http_call_respond(call);
    http_call_await(call, api->calls);
    api_call(api->hub, call->context, call->body, call->length,
             (struct api_waiter){on_answer, api, call->id});
    forget_method(call);
    return http_call_wait(call);
}

void http_api_closed(struct http_api *api, struct http_call *call)
{
    forget_method(call);
    http_call_finish(call, api->calls);
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
