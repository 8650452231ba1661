/*
 * Unit tests of commands on their way to Redis.
 */
#include "redis_command.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

static void assert_printed(struct redis_command *command, const char *expected, size_t length)
{
    assert_int_equal(command->length, length);
    assert_memory_equal(command->bytes, expected, length);
}

static void parts_are_counted_and_measured(void **state)
{
    (void)state;
    struct redis_command command = {.length = 0};
    redis_command_print(&command, 3, (const char *const[]){"SET", "key", "a longer value"},
                        (const size_t[]){3, 3, 14});
    const char expected[] = "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$14\r\na longer value\r\n";
    assert_printed(&command, expected, sizeof(expected) - 1);
    redis_command_finish(&command);
}

static void parts_may_be_empty_or_hold_any_octet(void **state)
{
    (void)state;
    struct redis_command command = {.length = 0};
    redis_command_print(&command, 2, (const char *const[]){NULL, "\0\r\n"},
                        (const size_t[]){0, 3});
    assert_printed(&command, "*2\r\n$0\r\n\r\n$3\r\n\0\r\n\r\n", 19);
    redis_command_finish(&command);
}

static void many_parts_and_big_ones_have_room(void **state)
{
    enum { COUNT = 200, BYTES = 200000 };
    (void)state;
    struct redis_command command = {.length = 0};
    char *text = calloc(1, BYTES);
    const char *parts[COUNT];
    size_t lengths[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        parts[i] = text;
        lengths[i] = i == 7 ? BYTES : i;
    }
    redis_command_print(&command, COUNT, parts, lengths);
    assert_memory_equal(command.bytes, "*200\r\n$0\r\n\r\n$1\r\n", 16);
    assert_memory_equal(command.bytes + command.length - 2, "\r\n", 2);
    free(text);
    redis_command_finish(&command);
}

static void next_command_takes_the_place_of_the_last(void **state)
{
    (void)state;
    struct redis_command command = {.length = 0};
    redis_command_print(&command, 1, (const char *const[]){"PING"}, (const size_t[]){4});
    redis_command_print(&command, 1, (const char *const[]){"DEL"}, (const size_t[]){3});
    assert_printed(&command, "*1\r\n$3\r\nDEL\r\n", 13);
    redis_command_finish(&command);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_counted_and_measured),
        cmocka_unit_test(parts_may_be_empty_or_hold_any_octet),
        cmocka_unit_test(many_parts_and_big_ones_have_room),
        cmocka_unit_test(next_command_takes_the_place_of_the_last),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "redis_command");
}
