/*
 * memory_limit - how much memory this process may take; see memory_limit.h.
 *
 * Limits of control groups, version 2 and 1, are asked for where a container sees its own group
 * (the root of what is mounted) and where the process says that it is.
 */
#include "memory_limit.h"

#include "mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char ROOT[] = "/sys/fs/cgroup";

enum { LINE_BYTES = 512 };

/* What the file says, if it is a number and less. */
static size_t lower(size_t limit, const char *directory, const char *file)
{
    char *path = mem_printf("%s%s%s", ROOT, directory, file);
    FILE *in = fopen(path, "re");
    unsigned long long bytes = 0;
    if (in && fscanf(in, "%llu", &bytes) == 1 && bytes > 0 && bytes < limit)
        limit = (size_t)bytes;
    if (in)
        (void)fclose(in);
    free(path);
    return limit;
}

/* Version 2 has one line, "0::/its/group". */
static size_t lower_by_own_group(size_t limit)
{
    FILE *in = fopen("/proc/self/cgroup", "re");
    char line[LINE_BYTES];
    while (in && fgets(line, sizeof(line), in)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "0::/", 4) == 0)
            limit = lower(limit, line + 3, "/memory.max");
    }
    if (in)
        (void)fclose(in);
    return limit;
}

size_t memory_limit(void)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long page_bytes = sysconf(_SC_PAGESIZE);
    size_t limit = pages > 0 && page_bytes > 0 ? (size_t)pages * (size_t)page_bytes : SIZE_MAX;
    limit = lower(limit, "", "/memory.max");
    limit = lower(limit, "/memory", "/memory.limit_in_bytes");
    return lower_by_own_group(limit);
}
