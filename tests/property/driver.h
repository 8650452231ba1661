/*
 * driver - one run: the real chat between a model of the store and clients, driven by chance.
 */
#ifndef PARLEY_DRIVER_H
#define PARLEY_DRIVER_H

/* Decisions come from chance.h; as many steps, or as long as there are decisions. A fault ends
 * the process. */
void driver_run(long steps);

#endif
