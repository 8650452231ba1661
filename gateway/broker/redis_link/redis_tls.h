/*
 * redis_tls - TLS on a connection to Redis: the certificate is checked, and so is the name.
 */
#ifndef PARLEY_REDIS_TLS_H
#define PARLEY_REDIS_TLS_H

#include <stdbool.h>

struct redisContext;
struct redis_url;

/* ca_file "": the system's certificates. False: *ret_error is why, borrowed. */
__attribute__((warn_unused_result)) bool redis_tls_start(struct redisContext *connection,
                                                         const struct redis_url *url,
                                                         const char *ca_file,
                                                         const char **ret_error);

#endif
