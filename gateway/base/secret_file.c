/*
 * secret_file - a secret that a file holds; see secret_file.h.
 */
#include "secret_file.h"

#include "mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECRET_BYTES_MAX = 16384 };

/* One line's end at the end is the editor's, not the secret's. */
static size_t without_line_end(const char *text, size_t length)
{
    if (length > 0 && text[length - 1] == '\n')
        length--;
    return length > 0 && text[length - 1] == '\r' ? length - 1 : length;
}

/* What is wrong with what a file holds; NULL: nothing. */
static const char *judge(const char *text, size_t length, size_t read)
{
    if (read > SECRET_BYTES_MAX)
        return "is too long for a secret";
    if (memchr(text, '\0', length))
        return "holds an octet 0";
    return length == 0 ? "is empty" : NULL;
}

char *secret_file_read(const char *path, char **ret_error)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        *ret_error = mem_printf("%s: %s", path, strerror(errno));
        return NULL;
    }
    char *text = mem_zalloc(SECRET_BYTES_MAX + 2);
    size_t read = fread(text, 1, SECRET_BYTES_MAX + 1, file);
    size_t length = without_line_end(text, read);
    const char *problem = ferror(file) ? "cannot be read" : judge(text, length, read);
    (void)fclose(file);
    char *secret = problem ? NULL : mem_strndup(text, length);
    explicit_bzero(text, SECRET_BYTES_MAX + 2);
    free(text);
    if (problem)
        *ret_error = mem_printf("%s %s", path, problem);
    return secret;
}
