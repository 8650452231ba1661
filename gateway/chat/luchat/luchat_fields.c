/*
 * luchat_fields - what the members of LuChat's frames may be; see luchat_fields.h.
 */
#include "luchat_fields.h"

#include "luchat_codec.h"
#include "luchat_scan.h"
#include "names.h"
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct luchat_field luchat_message_fields[] = {
    {"userid", LUCHAT_TYPE_STRING | LUCHAT_TYPE_INTEGER, USER_BYTES_MAX, true, true},
    {"userphone", LUCHAT_TYPE_STRING | LUCHAT_TYPE_INTEGER | LUCHAT_TYPE_NULL,
     LUCHAT_PHONE_BYTES_MAX, false, false},
    {"message", LUCHAT_TYPE_STRING | LUCHAT_TYPE_NULL, 0, false, false},
    {"time", LUCHAT_TYPE_STRING | LUCHAT_TYPE_NUMBER | LUCHAT_TYPE_NULL, LUCHAT_PHONE_BYTES_MAX,
     false, false},
    {"filelink", LUCHAT_TYPE_STRING | LUCHAT_TYPE_NULL, 0, false, false},
    {.name = NULL},
};

const struct luchat_field luchat_online_fields[] = {
    {"userid", LUCHAT_TYPE_STRING | LUCHAT_TYPE_INTEGER, USER_BYTES_MAX, true, true},
    {"userphone", LUCHAT_TYPE_STRING | LUCHAT_TYPE_INTEGER | LUCHAT_TYPE_NULL,
     LUCHAT_PHONE_BYTES_MAX, false, false},
    {.name = NULL},
};

bool luchat_fail(struct luchat_command *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    command->kind = LUCHAT_INVALID;
    (void)vsnprintf(command->error, sizeof(command->error), format, args);
    va_end(args);
    return false;
}

static const char *types_text(int types)
{
    if (types & LUCHAT_TYPE_NUMBER)
        return "a string or a number";
    if (types & LUCHAT_TYPE_INTEGER)
        return "a string or a whole number";
    return "a string";
}

bool luchat_check_value(struct luchat_command *command, const char *kind,
                        const struct luchat_field *field, const struct luchat_typed *value)
{
    if (!(value->types & field->types))
        return luchat_fail(command, "%s.%s must be %s", kind, field->name,
                           types_text(field->types));
    if (!(value->types & LUCHAT_TYPE_STRING))
        return true;
    size_t length = value->text.length;
    if (field->bytes_max > 0 && length > field->bytes_max)
        return luchat_fail(command, "%s.%s is longer than %zu bytes", kind, field->name,
                           field->bytes_max);
    if (field->is_line && length == 0)
        return luchat_fail(command, "%s.%s is empty", kind, field->name);
    if (field->is_line && text_has_control(value->text.bytes, length))
        return luchat_fail(command, "%s.%s has control characters", kind, field->name);
    return true;
}

const struct luchat_field *luchat_find_field(const struct luchat_field *fields,
                                             struct slice name)
{
    for (; fields->name; fields++) {
        if (strlen(fields->name) == name.length &&
            memcmp(fields->name, name.bytes, name.length) == 0)
            return fields;
    }
    return NULL;
}

/* ---------------------------------------------------------- without a tree: the usual message
 */

static int type_of_member(const struct luchat_member *member)
{
    switch (member->kind) {
    case LUCHAT_STRING:
        return LUCHAT_TYPE_STRING;
    case LUCHAT_INTEGER:
        return LUCHAT_TYPE_INTEGER | LUCHAT_TYPE_NUMBER;
    case LUCHAT_NULL:
        return LUCHAT_TYPE_NULL;
    }
    return 0;
}

/* What is known of a message so far: bits of fields by their places in luchat_message_fields.
 */
struct seen {
    unsigned fields;
    unsigned strings;
};

static unsigned bit_of(const char *name)
{
    return 1U << (luchat_find_field(luchat_message_fields, slice_of(name)) -
                  luchat_message_fields);
}

static bool take_member(struct luchat_command *command, const struct luchat_member *member,
                        struct seen *seen)
{
    const struct luchat_field *field = luchat_find_field(luchat_message_fields, member->name);
    struct luchat_typed value = {type_of_member(member), member->text};
    if (!field || !luchat_check_value(command, "message", field, &value))
        return false;
    unsigned bit = 1U << (field - luchat_message_fields);
    if (seen->fields & bit)
        return false;
    seen->fields |= bit;
    if (member->kind == LUCHAT_STRING)
        seen->strings |= bit;
    if (field->is_required) /* the user's: checked above, it fits */
        *(char *)mempcpy(command->user, member->text.bytes, member->text.length) = '\0';
    return true;
}

bool luchat_decode_plain(const char *bytes, size_t length, struct luchat_command *command)
{
    struct slice name;
    struct luchat_member members[LUCHAT_MEMBERS_MAX];
    struct seen seen = {0, 0};
    size_t count;
    if (!luchat_scan(bytes, length, &name, members, &count) ||
        name.length != strlen("message") || memcmp(name.bytes, "message", name.length) != 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!take_member(command, &members[i], &seen))
            return false;
    }
    if (!(seen.fields & bit_of("userid")) ||
        !(seen.strings & (bit_of("message") | bit_of("filelink"))))
        return false;
    command->kind = LUCHAT_MESSAGE;
    return true;
}
