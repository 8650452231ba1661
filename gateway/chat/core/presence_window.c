/*
 * presence_window - joins and leaves that are told together; see presence_window.h.
 */
#include "presence_window.h"

#include "mem.h"
#include "text_map.h"

#include <stdlib.h>
#include <string.h>

struct change {
    struct broker_presence presence; /* its texts are *new* */
    char *key;
};

struct presence_window {
    struct text_map *changes; /* by whom they are about; in the order they came */
};

struct presence_window *presence_window_create(void)
{
    struct presence_window *window = mem_alloc(sizeof(*window));
    window->changes = text_map_create();
    return window;
}

static void change_destroy(struct change *change)
{
    free((char *)change->presence.user);
    free((char *)change->presence.client);
    free((char *)change->presence.info);
    free(change->key);
    free(change);
}

void presence_window_clear(struct presence_window *window)
{
    const void *cursor = NULL;
    struct change *change;
    while ((change = text_map_next(window->changes, &cursor))) {
        text_map_remove(window->changes, change->key);
        change_destroy(change);
    }
}

void presence_window_destroy(struct presence_window *window)
{
    if (!window)
        return;
    presence_window_clear(window);
    text_map_destroy(window->changes);
    free(window);
}

char *presence_key(const char *user, const char *client, bool is_each_connection_told)
{
    if (is_each_connection_told || user[0] == '\0')
        return mem_printf("c%s", client);
    return mem_printf("u%s", user);
}

void presence_window_add(struct presence_window *window, const struct broker_presence *presence,
                         bool is_each_connection_told, uint64_t listed)
{
    char *key = presence_key(presence->user, presence->client, is_each_connection_told);
    struct change *former = text_map_remove(window->changes, key);
    bool is_undone = former && former->presence.version > listed &&
                     former->presence.kind != presence->kind &&
                     strcmp(former->presence.info, presence->info) == 0;
    if (former)
        change_destroy(former);
    if (is_undone) {
        free(key);
        return;
    }
    struct change *change = mem_alloc(sizeof(*change));
    *change = (struct change){*presence, key};
    change->presence.user = mem_strdup(presence->user);
    change->presence.client = mem_strdup(presence->client);
    change->presence.info = mem_strdup(presence->info);
    text_map_add(window->changes, key, change);
}

size_t presence_window_count(const struct presence_window *window)
{
    return text_map_count(window->changes);
}

void presence_window_each(const struct presence_window *window,
                          void (*on_change)(void *context,
                                            const struct broker_presence *change),
                          void *context)
{
    const void *cursor = NULL;
    const struct change *change;
    while ((change = text_map_next(window->changes, &cursor)))
        on_change(context, &change->presence);
}
