/*
 * service - datagrams to NOTIFY_SOCKET; see service.h. A gateway serves as well when nobody
 * takes them, so that what goes wrong here is not minded.
 */
#include "service.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE_BYTES_MAX = 128 };

/* A path, or a name that begins with @ and is in no folder. 0: there is none, or it is none. */
static socklen_t find_address(struct sockaddr_un *ret_address)
{
    const char *name = getenv("NOTIFY_SOCKET");
    size_t length = name ? strlen(name) : 0;
    if (length < 2 || length >= sizeof(ret_address->sun_path) || !strchr("/@", name[0]))
        return 0;
    memset(ret_address, 0, sizeof(*ret_address));
    ret_address->sun_family = AF_UNIX;
    memcpy(ret_address->sun_path, name, length);
    if (name[0] == '@')
        ret_address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

static void tell(const char *message)
{
    struct sockaddr_un address;
    socklen_t length = find_address(&address);
    if (length == 0)
        return;
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return;
    (void)sendto(descriptor, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT,
                 (const struct sockaddr *)&address, length);
    (void)close(descriptor);
}

void service_say_ready(void)
{
    tell("READY=1");
}

void service_say_reloading(void)
{
    char message[MESSAGE_BYTES_MAX];
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    (void)snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%lld",
                   (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    tell(message);
}

void service_say_stopping(int64_t timeout_ms)
{
    char message[MESSAGE_BYTES_MAX];
    (void)snprintf(message, sizeof(message), "STOPPING=1\nEXTEND_TIMEOUT_USEC=%lld",
                   (long long)timeout_ms * 1000);
    tell(message);
}
