/*
 * presence_window - joins and leaves of a channel that are told together, a moment later.
 *
 * Who came and went, or went and came back, inside the window is not mentioned.
 */
#ifndef PARLEY_PRESENCE_WINDOW_H
#define PARLEY_PRESENCE_WINDOW_H

#include "broker.h"

#include <stdbool.h>
#include <stddef.h>

struct presence_window;

/* *new* */
struct presence_window *presence_window_create(void);
void presence_window_destroy(struct presence_window *window); /* takes NULL */

/* Whom a change is about: a user, or a connection where each is told, and of the nameless.
 * *new* */
char *presence_key(const char *user, const char *client, bool is_each_connection_told);

/* A join or a leave; copied. is_each_connection_told: connections come and go, not users.
 * listed: version of the newest list that somebody was sent: what it holds is not undone by
 * what follows, or whoever has the list would not hear of it. */
void presence_window_add(struct presence_window *window, const struct broker_presence *presence,
                         bool is_each_connection_told, uint64_t listed);
size_t presence_window_count(const struct presence_window *window);

/* What is left of them, in the order they came. */
void presence_window_each(const struct presence_window *window,
                          void (*on_change)(void *context,
                                            const struct broker_presence *change),
                          void *context);
void presence_window_clear(struct presence_window *window);

#endif
