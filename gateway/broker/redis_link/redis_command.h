/*
 * redis_command - a command as Redis wants it on the wire, in a buffer that is used again.
 */
#ifndef PARLEY_REDIS_COMMAND_H
#define PARLEY_REDIS_COMMAND_H

#include <stddef.h>

/* Zeroed memory is an empty one. */
struct redis_command {
    char *bytes;   /* with a final zero */
    size_t length; /* without it */
    size_t capacity;
};

/* The parts may hold any octet. What the command was before is gone. */
void redis_command_print(struct redis_command *command, size_t part_count,
                         const char *const *parts, const size_t *lengths);
void redis_command_finish(struct redis_command *command);

#endif
