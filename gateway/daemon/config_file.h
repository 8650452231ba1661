/*
 * config_file - the JSON file of --config as pairs of key and text.
 */
#ifndef PARLEY_CONFIG_FILE_H
#define PARLEY_CONFIG_FILE_H

#include <stdbool.h>

enum { CONFIG_FILE_BYTES_MAX = 1 << 20 };

/*
 * Calls on_pair for each member of the file's object: strings as they are, numbers, booleans
 * and objects as JSON writes them, arrays of strings joined by commas. on_pair answers NULL, or
 * an error (*new*) that ends the reading. False: *ret_error says what was wrong. *new*
 */
__attribute__((warn_unused_result)) bool config_file_read(
    const char *path,
    char *(*on_pair)(void *context, const char *key, const char *text, bool is_object),
    void *context, char **ret_error);

#endif
