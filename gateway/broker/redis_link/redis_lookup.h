/*
 * redis_lookup - the address that a host's name has at the moment, without waiting for it.
 *
 * Asks the name servers of /etc/resolv.conf, and /etc/hosts, by libevent's evdns. When no name
 * server answers, the address that was found last is used once more.
 */
#ifndef PARLEY_REDIS_LOOKUP_H
#define PARLEY_REDIS_LOOKUP_H

struct event_base;
struct redis_lookup;

enum { REDIS_ADDRESS_BYTES = 64 };

/* address: numeric, borrowed for the call; NULL: none was found, and error says why. */
typedef void (*redis_lookup_fn)(void *context, const char *address, const char *error);

/* host is borrowed for the life of the object. *new* */
struct redis_lookup *redis_lookup_create(struct event_base *base, const char *host);
/* Nobody is answered any more. Takes NULL. */
void redis_lookup_destroy(struct redis_lookup *lookup);

/* Answers later, or at once where nobody has to be asked. One at a time; the one before is
 * given up. Where a name has several addresses, each look-up answers the next of them. */
void redis_lookup_find(struct redis_lookup *lookup, redis_lookup_fn on_found, void *context);
/* The answer is not wanted any more. */
void redis_lookup_give_up(struct redis_lookup *lookup);

#endif
