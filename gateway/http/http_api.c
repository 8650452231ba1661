/*
 * http_api - the server API by HTTP; see http_api.h.
 */
#include "http_api.h"

#include "api.h"
#include "http_call.h"
#include "http_conn.h"
#include "http_response.h"
#include "id_table.h"
#include "log.h"
#include "mem.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DIGEST_BYTES = 32 };

static const char path_head[] = "/api/";

struct http_api {
    struct hub *hub;
    struct id_table *calls; /* connections that wait */
    bool has_key;
    unsigned char key_digest[DIGEST_BYTES];
};

/* A request whose body is read, or that waits. */
struct call {
    char *method;
    uint64_t id; /* among those that wait; 0: not yet */
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
static bool has_key(const struct http_api *api, const struct http_head *head)
{
    static const char scheme[] = "apikey ";
    const char *key = http_head_find(head, "x-api-key");
    const char *authorization = http_head_find(head, "authorization");
    if (key)
        return is_key(api, key);
    return authorization && strncasecmp(authorization, scheme, strlen(scheme)) == 0 &&
           is_key(api, authorization + strlen(scheme));
}

struct http_fault http_api_check_key(const struct http_api *api, const struct http_head *head)
{
    if (!api->has_key)
        return (struct http_fault){404, "no server API: the node has no --api-key"};
    if (!has_key(api, head))
        return (struct http_fault){401, "Unauthorized: X-API-Key is missing or wrong"};
    return (struct http_fault){0, NULL};
}

/* -------------------------------------------------------------------------------- answers */

static void on_answer(void *owner, uint64_t tag, int status, char *body)
{
    const struct http_api *api = owner;
    http_call_answer(api->calls, tag, status, body);
}

static void on_body(void *owner, struct http_conn *conn, char *body, size_t length)
{
    struct http_api *api = owner;
    struct call *call = http_conn_context(conn);
    call->id = id_table_add(api->calls, conn);
    api_call(api->hub, call->method, body, length,
             (struct api_waiter){on_answer, api, call->id});
    free(body);
}

static void on_over(void *owner, struct http_conn *conn)
{
    struct http_api *api = owner;
    struct call *call = http_conn_context(conn);
    if (call->id)
        id_table_remove(api->calls, call->id);
    free(call->method);
    free(call);
}

/* -------------------------------------------------------------------------------- requests */

bool http_api_is_path(const char *path)
{
    return strncmp(path, path_head, strlen(path_head)) == 0;
}

static struct http_fault check(const struct http_api *api, const struct http_conn *conn,
                               const char *method)
{
    const struct http_head *head = http_conn_head(conn);
    struct http_fault fault = http_api_check_key(api, head);
    if (fault.status)
        return fault;
    if (!api_has_method(method))
        return (struct http_fault){404, "no such method"};
    if (head->body_length > API_BODY_BYTES_MAX)
        return (struct http_fault){413, "the body is longer than 1 MiB"};
    return (struct http_fault){0, NULL};
}

static void take_in(struct http_api *api, struct http_conn *conn, const char *method)
{
    static const struct http_handler handler = {.on_body = on_body, .on_over = on_over};
    struct call *call = mem_alloc(sizeof(*call));
    *call = (struct call){.method = mem_strdup(method)};
    http_conn_begin(conn, &handler, api, call);
    http_conn_read_body(conn, API_BODY_BYTES_MAX);
}

void http_api_begin(struct http_api *api, struct http_conn *conn, const char *path)
{
    const char *method = path + strlen(path_head);
    if (!http_is_post(conn)) {
        http_refuse(conn, api->has_key ? 405 : 404, "Allow: POST", "only POST");
        return;
    }
    if (!http_call_has_body(conn)) {
        http_refuse(conn, 411, NULL, "a body with Content-Length, or in chunks, is needed");
        return;
    }
    struct http_fault fault = check(api, conn, method);
    if (!fault.status) {
        take_in(api, conn, method);
        return;
    }
    log_event(api_refused, kv_int("status", fault.status), kv_str("err", fault.message));
    http_refuse_politely(conn, fault.status, NULL, fault.message);
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
