/*
 * Unit tests of keyed_hash: texts that have one hash elsewhere have not here.
 */
#include "keyed_hash.h"

#include "unit.h"

#include <uthash.h>

#include <stdio.h>
#include <string.h>

enum { SLOTS = 4096 };

static uint64_t hash_text(const char *text)
{
    return keyed_hash(text, strlen(text));
}

static void same_bytes_have_the_same_hash(void **state)
{
    char copy[] = "xparley:{lobby}"; /* at another alignment */
    (void)state;
    assert_true(hash_text("parley:{lobby}") == hash_text(copy + 1));
}

static void each_byte_and_the_length_count(void **state)
{
    unsigned char bytes[24] = {0};
    (void)state;
    for (size_t length = 1; length <= sizeof(bytes); length++) {
        uint64_t before = keyed_hash(bytes, length);
        assert_true(before != keyed_hash(bytes, length - 1));
        bytes[length - 1] = 1;
        assert_true(before != keyed_hash(bytes, length));
        bytes[length - 1] = 0;
    }
}

/* As somebody would choose them who knows uthash's own hash. */
static void names_of_one_place_elsewhere_are_spread(void **state)
{
    enum { NAMES = 500, FAIR_MAX = 8 };
    unsigned char slots[SLOTS] = {0};
    char name[32];
    int found = 0;
    (void)state;
    for (unsigned i = 0; found < NAMES; i++) {
        unsigned plain;
        (void)snprintf(name, sizeof(name), "parley:{%x}", i);
        HASH_JEN(name, strlen(name), plain);
        if (plain % SLOTS != 0)
            continue;
        assert_in_range(++slots[hash_text(name) % SLOTS], 1, FAIR_MAX);
        found++;
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes_have_the_same_hash),
        cmocka_unit_test(each_byte_and_the_length_count),
        cmocka_unit_test(names_of_one_place_elsewhere_are_spread),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "keyed_hash");
}
