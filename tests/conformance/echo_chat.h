/*
 * echo_chat - a chat that says whatever it hears, to who said it: text as text, binary as
 * binary.
 *
 * Takes the place of chat.c. As the chat does, it keeps for a connection what it does not take
 * yet, reads nothing of it meanwhile, and kills it when it does not take its close frame.
 */
#ifndef PARLEY_ECHO_CHAT_H
#define PARLEY_ECHO_CHAT_H

#include <stdbool.h>

/* Closes all with 1001. */
void echo_chat_drain(void);
bool echo_chat_is_drained(void);
/* Each 100 ms or so: deadlines. */
void echo_chat_tick(void);

#endif
