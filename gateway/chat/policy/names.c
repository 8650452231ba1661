/*
 * names - what users, channels and idempotency keys may be called; see names.h.
 */
#include "names.h"

#include "broker.h"
#include "text.h"

#include <string.h>

bool names_is_channel(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= CHANNEL_NAME_BYTES_MAX && text_is_utf8(name, length) &&
           !text_has_control(name, length) && !strpbrk(name, " {}");
}

bool names_is_key(const char *key)
{
    size_t length = strlen(key);
    return length > 0 && length <= BROKER_KEY_BYTES_MAX && !text_has_control(key, length);
}
