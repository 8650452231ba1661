/*
 * fuzz_texts - any bytes as what is configured, what nodes order each other, and what files are
 * called. The first byte says as which.
 */
#include "fuzz.h"

#include "address.h"
#include "chat.h"
#include "control_order.h"
#include "file_names.h"
#include "media_type.h"
#include "mem.h"
#include "names.h"
#include "namespaces.h"
#include "text.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void read_namespaces(const char *text)
{
    static const struct namespace_options defaults = {.presence_limit = 10};
    char *error = NULL;
    struct namespaces *namespaces = namespaces_create(text, &defaults, &error);
    assert(!namespaces == !!error);
    if (namespaces) {
        (void)namespaces_find(namespaces, "chat:1");
        (void)namespaces_find(namespaces, text);
    }
    namespaces_destroy(namespaces);
    free(error);
}

/* What is understood can be said again, and is understood again. */
static void read_order(const char *text, size_t length)
{
    struct control_order order;
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    if (root && control_order_read(root, &order)) {
        char *printed = control_order_print(&order);
        struct control_order again;
        json_t *root_again = json_loads(printed, 0, NULL);
        assert(root_again && control_order_read(root_again, &again));
        assert(again.kind == order.kind && strcmp(again.user, order.user) == 0);
        json_decref(root_again);
        free(printed);
    }
    json_decref(root);
}

static void read_file_name(const char *text)
{
    char *clean = file_name_clean(text);
    char *again = file_name_clean(clean);
    char *encoded = file_name_encode(clean);
    assert(clean[0] && strlen(clean) <= FILE_NAME_BYTES_MAX);
    assert(text_is_utf8(clean, strlen(clean)) && !strchr(clean, '/'));
    assert(!text_has_control(clean, strlen(clean)) && strcmp(clean, again) == 0);
    free(encoded);
    free(again);
    free(clean);
}

static void read_names(const char *text)
{
    struct address address;
    (void)!address_parse(text, &address);
    (void)names_is_channel(text);
    (void)names_is_key(text);
    (void)media_type_is_valid(text);
    if (media_types_are_valid(text))
        (void)media_types_have(text, "image/png");
    (void)media_types_have("image/*, text/plain", text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return 0;
    char *text = mem_strndup((const char *)bytes + 1, length - 1);
    switch (bytes[0] % 4) {
    case 0:
        read_namespaces(text);
        break;
    case 1:
        read_order((const char *)bytes + 1, length - 1);
        break;
    case 2:
        read_file_name(text);
        break;
    default:
        read_names(text);
    }
    free(text);
    return 0;
}
