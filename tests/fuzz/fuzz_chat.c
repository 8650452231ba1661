/*
 * fuzz_chat - any bytes as the decisions of a run of the whole chat; see tests/property.
 */
#include "fuzz.h"

#include "chance.h"
#include "driver.h"
#include "fault.h"
#include "log.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    log_configure(LOG_ERROR, LOG_LOGFMT);
    fault_set_run("these bytes");
    chance_from_bytes(bytes, length);
    driver_run((long)length);
    return 0;
}
