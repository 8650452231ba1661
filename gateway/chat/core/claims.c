/*
 * claims - how often it is believed that somebody has seen more of a log than there is; see
 * claims.h.
 */
#include "claims.h"

#include "keyed_hash.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

enum { PLACES = 4096 };

struct place {
    int64_t next_ms; /* not before this */
    int64_t wait_ms; /* 0: none was made yet */
};

struct claims {
    struct place places[PLACES];
};

struct claims *claims_create(void)
{
    return mem_zalloc(sizeof(struct claims));
}

void claims_destroy(struct claims *claims)
{
    free(claims);
}

/* After a day without one it is as if there never had been any. */
static int64_t next_wait_ms(const struct place *place, int64_t now_ms)
{
    bool is_first = place->wait_ms == 0 || now_ms - place->next_ms >= CLAIMS_WAIT_MAX_MS;
    int64_t wait_ms = is_first ? CLAIMS_FIRST_WAIT_MS : 2 * place->wait_ms;
    return wait_ms < CLAIMS_WAIT_MAX_MS ? wait_ms : CLAIMS_WAIT_MAX_MS;
}

bool claims_take(struct claims *claims, const char *channel, int64_t now_ms)
{
    struct place *place = &claims->places[keyed_hash(channel, strlen(channel)) % PLACES];
    if (place->wait_ms != 0 && now_ms < place->next_ms)
        return false;
    place->wait_ms = next_wait_ms(place, now_ms);
    place->next_ms = now_ms + place->wait_ms;
    return true;
}
