/*
 * luchat_scan - the members of a frame of the usual form; see luchat_scan.h.
 */
#include "luchat_scan.h"

#include "text.h"

#include <string.h>

enum { INTEGER_DIGITS_MAX = 18 };

struct scanner {
    const char *at;
    const char *end;
};

static void skip_blanks(struct scanner *scanner)
{
    while (scanner->at < scanner->end && (*scanner->at == ' ' || *scanner->at == '\t' ||
                                          *scanner->at == '\n' || *scanner->at == '\r'))
        scanner->at++;
}

static bool take_char(struct scanner *scanner, char wanted)
{
    skip_blanks(scanner);
    if (scanner->at >= scanner->end || *scanner->at != wanted)
        return false;
    scanner->at++;
    return true;
}

static bool take_string(struct scanner *scanner, struct slice *ret_text)
{
    if (!take_char(scanner, '"'))
        return false;
    const char *start = scanner->at;
    while (scanner->at < scanner->end) {
        unsigned char c = (unsigned char)*scanner->at;
        if (c == '"') {
            *ret_text = (struct slice){start, (size_t)(scanner->at - start)};
            scanner->at++;
            return true;
        }
        if (c == '\\' || c < 0x20)
            return false;
        scanner->at++;
    }
    return false;
}

static bool take_null(struct scanner *scanner)
{
    static const char null[] = "null";
    size_t length = sizeof(null) - 1;
    if ((size_t)(scanner->end - scanner->at) < length || memcmp(scanner->at, null, length) != 0)
        return false;
    scanner->at += length;
    return true;
}

/* What follows must be one of the characters that follow a value, so 1.5 and 1e3 are none. */
static bool take_integer(struct scanner *scanner, struct slice *ret_digits)
{
    const char *start = scanner->at;
    while (scanner->at < scanner->end && *scanner->at >= '0' && *scanner->at <= '9')
        scanner->at++;
    size_t length = (size_t)(scanner->at - start);
    *ret_digits = (struct slice){start, length};
    return length > 0 && length <= INTEGER_DIGITS_MAX && (*start != '0' || length == 1);
}

static bool take_value(struct scanner *scanner, struct luchat_member *member)
{
    member->text = (struct slice){NULL, 0};
    skip_blanks(scanner);
    if (scanner->at >= scanner->end)
        return false;
    if (*scanner->at == '"') {
        member->kind = LUCHAT_STRING;
        return take_string(scanner, &member->text);
    }
    if (*scanner->at == 'n') {
        member->kind = LUCHAT_NULL;
        return take_null(scanner);
    }
    member->kind = LUCHAT_INTEGER;
    return take_integer(scanner, &member->text);
}

static bool take_member(struct scanner *scanner, struct luchat_member *member)
{
    return take_string(scanner, &member->name) && take_char(scanner, ':') &&
           take_value(scanner, member);
}

static bool take_members(struct scanner *scanner, struct luchat_member *members,
                         size_t *ret_count)
{
    size_t count = 0;
    do {
        if (count == LUCHAT_MEMBERS_MAX || !take_member(scanner, &members[count++]))
            return false;
    } while (take_char(scanner, ','));
    *ret_count = count;
    return true;
}

bool luchat_scan(const char *bytes, size_t length, struct slice *ret_name,
                 struct luchat_member ret_members[LUCHAT_MEMBERS_MAX], size_t *ret_count)
{
    struct scanner scanner = {bytes, bytes + length};
    if (!take_char(&scanner, '{') || !take_string(&scanner, ret_name) ||
        !take_char(&scanner, ':') || !take_char(&scanner, '{') ||
        !take_members(&scanner, ret_members, ret_count) || !take_char(&scanner, '}') ||
        !take_char(&scanner, '}'))
        return false;
    skip_blanks(&scanner);
    return scanner.at == scanner.end && text_is_utf8(bytes, length);
}
