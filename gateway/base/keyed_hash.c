/*
 * keyed_hash - hashes of what strangers may choose; see keyed_hash.h.
 *
 * SipHash with one round for each word and three at the end, which is what hash tables need of
 * it (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012).
 */
#include "keyed_hash.h"

#include "random.h"

#include <stdbool.h>
#include <string.h>

enum { WORD_BYTES = 8, LAST_ROUNDS = 3 };

struct state {
    uint64_t v[4];
};

/* What each hash begins with: the key, mixed into the constants of SipHash. */
static struct state seed;
static bool is_seeded;

static void make_seed(void)
{
    uint64_t one = random_number();
    uint64_t other = random_number();
    seed = (struct state){
        {UINT64_C(0x736f6d6570736575) ^ one, UINT64_C(0x646f72616e646f6d) ^ other,
         UINT64_C(0x6c7967656e657261) ^ one, UINT64_C(0x7465646279746573) ^ other}};
    is_seeded = true;
}

static inline uint64_t rotate(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static inline void mix(struct state *s)
{
    s->v[0] += s->v[1];
    s->v[1] = rotate(s->v[1], 13) ^ s->v[0];
    s->v[0] = rotate(s->v[0], 32);
    s->v[2] += s->v[3];
    s->v[3] = rotate(s->v[3], 16) ^ s->v[2];
    s->v[0] += s->v[3];
    s->v[3] = rotate(s->v[3], 21) ^ s->v[0];
    s->v[2] += s->v[1];
    s->v[1] = rotate(s->v[1], 17) ^ s->v[2];
    s->v[2] = rotate(s->v[2], 32);
}

static inline void take(struct state *s, uint64_t word)
{
    s->v[3] ^= word;
    mix(s);
    s->v[0] ^= word;
}

/* The bytes that are left over, in the machine's order, and how long the whole is. */
static inline uint64_t last_word(const unsigned char *bytes, size_t left, size_t length)
{
    uint64_t word = 0;
    memcpy(&word, bytes, left);
    return word ^ (uint64_t)length << 56;
}

uint64_t keyed_hash(const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    size_t left = length;
    if (!is_seeded)
        make_seed();
    struct state state = seed;
    for (; left >= WORD_BYTES; left -= WORD_BYTES, at += WORD_BYTES) {
        uint64_t word;
        memcpy(&word, at, WORD_BYTES);
        take(&state, word);
    }
    take(&state, last_word(at, left, length));
    state.v[2] ^= 0xff;
    for (int i = 0; i < LAST_ROUNDS; i++)
        mix(&state);
    return state.v[0] ^ state.v[1] ^ state.v[2] ^ state.v[3];
}
