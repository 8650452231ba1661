/*
 * base64 - octets from their text; see base64.h.
 */
#include "base64.h"

#include "mem.h"

#include <stdint.h>
#include <stdlib.h>

static int sextet_of(enum base64_kind kind, char letter)
{
    if (letter >= 'A' && letter <= 'Z')
        return letter - 'A';
    if (letter >= 'a' && letter <= 'z')
        return letter - 'a' + 26;
    if (letter >= '0' && letter <= '9')
        return letter - '0' + 52;
    if (letter == (kind == BASE64_URL ? '-' : '+'))
        return 62;
    return letter == (kind == BASE64_URL ? '_' : '/') ? 63 : -1;
}

/* Takes away what fills the last four letters up. */
static bool unpad(const char *text, size_t *length)
{
    if (*length % 4 != 0)
        return false;
    for (int i = 0; i < 2 && *length > 0 && text[*length - 1] == '='; i++)
        (*length)--;
    return true;
}

/* bytes has room for length octets. */
static bool decode(enum base64_kind kind, const char *text, size_t length, unsigned char *bytes,
                   size_t *ret_length)
{
    uint32_t bits = 0;
    int bit_count = 0;
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        int sextet = sextet_of(kind, text[i]);
        if (sextet < 0)
            return false;
        bits = bits << 6 | (uint32_t)sextet;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            bytes[count++] = (unsigned char)(bits >> bit_count);
            bits &= (1U << bit_count) - 1;
        }
    }
    bytes[count] = '\0';
    *ret_length = count;
    return bit_count < 6 && bits == 0;
}

bool base64_decode(enum base64_kind kind, const char *text, size_t length,
                   unsigned char **ret_bytes, size_t *ret_length)
{
    size_t decoded_length = 0;
    if (kind == BASE64_STANDARD && !unpad(text, &length))
        return false;
    unsigned char *bytes = mem_alloc(length + 1);
    if (!decode(kind, text, length, bytes, &decoded_length)) {
        free(bytes);
        return false;
    }
    *ret_bytes = bytes;
    *ret_length = decoded_length;
    return true;
}
