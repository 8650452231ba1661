/*
 * ctl_channels - the channels of a cluster, found without asking any node.
 */
#ifndef PARLEY_CTL_CHANNELS_H
#define PARLEY_CTL_CHANNELS_H

#include <stdbool.h>
#include <stddef.h>

struct store;
struct text_map;

/*
 * Takes PREFIX:{NAME} or PREFIX:{NAME}:PART apart. *ret_name is *new*; *ret_part is borrowed
 * from the key, "" where there is none. False: it is no channel's key.
 */
__attribute__((warn_unused_result)) bool channel_of_key(const char *prefix, const char *key,
                                                        size_t length, char **ret_name,
                                                        const char **ret_part);

#endif
