/*
 * text_list - lists in one text: words separated by commas, blanks around them do not count.
 */
#ifndef PARLEY_TEXT_LIST_H
#define PARLEY_TEXT_LIST_H

#include "slice.h"

#include <stdbool.h>

/* The word at *list, which is moved behind it; false: there is none any more. Start with the
 * list itself. The word is borrowed. */
bool text_list_next(const char **list, struct slice *ret_word);

/* Letters are compared without their case; "" is in no list. */
bool text_list_has(const char *list, const char *word);

#endif
