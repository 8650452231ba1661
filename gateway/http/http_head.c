/*
 * http_head - the head of one HTTP/1.x request; see http_head.h.
 *
 * What could be read in two ways is refused, since a balancer before us may read it the other
 * way: a space before a colon, folded lines, a length beside chunks, two lengths. Line ends
 * without a carriage return are taken, as RFC 9112 (2.2) allows.
 */
#include "http_head.h"

#include "mem.h"
#include "text.h"
#include "text_list.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct http_fault none = {0, NULL};

/* ---------------------------------------------------------------------------------- lines */

size_t http_head_find_end(const char *bytes, size_t length)
{
    const char *end = bytes + length;
    const char *line_end = memchr(bytes, '\n', length);
    while (line_end) {
        const char *next = line_end + 1;
        if (next < end && *next == '\r')
            next++;
        if (next < end && *next == '\n')
            return (size_t)(next + 1 - bytes);
        line_end = next < end ? memchr(next, '\n', (size_t)(end - next)) : NULL;
    }
    return 0;
}

/* The line at *at as a text; *at is moved behind it. */
static char *next_line(char **at, char *end)
{
    char *line = *at;
    char *line_end = memchr(line, '\n', (size_t)(end - line));
    if (!line_end)
        line_end = end - 1;
    *at = line_end + 1;
    if (line_end > line && line_end[-1] == '\r')
        line_end--;
    *line_end = '\0';
    return line;
}

/* Letters of a token (RFC 9110, 5.6.2), a bit each: strspn makes a table of its own each time.
 */
static const uint32_t token_letters[256 / 32] = {0, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff};

static bool is_token(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (token_letters[*at / 32] >> *at % 32 & 1)
        at++;
    return *at == '\0' && text[0];
}

static bool is_blank(char letter)
{
    return letter == ' ' || letter == '\t';
}

/* Without the white space around it. */
static char *trim(char *text)
{
    while (is_blank(*text))
        text++;
    size_t length = strlen(text);
    while (length > 0 && is_blank(text[length - 1]))
        length--;
    text[length] = '\0';
    return text;
}

/* A tabulator is the only control character that a value may have. */
static bool is_value(const char *text)
{
    for (; *text; text++) {
        unsigned char octet = (unsigned char)*text;
        if ((octet < 0x20 && octet != '\t') || octet == 0x7f)
            return false;
    }
    return true;
}

/* --------------------------------------------------------------------------- request line */

static int digit_of(char letter)
{
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    letter |= 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* Decodes in place; false: an escape that is none, or one of a zero or an end of line. */
static bool decode(char *text, bool is_argument)
{
    char *out = text;
    for (const char *in = text; *in; in++) {
        char letter = *in;
        if (letter == '%') {
            int high = digit_of(in[1]);
            int low = high < 0 ? -1 : digit_of(in[2]);
            if (low < 0)
                return false;
            letter = (char)(high << 4 | low);
            if (letter == '\0' || letter == '\r' || letter == '\n')
                return false;
            in += 2;
        } else if (letter == '+' && is_argument) {
            letter = ' ';
        }
        *out++ = letter;
    }
    *out = '\0';
    return true;
}

/* Takes "//", "/./" and "/../" out of a path, in place. */
static void simplify(char *path)
{
    char *out = path;
    for (const char *in = path; *in;) {
        size_t length = strcspn(in + 1, "/");
        bool is_up = length == 2 && in[1] == '.' && in[2] == '.';
        bool is_here = length == 1 && in[1] == '.';
        bool is_last = in[1 + length] == '\0';
        while (is_up && out > path && *--out != '/')
            ;
        if (!is_up && !is_here && (length > 0 || is_last)) {
            memmove(out, in, 1 + length);
            out += 1 + length;
        } else if (is_last) {
            *out++ = '/';
        }
        in += 1 + length;
    }
    *out = '\0';
}

/* http://HOST/PATH: the host is moved a place to the left, so that it can end with a zero. */
static char *split_absolute(struct http_head *head, char *target)
{
    char *host = strstr(target, "://");
    if (!host || host == target || target + strcspn(target, ":/?") != host)
        return NULL; /* one in an argument names no host */
    host += strlen("://");
    size_t length = strcspn(host, "/?");
    if (length == 0 || memchr(host, '@', length))
        return NULL;
    char *path = host + length;
    memmove(host - 1, host, length);
    host[length - 1] = '\0';
    head->host = (uint16_t)(host - 1 - head->bytes);
    return path;
}

/* Is every escape one, and none of a zero or an end of line? */
static bool is_sound(const char *query)
{
    char *copy = mem_strdup(query);
    bool is_good = decode(copy, /* is_argument= */ true);
    free(copy);
    return is_good;
}

/* http://HOST has no path, and no room for one: its place stays 0. */
static struct http_fault read_target(struct http_head *head, char *target)
{
    static const struct http_fault bad_escape = {
        400, "the address has an escape that is none, or one of a zero or an end of line"};
    if (head->method == HTTP_OPTIONS && strcmp(target, "*") == 0) {
        head->path = (uint16_t)(target - head->bytes);
        return none;
    }
    char *path = target[0] == '/' ? target : split_absolute(head, target);
    head->is_plain = path == target;
    if (!path)
        return (struct http_fault){400, "no target that can be asked for"};
    char *query = strchr(path, '?');
    if (query) {
        *query++ = '\0';
        head->query = (uint16_t)(query - head->bytes);
    }
    if (!decode(path, /* is_argument= */ false) || (query && !is_sound(query)))
        return bad_escape;
    simplify(path);
    if (path[0])
        head->path = (uint16_t)(path - head->bytes);
    return none;
}

static enum http_method method_of(const char *name)
{
    static const char *const names[] = {"GET", "HEAD", "POST", "OPTIONS"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0)
            return (enum http_method)i;
    }
    return HTTP_OTHER;
}

static struct http_fault read_version(struct http_head *head, const char *version)
{
    bool is_http = strncmp(version, "HTTP/", 5) == 0 && strlen(version) == 8 &&
                   version[6] == '.' && digit_of(version[5]) >= 0 && digit_of(version[7]) >= 0;
    if (!is_http)
        return (struct http_fault){400, "this is not HTTP"};
    if (version[5] != '1')
        return (struct http_fault){505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
    head->is_http_1_1 = version[7] != '0';
    return none;
}

static struct http_fault read_request_line(struct http_head *head, char *line)
{
    static const struct http_fault bad = {400, "this is not HTTP"};
    char *target = strchr(line, ' ');
    char *version = target ? strrchr(line, ' ') : NULL;
    if (!target || version == target)
        return bad;
    *target++ = '\0';
    *version++ = '\0';
    if (!is_token(line) || !is_value(target) || strpbrk(target, " \t"))
        return bad;
    head->method = method_of(line);
    struct http_fault fault = read_version(head, version);
    return fault.status ? fault : read_target(head, target);
}

/* ---------------------------------------------------------------------------------- fields */

static struct http_fault read_field(struct http_head *head, char *line)
{
    char *value = strchr(line, ':');
    if (!value)
        return (struct http_fault){400, "a header line without a colon"};
    uint16_t name_length = (uint16_t)(value - line);
    *value++ = '\0';
    if (!is_token(line))
        return (struct http_fault){400, "a header whose name is none"};
    if (!is_value(value))
        return (struct http_fault){400, "a header with control characters"};
    if (head->field_count == HTTP_FIELDS_MAX)
        return (struct http_fault){431, "too many headers"};
    size_t length = strlen(value);
    if (length > 0 && is_blank(value[length - 1]))
        head->is_plain = false;
    value = trim(value);
    head->fields[head->field_count++] = (struct http_field){
        (uint16_t)(line - head->bytes), name_length, (uint16_t)(value - head->bytes)};
    return none;
}

static const char *name_at(const struct http_head *head, size_t i)
{
    return head->bytes + head->fields[i].name;
}

static const char *value_at(const struct http_head *head, size_t i)
{
    return head->bytes + head->fields[i].value;
}

/* The next one of that name, from *i on; NULL: there is none any more. */
static const char *next_of(const struct http_head *head, const char *name, size_t *i)
{
    size_t length = strlen(name);
    while (*i < head->field_count) {
        size_t at = (*i)++;
        if (head->fields[at].name_length == length && strcasecmp(name_at(head, at), name) == 0)
            return value_at(head, at);
    }
    return NULL;
}

const char *http_head_find(const struct http_head *head, const char *name)
{
    size_t i = 0;
    return next_of(head, name, &i);
}

bool http_head_has_word(const struct http_head *head, const char *name, const char *word)
{
    size_t i = 0;
    const char *value;
    while ((value = next_of(head, name, &i)) != NULL) {
        if (strcasecmp(value, word) == 0 || text_list_has(value, word))
            return true;
    }
    return false;
}

char *http_head_join(const struct http_head *head, const char *name)
{
    size_t i = 0;
    const char *value = next_of(head, name, &i);
    char *list = value ? mem_strdup(value) : NULL;
    while (value && (value = next_of(head, name, &i)) != NULL) {
        char *longer = mem_printf("%s,%s", list, value);
        free(list);
        list = longer;
    }
    return list;
}

/* ------------------------------------------------------------------------------------ body */

/* Two lengths that say the same are one. */
static struct http_fault read_length(struct http_head *head)
{
    static const struct http_fault bad = {400, "Content-Length is no length"};
    size_t i = 0;
    const char *first = NULL;
    const char *value;
    while ((value = next_of(head, "content-length", &i)) != NULL) {
        if (first && strcmp(first, value) != 0)
            return bad;
        first = value;
    }
    if (!first)
        return none;
    bool is_number = first[0] && first[strspn(first, "0123456789")] == '\0';
    return is_number && text_to_int(first, 0, INT64_MAX, &head->body_length) ? none : bad;
}

static struct http_fault read_body(struct http_head *head)
{
    size_t i = 0;
    const char *coding = next_of(head, "transfer-encoding", &i);
    if (!coding)
        return read_length(head);
    if (http_head_find(head, "content-length"))
        return (struct http_fault){400, "Content-Length beside Transfer-Encoding"};
    if (!head->is_http_1_1)
        return (struct http_fault){400, "Transfer-Encoding in HTTP/1.0"};
    if (strcasecmp(coding, "chunked") != 0 || next_of(head, "transfer-encoding", &i))
        return (struct http_fault){501, "of all transfer codings only chunked is known here"};
    head->is_chunked = true;
    return none;
}

static struct http_fault read_host(struct http_head *head)
{
    size_t i = 0;
    const char *host = next_of(head, "host", &i);
    if (next_of(head, "host", &i))
        return (struct http_fault){400, "there are two Host headers"};
    if (!host && head->is_http_1_1)
        return (struct http_fault){400, "the Host header is missing"};
    if (host && head->host == 0)
        head->host = (uint16_t)(host - head->bytes);
    return none;
}

static struct http_fault finish(struct http_head *head)
{
    struct http_fault fault = read_host(head);
    if (!fault.status)
        fault = read_body(head);
    head->is_persistent = head->is_http_1_1
                              ? !http_head_has_word(head, "connection", "close")
                              : http_head_has_word(head, "connection", "keep-alive") &&
                                    !http_head_has_word(head, "connection", "close");
    const char *expected = http_head_find(head, "expect");
    head->expects_continue =
        head->is_http_1_1 && expected && strcasecmp(expected, "100-continue") == 0;
    return fault;
}

struct http_fault http_head_parse(struct http_head *head, char *bytes, size_t length)
{
    char *at = bytes;
    char *end = bytes + length;
    *head =
        (struct http_head){.bytes = bytes, .body_length = HTTP_NO_LENGTH, .method = HTTP_OTHER};
    if (memchr(bytes, '\0', length))
        return (struct http_fault){400, "this is not HTTP"};
    struct http_fault fault = read_request_line(head, next_line(&at, end));
    while (!fault.status && at < end) {
        char *line = next_line(&at, end);
        if (!line[0])
            break;
        fault = read_field(head, line);
    }
    return fault.status ? fault : finish(head);
}

/* --------------------------------------------------------------------------------- address */

const char *http_head_path(const struct http_head *head)
{
    return head->path > 0 ? head->bytes + head->path : "/";
}

bool http_head_has_body(const struct http_head *head)
{
    return head->is_chunked || head->body_length > 0;
}

const char *http_head_host(const struct http_head *head)
{
    return head->host > 0 ? head->bytes + head->host : "";
}

char *http_head_argument(const struct http_head *head, const char *name)
{
    size_t name_length = strlen(name);
    const char *at = head->query > 0 ? head->bytes + head->query : "";
    while (*at) {
        size_t length = strcspn(at, "&;");
        if (length > name_length && at[name_length] == '=' &&
            strncmp(at, name, name_length) == 0) {
            char *value = mem_strndup(at + name_length + 1, length - name_length - 1);
            if (decode(value, /* is_argument= */ true))
                return value;
            free(value);
            return NULL;
        }
        at += length;
        at += strspn(at, "&;");
    }
    return NULL;
}
