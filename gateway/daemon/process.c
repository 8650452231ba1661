/*
 * process - what this process is to the system; see process.h.
 */
#include "process.h"

#include "log.h"
#include "mem.h"
#include "random.h"

#include <ctype.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    DESCRIPTORS_MAX = 1 << 20, /* more would only make tables larger */
    DESCRIPTORS_UNKNOWN = 1024,
};

void process_reset_signals(void)
{
    static const int ignored[] = {SIGPIPE, SIGHUP, SIGUSR1, SIGUSR2};
    sigset_t none;
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action; /* a handler is no inheritance: a sanitizer has set it */
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            (void)signal(number, SIG_DFL);
    }
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        (void)signal(ignored[i], SIG_IGN);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

void process_harden(bool has_core_dumps)
{
    if (!has_core_dumps)
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

size_t process_raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return DESCRIPTORS_UNKNOWN;
    limit.rlim_cur = limit.rlim_max > DESCRIPTORS_MAX ? DESCRIPTORS_MAX : limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    return (size_t)limit.rlim_cur;
}

char *process_host_name(void)
{
    char host[HOST_NAME_MAX + 1] = "";
    if (gethostname(host, sizeof(host)) != 0 || memchr(host, '\0', sizeof(host)) == host) {
        char *name = mem_printf("node-%08x", (unsigned)random_number());
        log_event(no_host_name, kv_str("node", name),
                  kv_str("err", "name the node with --node to know it again"));
        return name;
    }
    host[HOST_NAME_MAX] = '\0';
    for (char *c = host; *c; c++) {
        if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
            *c = '-';
    }
    return mem_strdup(host);
}

char *process_place(const char *listen)
{
    char boot[64] = "";
    char network[64] = "";
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    bool is_read = file && fscanf(file, "%63s", boot) == 1;
    ssize_t length = readlink("/proc/self/ns/net", network, sizeof(network) - 1);
    if (file)
        (void)fclose(file);
    return is_read && length > 0 ? mem_printf("%s %s %s", boot, network, listen)
                                 : mem_strdup("");
}
