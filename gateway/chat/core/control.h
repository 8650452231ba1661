/*
 * control - what one node tells all of them about a user's connections, itself included.
 *
 * Whoever orders something does not know which node the user is on: so every node is told,
 * and each looks through its own sessions. What an order comes to is the dialects' business;
 * a dialect that has no such thing leaves the session as it is.
 */
#ifndef PARLEY_CONTROL_H
#define PARLEY_CONTROL_H

#include "broker.h"
#include "control_order.h"

#include <stddef.h>

struct hub;

/* Answered when the order is on its way; who obeys it is not known. */
void control_send(struct hub *hub, const struct control_order *order,
                  struct broker_waiter waiter);

/* An order as it came from some node. One that is not understood, as of a newer node, is
 * logged and passed over. */
void control_on_message(struct hub *hub, const char *bytes, size_t length);

#endif
