/*
 * Tests of what parley-bench judges by: histogram, message numbers, ledger, series, protocols.
 */
#include "bench_ledger.h"
#include "bench_message.h"
#include "bench_plan.h"
#include "bench_protocol.h"
#include "bench_series.h"
#include "bench_shared.h"
#include "histogram.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------------------- histogram */

static void quantiles_are_within_a_hundredth(void **state)
{
    (void)state;
    struct histogram *histogram = calloc(1, sizeof(*histogram));
    for (uint64_t value = 1; value <= 100000; value++) {
        histogram_record(histogram, value * 1000);
    }
    uint64_t median = histogram_quantile(histogram, 0.5);
    uint64_t high = histogram_quantile(histogram, 0.999);
    assert_in_range(median, 50000000, 50500000);
    assert_in_range(high, 99900000, 100000000);
    assert_int_equal(histogram_quantile(histogram, 1), 100000000);
    assert_in_range(histogram_up_to(histogram, 25000000), 24750, 25000);
    free(histogram);
}

static void quantile_of_nothing_is_zero(void **state)
{
    (void)state;
    static const struct histogram empty;
    assert_int_equal(histogram_quantile(&empty, 0.99), 0);
}

static void largest_value_has_a_bucket(void **state)
{
    (void)state;
    struct histogram *histogram = calloc(1, sizeof(*histogram));
    histogram_record(histogram, UINT64_MAX);
    assert_true(histogram_quantile(histogram, 0.5) == UINT64_MAX);
    free(histogram);
}

/* ------------------------------------------------------------------------------ message */

static void message_is_read_wherever_it_stands(void **state)
{
    (void)state;
    char payload[128];
    char wrapped[256] = "{\"push\":{\"channel\":\"c\",\"pub\":{\"data\":";
    struct message_number number;
    message_format(payload, sizeof(payload), "0badcafe", 17);
    message_stamp(payload, 12345678, 9876543210123456);
    size_t start = strlen(wrapped);
    memcpy(wrapped + start, payload, sizeof(payload));
    assert_true(message_parse(payload, sizeof(payload), "0badcafe", &number));
    assert_true(message_parse(wrapped, start + sizeof(payload), "0badcafe", &number));
    assert_int_equal(number.publisher, 17);
    assert_int_equal(number.sequence, 12345678);
    assert_true(number.sent_ns == 9876543210123456);
}

static void message_of_another_run_is_none(void **state)
{
    (void)state;
    char payload[128];
    struct message_number number;
    message_format(payload, sizeof(payload), "0badcafe", 17);
    assert_false(message_parse(payload, sizeof(payload), "12345678", &number));
    assert_false(message_parse("0badcafe", 8, "0badcafe", &number));
}

/* ------------------------------------------------------------------------------- ledger */

/* Two subscribers in one channel; the first is the publisher, of ten messages. */
static struct ledger *two_subscribers(struct bench_shared **ret_shared)
{
    static const struct plan plan = {
        .connections = 2, .channels = 1, .publishers = 1, .addresses = 1, .workers = 1};
    *ret_shared = shared_create(1, 1);
    shared_set_sent(*ret_shared, 0, 10);
    return ledger_create(&plan, *ret_shared, 0, /* window= */ 16);
}

static enum ledger_verdict take(struct ledger *ledger, uint32_t sequence, int64_t *lost)
{
    return ledger_take(ledger, 1, 0, sequence, lost);
}

static void gap_is_lost_until_it_is_filled(void **state)
{
    (void)state;
    struct bench_shared *shared;
    struct ledger *ledger = two_subscribers(&shared);
    int64_t lost = 0;
    assert_int_equal(take(ledger, 1, &lost), LEDGER_NEXT);
    assert_int_equal(take(ledger, 4, &lost), LEDGER_SKIPPED);
    assert_int_equal(lost, 2);
    assert_int_equal(take(ledger, 2, &lost), LEDGER_DISORDERED);
    assert_int_equal(lost, 1);
    assert_int_equal(take(ledger, 2, &lost), LEDGER_DUPLICATED);
    assert_int_equal(take(ledger, 4, &lost), LEDGER_DUPLICATED);
    assert_int_equal(lost, 1);
    ledger_destroy(ledger);
}

static void message_never_sent_has_strayed(void **state)
{
    (void)state;
    struct bench_shared *shared;
    struct ledger *ledger = two_subscribers(&shared);
    int64_t lost = 0;
    assert_int_equal(take(ledger, 11, &lost), LEDGER_STRAYED);
    assert_int_equal(ledger_take(ledger, 1, 5, 1, &lost), LEDGER_STRAYED);
    ledger_destroy(ledger);
}

static void what_never_came_is_outstanding(void **state)
{
    (void)state;
    struct bench_shared *shared;
    struct ledger *ledger = two_subscribers(&shared);
    int64_t lost = 0;
    take(ledger, 1, &lost);
    assert_int_equal(ledger_outstanding(ledger), 9 + 10);
    ledger_destroy(ledger);
}

static void window_moves_when_all_have_a_message(void **state)
{
    (void)state;
    struct bench_shared *shared;
    struct ledger *ledger = two_subscribers(&shared);
    int64_t lost = 0;
    take(ledger, 1, &lost);
    assert_int_equal(shared_done(shared, 0), 0);
    ledger_take(ledger, 0, 0, 1, &lost);
    assert_int_equal(shared_done(shared, 0), 1);
    take(ledger, 2, &lost);
    ledger_drop(ledger, 0); /* nobody waits for it any more */
    assert_int_equal(shared_done(shared, 0), 2);
    ledger_destroy(ledger);
}

/* ------------------------------------------------------------------------------- series */

static void long_run_keeps_its_points_apart(void **state)
{
    (void)state;
    struct series *series = calloc(1, sizeof(*series));
    int taken = 0;
    for (int i = 0; i < 6000; i++) {
        if (series_is_due(series, i * 0.1)) {
            series_add(series, i * 0.1)->delivered = (uint64_t)i;
            taken++;
        }
    }
    assert_in_range(series->count, SERIES_MAX_POINTS / 2, SERIES_MAX_POINTS);
    assert_true(taken > series->count);
    for (int i = 1; i < series->count; i++) {
        assert_true(series->points[i].at_s > series->points[i - 1].at_s);
    }
    assert_in_range(series->points[series->count - 1].delivered, 5900, 6000);
    free(series);
}

/* ---------------------------------------------------------------------------- protocols */

static void lines_of_a_frame_are_texts(void **state)
{
    (void)state;
    const char *payload = "{\"id\":1}\n{}";
    size_t length = strlen(payload);
    const char *text;
    size_t text_length;
    const struct protocol *protocol = protocol_find("centrifuge");
    assert_true(protocol_next(protocol, &payload, &length, &text, &text_length));
    assert_memory_equal(text, "{\"id\":1}", text_length);
    assert_true(protocol_next(protocol, &payload, &length, &text, &text_length));
    assert_memory_equal(text, "{}", 2);
    assert_int_equal(text_length, 2);
    assert_false(protocol_next(protocol, &payload, &length, &text, &text_length));
}

static void frame_has_the_payload_inside(void **state)
{
    (void)state;
    struct protocol_frame frame =
        protocol_frame(protocol_find("nats"), "room", 4, /* is_masked= */ false);
    memcpy(frame.bytes + frame.payload_at, "abcd", 4);
    assert_int_equal(frame.length, 2 + strlen("PUB room 4\r\nabcd\r\n"));
    assert_memory_equal(frame.bytes + 2, "PUB room 4\r\nabcd\r\n", frame.length - 2);
    free(frame.bytes);
}

static const struct news_row {
    const char *name;
    const char *protocol;
    const char *text;
    enum protocol_news news;
} news_rows[] = {
    {"luchat_pong_is_a_pong", "luchat", "pong", NEWS_PONG},
    {"luchat_users_are_a_join", "luchat", "{\"users\":[]}", NEWS_JOINED},
    {"luchat_error_is_a_refusal", "luchat", "{\"error\":{\"code\":400}}", NEWS_REFUSED},
    {"centrifuge_second_reply_subscribes", "centrifuge", "{\"id\":2,\"subscribe\":{}}",
     NEWS_SUBSCRIBED},
    {"centrifuge_error_is_a_refusal", "centrifuge", "{\"id\":2,\"error\":{\"code\":103}}",
     NEWS_REFUSED},
    {"centrifuge_publish_reply_is_nothing", "centrifuge", "{\"id\":3,\"publish\":{}}",
     NEWS_OTHER},
    {"nats_pong_subscribes", "nats", "PONG\r", NEWS_SUBSCRIBED},
    {"nats_error_is_a_refusal", "nats", "-ERR 'Slow Consumer'\r", NEWS_REFUSED},
    {"socketio_joined_subscribes", "socketio", "42[\"joined\",\"room\"]", NEWS_SUBSCRIBED},
    {"raw_text_is_nothing", "raw", "pong", NEWS_OTHER},
};

static void news_are_told_apart(void **state)
{
    const struct news_row *row = *state;
    const struct protocol *protocol = protocol_find(row->protocol);
    assert_int_equal(protocol->on_text(NULL, "room", row->text, strlen(row->text)), row->news);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_within_a_hundredth),
        cmocka_unit_test(quantile_of_nothing_is_zero),
        cmocka_unit_test(largest_value_has_a_bucket),
        cmocka_unit_test(message_is_read_wherever_it_stands),
        cmocka_unit_test(message_of_another_run_is_none),
        cmocka_unit_test(gap_is_lost_until_it_is_filled),
        cmocka_unit_test(message_never_sent_has_strayed),
        cmocka_unit_test(what_never_came_is_outstanding),
        cmocka_unit_test(window_moves_when_all_have_a_message),
        cmocka_unit_test(long_run_keeps_its_points_apart),
        cmocka_unit_test(lines_of_a_frame_are_texts),
        cmocka_unit_test(frame_has_the_payload_inside),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    UNIT_ADD_ROWS(&suite, news_rows, news_are_told_apart);
    return unit_run(&suite, "bench");
}
