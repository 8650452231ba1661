/*
 * client_info - a client as it is named to others: beside a publication, in lists of presence.
 *
 * One form of JSON for all dialects and for the store. Pure functions.
 */
#ifndef PARLEY_CLIENT_INFO_H
#define PARLEY_CLIENT_INFO_H

/* {"client":...,"user":...,"conn_info":...}; info is JSON, "null": without conn_info. *new* */
char *client_info_print(const char *client, const char *user, const char *info);

#endif
