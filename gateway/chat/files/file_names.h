/*
 * file_names - the names that people give to files: made harmless, and put into links.
 */
#ifndef PARLEY_FILE_NAMES_H
#define PARLEY_FILE_NAMES_H

enum { FILE_NAME_BYTES_MAX = 100 };

/* The last part of a path, in UTF-8, without what means something to a file system or turns
 * the direction of writing; cut in front of its extension. Never empty. *new* */
char *file_name_clean(const char *name);

/* With %XX for all but letters, digits and - . _ ~. *new* */
char *file_name_encode(const char *name);

#endif
