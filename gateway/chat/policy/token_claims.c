/*
 * token_claims - what a token says: for whom it is, until when, and what it allows.
 *
 * Every claim is of its type and within its limit, or the token is invalid as a whole. What
 * is wrong is told by the claim's name, and quotes nothing of it.
 */
#include "names.h"
#include "token_body.h"

#include "mem.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static bool judge_line(struct token *token, const char *name, const char *text, size_t length,
                       size_t bytes_max)
{
    if (length > bytes_max)
        return token_fail(token, "%s is longer than %zu bytes", name, bytes_max);
    if (text_has_control(text, length))
        return token_fail(token, "%s has control characters", name);
    return true;
}

/* A claim that may be missing: *ret_text stays as it is then. */
static bool take_line(struct token *token, const json_t *claims, const char *name,
                      size_t bytes_max, char **ret_text)
{
    const json_t *value = json_object_get(claims, name);
    if (!value)
        return true;
    if (!json_is_string(value))
        return token_fail(token, "%s must be a string", name);
    const char *text = json_string_value(value);
    if (!judge_line(token, name, text, json_string_length(value), bytes_max))
        return false;
    free(*ret_text);
    *ret_text = mem_strdup(text);
    return true;
}

/* A NumericDate, which may have a fraction: RFC 7519, 2. */
static bool take_time(struct token *token, const json_t *claims, const char *name,
                      int64_t *ret_s)
{
    const json_t *value = json_object_get(claims, name);
    if (!value)
        return true;
    if (!json_is_number(value))
        return token_fail(token, "%s must be a number", name);
    double seconds = json_number_value(value);
    if (!(seconds >= 0 && seconds <= (double)TOKEN_TIME_MAX_S))
        return token_fail(token, "%s is not a time in seconds since 1970", name);
    *ret_s = (int64_t)seconds;
    return true;
}

static bool take_info(struct token *token, const json_t *claims)
{
    const json_t *info = json_object_get(claims, "info");
    if (!info || json_is_null(info))
        return true;
    token->info = json_dumps(info, JSON_COMPACT | JSON_ENCODE_ANY);
    if (!token->info || strlen(token->info) > TOKEN_INFO_BYTES_MAX)
        return token_fail(token, "info is longer than %d bytes", TOKEN_INFO_BYTES_MAX);
    return true;
}

static bool judge_channel(struct token *token, const char *claim, const char *name,
                          size_t length)
{
    if (length == 0)
        return token_fail(token, "%s has an empty name", claim);
    return judge_line(token, claim, name, length, CHANNEL_NAME_BYTES_MAX);
}

static bool take_channel(struct token *token, const json_t *claims)
{
    if (!take_line(token, claims, "channel", CHANNEL_NAME_BYTES_MAX, &token->channel))
        return false;
    if (token->channel && !token->channel[0])
        return token_fail(token, "channel is empty");
    return true;
}

static bool take_channels(struct token *token, const json_t *claims)
{
    const json_t *array = json_object_get(claims, "channels");
    if (!array)
        return true;
    if (!json_is_array(array))
        return token_fail(token, "channels must be an array of strings");
    if (json_array_size(array) > TOKEN_CHANNELS_MAX)
        return token_fail(token, "channels has more than %d names", TOKEN_CHANNELS_MAX);
    token->channels = mem_zalloc(json_array_size(array) * sizeof(*token->channels));
    size_t i;
    json_t *name;
    json_array_foreach(array, i, name)
    {
        if (!json_is_string(name))
            return token_fail(token, "channels must be an array of strings");
        const char *text = json_string_value(name);
        if (!judge_channel(token, "channels", text, json_string_length(name)))
            return false;
        token->channels[token->channel_count++] = mem_strdup(text);
    }
    return true;
}

static bool take_subs(struct token *token, const json_t *claims)
{
    json_t *object = json_object_get(claims, "subs");
    if (!object)
        return true;
    if (!json_is_object(object))
        return token_fail(token, "subs must be an object of objects");
    if (json_object_size(object) > TOKEN_CHANNELS_MAX)
        return token_fail(token, "subs has more than %d names", TOKEN_CHANNELS_MAX);
    token->subs = mem_zalloc(json_object_size(object) * sizeof(*token->subs));
    const char *name;
    json_t *options;
    json_object_foreach(object, name, options)
    {
        if (!json_is_object(options))
            return token_fail(token, "subs must be an object of objects");
        if (!judge_channel(token, "subs", name, strlen(name)))
            return false;
        struct token_sub *sub = &token->subs[token->sub_count++];
        sub->channel = mem_strdup(name);
        sub->options = json_dumps(options, JSON_COMPACT);
    }
    return true;
}

static bool take_claims(struct token *token, const json_t *claims)
{
    return take_line(token, claims, "sub", USER_BYTES_MAX, &token->user) &&
           take_line(token, claims, "client", TOKEN_CLIENT_BYTES_MAX, &token->client) &&
           take_channel(token, claims) && take_info(token, claims) &&
           take_channels(token, claims) && take_subs(token, claims);
}

/* ------------------------------------------------------------------- for whom, and when */

static bool judge_issuer(struct token *token, const char *issuer, const json_t *claims)
{
    const json_t *value = json_object_get(claims, "iss");
    if (!issuer[0])
        return true;
    if (!value)
        return token_fail(token, "iss is missing");
    if (!json_is_string(value))
        return token_fail(token, "iss must be a string");
    if (strcmp(json_string_value(value), issuer) != 0)
        return token_fail(token, "iss is another issuer");
    return true;
}

static bool find_audience(struct token *token, const char *audience, const json_t *array)
{
    bool is_found = false;
    size_t i;
    json_t *element;
    json_array_foreach(array, i, element)
    {
        if (!json_is_string(element))
            return token_fail(token, "aud must be a string or an array of strings");
        is_found = is_found || strcmp(json_string_value(element), audience) == 0;
    }
    return is_found || token_fail(token, "aud is another audience");
}

static bool judge_audience(struct token *token, const char *audience, const json_t *claims)
{
    const json_t *value = json_object_get(claims, "aud");
    if (!audience[0])
        return true;
    if (!value)
        return token_fail(token, "aud is missing");
    if (json_is_array(value))
        return find_audience(token, audience, value);
    if (!json_is_string(value))
        return token_fail(token, "aud must be a string or an array of strings");
    if (strcmp(json_string_value(value), audience) != 0)
        return token_fail(token, "aud is another audience");
    return true;
}

/* What can be mended with a new token is judged last. */
static enum token_result judge_times(struct token *token, const json_t *claims, int64_t now_s)
{
    int64_t not_before_s = INT64_MIN;
    if (!take_time(token, claims, "nbf", &not_before_s) ||
        !take_time(token, claims, "exp", &token->expires_at_s))
        return TOKEN_INVALID;
    if (now_s < not_before_s) {
        token_fail(token, "the token is not yet valid");
        return TOKEN_INVALID;
    }
    if (json_object_get(claims, "exp") && now_s >= token->expires_at_s) {
        token_fail(token, "the token has expired");
        return TOKEN_EXPIRED;
    }
    return TOKEN_OK;
}

enum token_result token_judge_claims(struct token *token, const struct token_keys *keys,
                                     const json_t *claims, int64_t now_s)
{
    if (!take_claims(token, claims) || !judge_issuer(token, keys->issuer, claims) ||
        !judge_audience(token, keys->audience, claims))
        return TOKEN_INVALID;
    return judge_times(token, claims, now_s);
}
