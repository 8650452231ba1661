/*
 * id_table - numbers for objects that may be gone when an answer arrives.
 *
 * A request to Redis carries an id, not a pointer; the reply looks the id up and finds the
 * object, or NULL when it is gone. An id is never given twice in the life of a process.
 */
#ifndef PARLEY_ID_TABLE_H
#define PARLEY_ID_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct id_table;

struct id_table *id_table_create(void);
void id_table_destroy(struct id_table *table); /* the objects are not touched */

uint64_t id_table_add(struct id_table *table, void *object); /* object is borrowed; id > 0 */
void id_table_remove(struct id_table *table, uint64_t id);
void *id_table_find(const struct id_table *table, uint64_t id); /* NULL: none, or gone */
size_t id_table_count(const struct id_table *table);

/* Walks all objects: start with *cursor = 0; NULL at the end. The object just answered may
 * be removed while walking. */
void *id_table_next(const struct id_table *table, size_t *cursor);

#endif
