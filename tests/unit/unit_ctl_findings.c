/*
 * Tests of ctl_findings: what is the same fault in two looks, and what is not.
 */
#include "ctl_findings.h"

#include "unit.h"

#include <string.h>

enum { LIMIT = 3 };

static const char kind[] = "count_wrong";

static void add(struct findings *findings, uint64_t mark, const char *text)
{
    findings_add(findings, kind, "key", mark, "%s", text);
}

static void finding_of_both_looks_is_kept(void **state)
{
    struct findings *first = findings_create(LIMIT);
    struct findings *second = findings_create(LIMIT);
    const void *cursor = NULL;
    (void)state;
    add(first, 0, "mends itself");
    add(first, 0, "stays");
    add(second, 0, "stays");
    add(second, 0, "is new");
    findings_keep_common(first, second);
    assert_int_equal(findings_count(first), 1);
    assert_string_equal(findings_next(first, &cursor)->text, "stays");
    assert_null(findings_next(first, &cursor));
    findings_destroy(first);
    findings_destroy(second);
}

static void same_words_of_another_state_are_another_finding(void **state)
{
    struct findings *first = findings_create(LIMIT);
    struct findings *second = findings_create(LIMIT);
    (void)state;
    add(first, 1, "the count is 1, but there are 2 members");
    add(second, 2, "the count is 1, but there are 2 members");
    findings_keep_common(first, second);
    assert_int_equal(findings_count(first), 0);
    findings_destroy(first);
    findings_destroy(second);
}

static void finding_told_twice_is_one(void **state)
{
    struct findings *findings = findings_create(LIMIT);
    (void)state;
    add(findings, 0, "once");
    add(findings, 0, "once");
    assert_int_equal(findings_count(findings), 1);
    findings_destroy(findings);
}

static void beyond_the_limit_is_left_out_and_said(void **state)
{
    static const char *const texts[] = {"1", "2", "3", "4"};
    struct findings *findings = findings_create(LIMIT);
    (void)state;
    for (size_t i = 0; i < LIMIT; i++)
        add(findings, 0, texts[i]);
    assert_false(findings_is_cut(findings));
    add(findings, 0, texts[0]); /* is there */
    assert_false(findings_is_cut(findings));
    add(findings, 0, texts[LIMIT]);
    assert_true(findings_is_cut(findings));
    assert_int_equal(findings_count(findings), LIMIT);
    findings_destroy(findings);
}

static void all_are_added_to_others(void **state)
{
    struct findings *from = findings_create(LIMIT);
    struct findings *to = findings_create(LIMIT);
    (void)state;
    add(to, 0, "here already");
    add(from, 0, "here already");
    add(from, 0, "comes");
    findings_add_all(to, from);
    findings_destroy(from);
    assert_int_equal(findings_count(to), 2);
    findings_destroy(to);
}

static void none_is_destroyed(void **state)
{
    (void)state;
    findings_destroy(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(finding_of_both_looks_is_kept),
        cmocka_unit_test(same_words_of_another_state_are_another_finding),
        cmocka_unit_test(finding_told_twice_is_one),
        cmocka_unit_test(beyond_the_limit_is_left_out_and_said),
        cmocka_unit_test(all_are_added_to_others),
        cmocka_unit_test(none_is_destroyed),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "ctl_findings");
}
