/*
 * secret_file - a secret that a file holds.
 */
#ifndef PARLEY_SECRET_FILE_H
#define PARLEY_SECRET_FILE_H

/* What the file holds, without one line's end at its end. *new*; NULL: *ret_error names the
 * file and says what was wrong (*new*). */
char *secret_file_read(const char *path, char **ret_error);

#endif
