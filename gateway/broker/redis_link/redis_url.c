/*
 * redis_url - where Redis is, and how to get in; see redis_url.h.
 */
#include "redis_url.h"

#include "mem.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_PORT = 6379, DB_MAX = 1 << 20 };

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* NULL when a percent sign is not followed by two hex digits, or stands for a zero octet. */
static char *percent_decode(const char *text, size_t length)
{
    char *decoded = mem_alloc(length + 1);
    size_t out = 0;
    for (size_t i = 0; i < length; i++) {
        decoded[out] = text[i];
        if (text[i] == '%') {
            int high = length - i > 2 ? hex_digit(text[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
            if (low < 0 || (high == 0 && low == 0)) {
                free(decoded);
                return NULL;
            }
            decoded[out] = (char)(high * 16 + low);
            i += 2;
        }
        out++;
    }
    decoded[out] = '\0';
    return decoded;
}

static const char *parse_credentials(const char *text, const char *end, struct redis_url *url)
{
    const char *colon = memchr(text, ':', (size_t)(end - text));
    const char *password = colon ? colon + 1 : text;
    if (colon && colon > text) {
        url->user = percent_decode(text, (size_t)(colon - text));
        if (!url->user)
            return "the user is not percent-encoded correctly";
    }
    url->password = percent_decode(password, (size_t)(end - password));
    return url->password ? NULL : "the password is not percent-encoded correctly";
}

static const char *parse_db(const char *text, struct redis_url *url)
{
    int64_t db;
    if (!text_to_int(text, 0, DB_MAX, &db))
        return "the database must be a number";
    url->db = (int)db;
    return NULL;
}

static const char *parse_port(const char *text, const char *end, struct redis_url *url)
{
    char digits[8] = "";
    int64_t port;
    size_t length = (size_t)(end - text);
    if (length >= sizeof(digits))
        return "the port must be a number from 1 to 65535";
    memcpy(digits, text, length);
    if (!text_to_int(digits, 1, 65535, &port))
        return "the port must be a number from 1 to 65535";
    url->port = (int)port;
    return NULL;
}

static const char *parse_host(const char *text, struct redis_url *url)
{
    const char *end = text + strcspn(text, "/");
    const char *host_end = text[0] == '[' ? strchr(text, ']') : NULL;
    const char *host = host_end ? text + 1 : text;
    if (!host_end)
        host_end = text + strcspn(text, ":/");
    const char *after = *host_end == ']' ? host_end + 1 : host_end;
    if (host_end == host)
        return "the host is missing";
    url->host = mem_strndup(host, (size_t)(host_end - host));
    url->port = DEFAULT_PORT;
    const char *error = NULL;
    if (*after == ':')
        error = parse_port(after + 1, end, url);
    else if (after != end)
        error = "what follows the host is not understood";
    if (!error && *end == '/' && end[1])
        error = parse_db(end + 1, url);
    return error;
}

static const char *parse_path(const char *text, struct redis_url *url)
{
    const char *query = strstr(text, "?db=");
    if (text[0] != '/')
        return "the path of the socket must begin with /";
    url->path = query ? mem_strndup(text, (size_t)(query - text)) : mem_strdup(text);
    return query ? parse_db(query + strlen("?db="), url) : NULL;
}

static const char *parse(const char *text, struct redis_url *url)
{
    bool is_unix = strncmp(text, "unix://", 7) == 0;
    url->is_tls = strncmp(text, "rediss://", 9) == 0;
    if (!is_unix && !url->is_tls && strncmp(text, "redis://", 8) != 0)
        return "must begin with redis://, rediss:// or unix://";
    const char *rest = strstr(text, "://") + 3;
    const char *at = strrchr(rest, '@');
    const char *error = NULL;
    if (at) {
        error = parse_credentials(rest, at, url);
        rest = at + 1;
    }
    if (error)
        return error;
    return is_unix ? parse_path(rest, url) : parse_host(rest, url);
}

bool redis_url_parse(const char *text, struct redis_url *ret_url, char **ret_error)
{
    struct redis_url url = {.port = 0};
    const char *error = parse(text, &url);
    if (error) {
        redis_url_finish(&url);
        *ret_error = mem_printf("--redis: the URL is not usable: %s", error);
        return false;
    }
    *ret_url = url;
    return true;
}

void redis_url_finish(struct redis_url *url)
{
    free(url->host);
    free(url->path);
    free(url->user);
    free(url->password);
    *url = (struct redis_url){.port = 0};
}
