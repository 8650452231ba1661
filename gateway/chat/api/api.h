/*
 * api - what backends may ask of the gateway: publish, look, and rule over connections.
 *
 * Methods and answers are those of Centrifugo's server API, in its JSON form; HTTP is not
 * this layer's business. Works on any node for clients on any node.
 * Knows the broker and control orders; nothing of who may ask.
 */
#ifndef PARLEY_API_H
#define PARLEY_API_H

#include "api_waiter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hub;

/* What one call may publish, in all its broadcasts and batches: bytes of payloads, each with
 * API_PUBLICATION_BYTES for what goes around it. */
enum {
    API_PUBLISHED_BYTES_MAX = 16 << 20,
    API_PUBLICATION_BYTES = 512,
    API_COMMANDS_MAX = 1000,  /* of a batch */
    API_CHANNELS_MAX = 10000, /* listed by channels */
    API_PATTERN_BYTES_MAX = 256,
};

bool api_has_method(const char *name);

/* A method that there is. Answered exactly once: when the store has answered, or from inside
 * the call when the body already says what is wrong. The body is not needed afterwards.
 * 200 with {"result":...} or {"error":{"code":...,"message":...}}; 400 if it is no JSON. */
void api_call(struct hub *hub, const char *method, const char *body, size_t length,
              struct api_waiter waiter);

/* Nobody waits any more: answers that are still to come are dropped. */
void api_stop(struct hub *hub);

#endif
