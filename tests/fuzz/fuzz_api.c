/*
 * fuzz_api - any bytes as calls of the server API, one after the other on a node without Redis:
 * each line a method and its body. Each call is answered once, in JSON.
 */
#include "fuzz.h"

#include "api.h"
#include "broker.h"
#include "chat.h"
#include "loop.h"
#include "memory_broker.h"
#include "namespaces.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS_MAX = 16, TURNS_MAX = 1000, METHOD_BYTES_MAX = 32 };

static int answers[CALLS_MAX];

static void on_answer(void *owner, uint64_t tag, int status, char *body)
{
    json_t *answer = json_loads(body, JSON_DECODE_ANY, NULL);
    (void)owner;
    assert(tag < CALLS_MAX && answers[tag] == 0);
    assert((status == 200 || status == 400) && json_is_object(answer));
    answers[tag]++;
    json_decref(answer);
    free(body);
}

/* Answers whether there was such a method. */
static bool call(struct hub *hub, const uint8_t *line, size_t length, uint64_t tag)
{
    char method[METHOD_BYTES_MAX];
    const uint8_t *blank = memchr(line, ' ', length);
    size_t name = blank ? (size_t)(blank - line) : length;
    if (name >= sizeof(method))
        return false;
    memcpy(method, line, name);
    method[name] = '\0';
    if (!api_has_method(method))
        return false;
    size_t body = blank ? name + 1 : length;
    api_call(hub, method, (const char *)line + body, length - body,
             (struct api_waiter){on_answer, NULL, tag});
    return true;
}

static void call_all(struct hub *hub, struct broker *broker, const uint8_t *bytes,
                     size_t length)
{
    uint64_t count = 0;
    const uint8_t *end = bytes + length;
    memset(answers, 0, sizeof(answers));
    while (bytes < end && count < CALLS_MAX) {
        const uint8_t *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        const uint8_t *line_end = newline ? newline : end;
        count += call(hub, bytes, (size_t)(line_end - bytes), count);
        bytes = newline ? newline + 1 : end;
        broker_turn(broker);
        chat_turn(hub);
    }
    for (int i = 0; i < TURNS_MAX && !broker_is_idle(broker); i++)
        broker_turn(broker);
    for (uint64_t i = 0; i < count; i++)
        assert(answers[i] == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const struct namespace_options defaults = {
        .policy = {.history_size = 5, .history_ttl_ms = 60000},
        .presence_limit = 10,
        .presence_names_limit = 10,
    };
    char *error = NULL;
    struct loop *loop = loop_create();
    struct namespaces *namespaces = namespaces_create("", &defaults, &error);
    struct chat_options options = {.node = "node", .namespaces = namespaces};
    struct broker *broker = memory_broker_create(loop, namespaces_policies(namespaces));
    struct hub *hub = chat_create(loop, broker, &options);
    call_all(hub, broker, bytes, length);
    api_stop(hub);
    broker_destroy(broker);
    chat_destroy(hub);
    namespaces_destroy(namespaces);
    loop_destroy(loop);
    return 0;
}
