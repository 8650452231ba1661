/*
 * degraded - what becomes of clients while the store cannot be reached, or its news is not
 * heard.
 *
 * Who is connected stays, and is told: what is said may not be sent, and what others say is not
 * heard. Whoever comes is better off elsewhere. When all is well again everybody is told, too.
 */
#ifndef PARLEY_DEGRADED_H
#define PARLEY_DEGRADED_H

#include <stdbool.h>

struct hub;

/* Has the node been unable to serve for a while? */
bool degraded_is_on(const struct hub *hub);

/* Each tick: notes what the broker says of itself, and tells some of the clients. */
void degraded_tick(struct hub *hub);

#endif
