/*
 * client - clients of both dialects around the real chat: what they say, how badly they take
 * what they are sent, and whether it was right.
 *
 * A LuChat client gets the numbers of its channel without repetition and without a jump that
 * was not counted as a gap. An SDK gets offset after offset with the right bytes from where its
 * subscription began; `recovered` brings exactly what was missing. Every frame is JSON, whole
 * and unmasked.
 */
#ifndef PARLEY_CLIENT_H
#define PARLEY_CLIENT_H

#include <stdbool.h>

struct hub;

enum { CLIENTS = 120 };

/* All are unconnected. Chance says whether they will be a crowd in one channel, which gets its
 * messages in slices, or fewer in several. */
void clients_reset(struct hub *hub);

/* client: 0 to CLIENTS - 1. Nothing happens if it is not in the state for it. */
void client_connect(int client);
void client_speak(int client);
void client_disconnect(int client);
/* Its id in the cluster, "" if it is unconnected. *borrowed* until the next call. */
const char *client_id(int client);
void client_expire_subscription(int client); /* as a token would have it */
void client_stop_reading(int client);
void client_read(int client);

/* Those whom the node has closed are gone. */
void clients_end_closed(void);
/* All read until there is nothing more. */
void clients_read_all(void);
/* When all is quiet: has everybody got everything? With the lists of users, if they are to be
 * checked, too: it is known that not all of them are right yet. */
extern bool clients_check_lists;
void clients_check_rest(void);
void clients_disconnect_all(void);

#endif
