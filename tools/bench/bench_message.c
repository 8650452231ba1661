/*
 * bench_message - the numbered chat message; see bench_message.h.
 *
 * The run's number is looked for where the last message had it: in one protocol it is nearly
 * always there. Else it is searched for.
 */
#include "bench_message.h"

#include <stdio.h>
#include <string.h>

static const char HEAD_FORMAT[] = "{\"message\":{\"userid\":\"p%04d\",\"time\":\"%.8s:%04d:";
static const char MIDDLE[] = "\",\"message\":\"";
static const char TAIL[] = "\"}}";

enum {
    RUN_AT = sizeof("{\"message\":{\"userid\":\"p0000\",\"time\":\"") - 1,
    PUBLISHER_AT = MESSAGE_RUN_LENGTH + 1, /* this and the next two: from the run's number */
    SEQUENCE_AT = PUBLISHER_AT + 4 + 1,
    TIME_AT = SEQUENCE_AT + 8 + 1,
    NUMBER_LENGTH = TIME_AT + 16,
    PADDING_AT = RUN_AT + NUMBER_LENGTH + sizeof(MIDDLE) - 1,
};

/* Writes `value` as `width` digits, with leading zeros. */
static void put_digits(char *text, int width, uint64_t value)
{
    for (int i = width - 1; i >= 0; i--) {
        text[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

/* Eight ASCII digits at once, on a little-endian machine; the digits are not checked. */
static uint64_t eight_digits(const char *text)
{
    uint64_t value;
    memcpy(&value, text, sizeof(value));
    value -= 0x3030303030303030U;
    value = value * 10 + (value >> 8);
    return (((value & 0x000000FF000000FFU) * 0x000F424000000064U) +
            (((value >> 16) & 0x000000FF000000FFU) * 0x0000271000000001U)) >>
           32;
}

size_t message_min_bytes(void)
{
    return PADDING_AT + sizeof(TAIL) - 1;
}

void message_format(char *payload, size_t size, const char *run, int publisher)
{
    char head[PADDING_AT + 1];
    int length = snprintf(head, sizeof(head), HEAD_FORMAT, publisher, run, publisher);
    memset(payload, 'x', size);
    memcpy(payload, head, (size_t)length);
    message_stamp(payload, 0, 0);
    memcpy(payload + RUN_AT + NUMBER_LENGTH, MIDDLE, sizeof(MIDDLE) - 1);
    memcpy(payload + size - (sizeof(TAIL) - 1), TAIL, sizeof(TAIL) - 1);
}

void message_stamp(char *payload, uint32_t sequence, int64_t sent_ns)
{
    char *number = payload + RUN_AT;
    put_digits(number + SEQUENCE_AT, 8, sequence);
    number[TIME_AT - 1] = ':';
    put_digits(number + TIME_AT, 16, (uint64_t)sent_ns);
}

/* Where the run's number stands in the payload, with all digits behind it; or NULL. */
static const char *find_number(const char *payload, size_t length, const char *run)
{
    if (length < NUMBER_LENGTH) {
        return NULL;
    }
    static size_t last_at = RUN_AT;
    if (length >= last_at + NUMBER_LENGTH &&
        memcmp(payload + last_at, run, MESSAGE_RUN_LENGTH) == 0) {
        return payload + last_at;
    }
    const char *number =
        memmem(payload, length - NUMBER_LENGTH + MESSAGE_RUN_LENGTH, run, MESSAGE_RUN_LENGTH);
    if (number != NULL) {
        last_at = (size_t)(number - payload);
    }
    return number;
}

bool message_parse(const char *payload, size_t length, const char *run,
                   struct message_number *ret_number)
{
    const char *number = find_number(payload, length, run);
    if (number == NULL || number[PUBLISHER_AT - 1] != ':' || number[SEQUENCE_AT - 1] != ':' ||
        number[TIME_AT - 1] != ':') {
        return false;
    }
    const char *publisher = number + PUBLISHER_AT;
    ret_number->publisher = (publisher[0] - '0') * 1000 + (publisher[1] - '0') * 100 +
                            (publisher[2] - '0') * 10 + (publisher[3] - '0');
    ret_number->sequence = (uint32_t)eight_digits(number + SEQUENCE_AT);
    ret_number->sent_ns = (int64_t)(eight_digits(number + TIME_AT) * 100000000U +
                                    eight_digits(number + TIME_AT + 8));
    return true;
}
