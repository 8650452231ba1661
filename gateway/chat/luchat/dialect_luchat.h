/*
 * dialect_luchat - LuChat's wire format, as the door of its room.
 */
#ifndef PARLEY_DIALECT_LUCHAT_H
#define PARLEY_DIALECT_LUCHAT_H

#include "dialect.h"

extern const struct dialect dialect_luchat;

#endif
