/*
 * text_map - objects found by a text: channels by name, members by connection.
 */
#ifndef PARLEY_TEXT_MAP_H
#define PARLEY_TEXT_MAP_H

#include <stddef.h>

struct text_map;

struct text_map *text_map_create(void);
void text_map_destroy(struct text_map *map); /* takes NULL; the objects are not touched */

void *text_map_find(const struct text_map *map, const char *key); /* NULL: none */
/* The key is copied and must not be there yet; object is borrowed and not NULL. */
void text_map_add(struct text_map *map, const char *key, void *object);
/* Answers the object that was there, or NULL. */
void *text_map_remove(struct text_map *map, const char *key);
size_t text_map_count(const struct text_map *map);

/* Walks all objects in the order they were added: start with *cursor = NULL; NULL at the
 * end. The object just answered may be removed while walking. */
void *text_map_next(const struct text_map *map, const void **cursor);

#endif
