/*
 * http_origin - which pages and which names of ours are welcome.
 *
 * Knows no connection: texts only.
 */
#ifndef PARLEY_HTTP_ORIGIN_H
#define PARLEY_HTTP_ORIGIN_H

#include <stdbool.h>

/* By which scheme the page would have asked if it is ours. */
enum http_scheme { HTTP_SCHEME_UNKNOWN, HTTP_SCHEME_PLAIN, HTTP_SCHEME_TLS };

/* An Origin header against a list (separated by commas, "*" for all), and against what Host
 * says and the scheme, as far as that is known. */
bool http_origin_is_allowed(const char *allowed_origins, const char *origin, const char *host,
                            enum http_scheme scheme);

/* Is what Host says (with or without a port) a name of ours? allowed_hosts: a list, "*" for
 * all; to it belong the hosts of the origins and the names of this machine (localhost,
 * 127.0.0.1, ...). "": whoever asks from this machine is to use one of these, an address or a
 * name without a dot, which no stranger can point anywhere; others may use any. */
bool http_origin_is_host_allowed(const char *allowed_hosts, const char *allowed_origins,
                                 const char *host, bool is_from_here);

#endif
