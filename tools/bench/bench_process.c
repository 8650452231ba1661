/*
 * bench_process - CPU time and resident memory of a process; see bench_process.h.
 *
 * Each figure has a coarser fallback, for kernels and users that may not read the first.
 */
#include "bench_process.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool cpu_from_clock(pid_t pid, double *ret_cpu_s)
{
    clockid_t clock;
    struct timespec spent;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &spent) != 0) {
        return false;
    }
    *ret_cpu_s = (double)spent.tv_sec + (double)spent.tv_nsec / 1e9;
    return true;
}

static bool cpu_from_stat(pid_t pid, double *ret_cpu_s)
{
    char path[64];
    char line[1024];
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    size_t length = fread(line, 1, sizeof(line) - 1, file);
    (void)fclose(file);
    line[length] = '\0';
    unsigned long user_ticks;
    unsigned long system_ticks;
    const char *after_name = strrchr(line, ')');
    if (after_name == NULL ||
        sscanf(after_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
               &user_ticks, &system_ticks) != 2) {
        return false;
    }
    *ret_cpu_s = (double)(user_ticks + system_ticks) / (double)sysconf(_SC_CLK_TCK);
    return true;
}

/* Reads the line "<name> <n> kB" of a /proc file. */
static bool memory_from(pid_t pid, const char *file_name, const char *line_name,
                        int64_t *ret_bytes)
{
    char path[64];
    char line[256];
    (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file_name);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    bool is_found = false;
    size_t name_length = strlen(line_name);
    while (!is_found && fgets(line, sizeof(line), file) != NULL) {
        long kilobytes;
        if (strncmp(line, line_name, name_length) == 0 &&
            sscanf(line + name_length, " %ld", &kilobytes) == 1) {
            *ret_bytes = (int64_t)kilobytes * 1024;
            is_found = true;
        }
    }
    (void)fclose(file);
    return is_found;
}

bool process_cpu(pid_t pid, double *ret_cpu_s)
{
    return cpu_from_clock(pid, ret_cpu_s) || cpu_from_stat(pid, ret_cpu_s);
}

bool process_sample(pid_t pid, struct process_sample *ret_sample)
{
    struct process_sample sample;
    if (!process_cpu(pid, &sample.cpu_s)) {
        return false;
    }
    if (!memory_from(pid, "smaps_rollup", "Rss:", &sample.rss_bytes) &&
        !memory_from(pid, "status", "VmRSS:", &sample.rss_bytes)) {
        return false;
    }
    *ret_sample = sample;
    return true;
}
