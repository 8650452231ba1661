/*
 * option_words - the words of a choice.
 */
#ifndef PARLEY_OPTION_WORDS_H
#define PARLEY_OPTION_WORDS_H

/* The number of the text among words with | between them; -1: it is none of them. */
int option_word_number(const char *words, const char *text);

#endif
