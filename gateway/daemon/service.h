/*
 * service - what whoever started this process as a service is told of it: that it listens,
 * reads anew, leaves.
 *
 * The protocol is systemd's (sd_notify(3)): lines in a datagram to the socket that the variable
 * NOTIFY_SOCKET names. Where there is none, nobody is told, and nothing is different.
 */
#ifndef PARLEY_SERVICE_H
#define PARLEY_SERVICE_H

#include <stdint.h>

/* It listens. Also after service_say_reloading, when all was read. */
void service_say_ready(void);
void service_say_reloading(void);
/* It says goodbye to all, which may take as long as this and is no reason to kill it. */
void service_say_stopping(int64_t timeout_ms);

#endif
