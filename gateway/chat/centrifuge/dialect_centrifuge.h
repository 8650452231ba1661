/*
 * dialect_centrifuge - the Centrifuge client protocol, as the door of its room.
 */
#ifndef PARLEY_DIALECT_CENTRIFUGE_H
#define PARLEY_DIALECT_CENTRIFUGE_H

#include "dialect.h"

extern const struct dialect dialect_centrifuge;

#endif
