/*
 * Unit tests of ws_marks: in the order in which they fall due, whoever comes and goes.
 */
#include "ws_marks.h"

#include "unit.h"

enum { MANY = 10000, WINDOW = 700 };

static struct ws_marks marks;

static void add(int64_t due_ms, int descriptor)
{
    ws_marks_add(&marks, &(struct ws_mark){.due_ms = due_ms, .descriptor = descriptor});
}

static void nobody_is_taken_before_his_time(void **state)
{
    struct ws_mark mark;
    (void)state;
    assert_false(ws_marks_take(&marks, 100, &mark));
    add(100, 7);
    add(100, 8);
    add(200, 9);
    assert_false(ws_marks_take(&marks, 99, &mark));
    assert_true(ws_marks_take(&marks, 100, &mark));
    assert_int_equal(mark.descriptor, 7);
    assert_true(ws_marks_take(&marks, 150, &mark));
    assert_int_equal(mark.descriptor, 8);
    assert_false(ws_marks_take(&marks, 150, &mark));
    assert_int_equal(ws_marks_count(&marks), 1);
    ws_marks_finish(&marks);
}

static void room_is_used_again(void **state)
{
    struct ws_mark mark;
    (void)state;
    for (int i = 0; i < MANY; i++) {
        add(i, i);
        if (i < WINDOW)
            continue;
        assert_true(ws_marks_take(&marks, i, &mark));
        assert_int_equal(mark.descriptor, i - WINDOW);
    }
    assert_true(marks.capacity < 4 * WINDOW);
    for (int i = MANY - WINDOW; i < MANY; i++) {
        assert_true(ws_marks_take(&marks, i, &mark));
        assert_int_equal(mark.descriptor, i);
    }
    assert_int_equal(ws_marks_count(&marks), 0);
    ws_marks_finish(&marks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_taken_before_his_time),
        cmocka_unit_test(room_is_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
