/*
 * wire_format - what messages look like to a session; see wire_format.h.
 */
#include "wire_format.h"

#include "batch.h"
#include "transport.h"

struct batch *wire_format_batch(const struct wire_format *format)
{
    return batch_create(format->transport->framing);
}
