/*
 * fuzz_luchat - any bytes as a LuChat frame: decoded or refused, and what was a message can be
 * encoded again.
 */
#include "fuzz.h"

#include "batch.h"
#include "broker.h"
#include "luchat_codec.h"
#include "ws_framing.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const char info[] = "{\"client\":\"c\",\"user\":\"u\"}";
    struct luchat_command command;
    luchat_decode((const char *)bytes, length, &command);
    if (command.kind == LUCHAT_INVALID) {
        struct batch *batch = batch_create(&ws_framing);
        luchat_encode_error(batch, LUCHAT_BAD_REQUEST, command.error);
        batch_unref(batch);
    }
    luchat_command_finish(&command);
    struct publication *publication = publication_create(
        1, (struct slice){bytes, length}, (struct slice){info, sizeof(info) - 1});
    struct batch *batch = batch_create(&ws_framing);
    luchat_encode_publication(batch, publication, /* is_open= */ false);
    batch_unref(batch);
    publication_unref(publication);
    return 0;
}
