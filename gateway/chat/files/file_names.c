/*
 * file_names - the names that people give to files; see file_names.h.
 */
#include "file_names.h"

#include "mem.h"
#include "text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { EXTENSION_BYTES_MAX = 16 };

static const char *last_part(const char *name)
{
    const char *last = name;
    for (; *name; name++) {
        if (*name == '/' || *name == '\\')
            last = name + 1;
    }
    return last;
}

/* Marks that turn the direction of writing, so that "gpj.exe" may look like "exe.jpg":
 * U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069. */
static bool is_direction_mark(const unsigned char *at)
{
    if (at[0] != 0xe2)
        return false;
    if (at[1] == 0x80)
        return at[2] == 0x8e || at[2] == 0x8f || (at[2] >= 0xaa && at[2] <= 0xae);
    return at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9;
}

static void make_harmless(char *name)
{
    for (unsigned char *at = (unsigned char *)name; *at; at++) {
        if (*at < 0x20 || *at == 0x7f || strchr("\"<>|:*?%;", *at))
            *at = '_';
        else if (is_direction_mark(at))
            memset(at, '_', 3);
    }
    if (name[0] == '.')
        name[0] = '_';
}

static void cut_before_extension(char *name)
{
    size_t length = strlen(name);
    if (length <= FILE_NAME_BYTES_MAX)
        return;
    const char *dot = strrchr(name, '.');
    size_t extension = dot ? strlen(dot) : 0;
    if (extension > EXTENSION_BYTES_MAX)
        extension = 0;
    size_t kept = text_cut(name, FILE_NAME_BYTES_MAX - extension);
    memmove(name + kept, name + length - extension, extension + 1);
}

char *file_name_clean(const char *name)
{
    const char *part = last_part(name);
    if (!part[0] || !text_is_utf8(part, strlen(part)))
        return mem_strdup("file");
    char *clean = mem_strdup(part);
    make_harmless(clean);
    cut_before_extension(clean);
    return clean;
}

char *file_name_encode(const char *name)
{
    char *encoded = mem_alloc(3 * strlen(name) + 1);
    char *at = encoded;
    for (const unsigned char *from = (const unsigned char *)name; *from; from++) {
        if ((*from < 0x80 && isalnum(*from)) || strchr("-._~", *from))
            *at++ = (char)*from;
        else
            at += sprintf(at, "%%%02X", *from);
    }
    *at = '\0';
    return encoded;
}
