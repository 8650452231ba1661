/*
 * chance - where a run's decisions come from; see chance.h.
 */
#include "chance.h"

static const uint8_t *next; /* NULL: from the seed */
static size_t left;
static uint64_t state;

void chance_from_seed(uint64_t seed)
{
    next = NULL;
    state = seed * 0x9e3779b97f4a7c15ULL + 88172645463325252ULL;
    for (int i = 0; i < 10; i++)
        (void)chance_below(2);
}

void chance_from_bytes(const uint8_t *bytes, size_t length)
{
    next = bytes;
    left = length;
}

bool chance_is_over(void)
{
    return next && left == 0;
}

static unsigned take_byte(void)
{
    if (left == 0)
        return 0;
    left--;
    return *next++;
}

unsigned chance_below(unsigned count)
{
    if (next) {
        unsigned number = take_byte();
        if (count > 256)
            number = number << 8 | take_byte();
        return number % count;
    }
    state ^= state << 13; /* xorshift64 */
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 20) % count);
}

bool chance_one_in(unsigned count)
{
    return chance_below(count) == count - 1;
}
