/*
 * log_sink - standard error, written to without ever waiting for its reader.
 */
#ifndef PARLEY_LOG_SINK_H
#define PARLEY_LOG_SINK_H

#include <stdbool.h>
#include <stddef.h>

/* What a pipe takes whole or not at all (PIPE_BUF), so that lines of several processes on one
 * pipe do not mix. */
enum { LOG_LINE_BYTES_MAX = 4096 };

/* A line with its end, of LOG_LINE_BYTES_MAX at most. False: the reader has no room for it, and
 * it is lost. */
bool log_sink_write(const char *line, size_t length);

#endif
