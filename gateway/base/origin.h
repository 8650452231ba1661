/*
 * origin - lists of the origins that pages have, as browsers write them in the Origin header,
 * and of hosts.
 */
#ifndef PARLEY_ORIGIN_H
#define PARLEY_ORIGIN_H

/* A list that can never match is a mistake: what is wrong with it, and how to write it; NULL:
 * nothing. name: the option's, as the user wrote it. *new* */
char *origins_check(const char *list, const char *name);

/* The same for a list of names of hosts; an origin stands for its host. */
char *hosts_check(const char *list, const char *name);

#endif
