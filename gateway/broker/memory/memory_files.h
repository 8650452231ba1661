/*
 * memory_files - files in this process's memory, for the broker of a single node.
 */
#ifndef PARLEY_MEMORY_FILES_H
#define PARLEY_MEMORY_FILES_H

#include "broker.h"

#include <stdbool.h>
#include <stddef.h>

struct memory_files;

struct memory_files *memory_files_create(void);
void memory_files_destroy(struct memory_files *files);

/* As broker.h has it; false: not taken. */
bool memory_files_reserve(struct memory_files *files, const struct broker_file *file,
                          bool is_whole, bool *ret_is_share_full);
bool memory_files_append(struct memory_files *files, const struct broker_file *file, size_t at,
                         struct slice piece);
/* Borrowed. */
struct slice memory_files_read(const struct memory_files *files, const char *id, size_t at,
                               size_t length);
void memory_files_remove(struct memory_files *files, const char *id);

/* Forgets the files whose time is over. */
void memory_files_sweep(struct memory_files *files);

#endif
