/*
 * ws_assembly - messages that come in pieces, until they are complete.
 *
 * A connection has one while a message of its has begun and is not complete; all of them stand
 * in a list, the oldest first, so that who takes too long for a message is found at once.
 */
#ifndef PARLEY_WS_ASSEMBLY_H
#define PARLEY_WS_ASSEMBLY_H

#include <stddef.h>
#include <stdint.h>

struct ws_assembly;
struct ws_assemblies;

struct ws_assemblies *ws_assemblies_create(void);             /* *new* */
void ws_assemblies_destroy(struct ws_assemblies *assemblies); /* all are ended */

/* A message of the owner begins now. *new* */
struct ws_assembly *ws_assembly_begin(struct ws_assemblies *assemblies, void *owner);
void ws_assembly_end(struct ws_assembly *assembly); /* takes NULL */
/* As if it had begun now. */
void ws_assembly_restart(struct ws_assembly *assembly);

/* expected: how long the message can become, as far as that is known. */
void ws_assembly_append(struct ws_assembly *assembly, const char *bytes, size_t length,
                        size_t expected);
const char *ws_assembly_bytes(const struct ws_assembly *assembly);
size_t ws_assembly_length(const struct ws_assembly *assembly); /* takes NULL: 0 */
/* One fragment more; answers how many there were. */
unsigned int ws_assembly_count_fragment(struct ws_assembly *assembly);

/* The owner of the oldest; NULL: there is none. */
void *ws_assemblies_oldest(const struct ws_assemblies *assemblies);
/* The owner of one that began longer ago than this; NULL: there is none. */
void *ws_assemblies_overdue(const struct ws_assemblies *assemblies, int64_t timeout_ms);

#endif
