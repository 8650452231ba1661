/*
 * fuzz_redis - any bytes as what is heard from Redis, and as the URL that leads there.
 */
#include "fuzz.h"

#include "config.h"
#include "mem.h"
#include "redis_envelope.h"
#include "redis_url.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct envelope envelope;
    (void)!envelope_parse((const char *)bytes, length, &envelope);
    char *text = mem_strndup((const char *)bytes, length);
    struct redis_url url;
    char *error = NULL;
    if (redis_url_parse(text, &url, &error))
        redis_url_finish(&url);
    free(error);
    free(config_mask_url(text));
    free(text);
    return 0;
}
