/*
 * fuzz_centrifuge - any bytes as a frame of the Centrifuge protocol: each command is read, its
 * data found where it stands, and pushed on.
 */
#include "fuzz.h"

#include "batch.h"
#include "broker.h"
#include "centrifuge_codec.h"
#include "json_span.h"
#include "ws_framing.h"

static void push_data(const struct centrifuge_command *command)
{
    struct json_span data;
    if (!json_span_member(command->raw.start, command->raw.length, "data", &data))
        return;
    struct publication *publication =
        publication_create(1, (struct slice){data.start, data.length}, (struct slice){"", 0});
    struct batch *batch = batch_create(&ws_framing);
    centrifuge_encode_publication(batch, "chat:\"1\"", publication);
    batch_unref(batch);
    publication_unref(publication);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct centrifuge_reader reader = {(const char *)bytes, (const char *)bytes + length};
    enum centrifuge_read kind;
    do {
        struct centrifuge_command command;
        kind = centrifuge_read(&reader, &command);
        if (kind == CENTRIFUGE_COMMAND)
            push_data(&command);
        centrifuge_command_finish(&command);
    } while (kind == CENTRIFUGE_COMMAND || kind == CENTRIFUGE_PONG);
    return 0;
}
