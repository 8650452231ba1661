/*
 * auth - who has to show a token, and who may enter which channel; see auth.h.
 */
#include "auth.h"

#include "clock.h"
#include "hub.h"
#include "session.h"

#include <stdio.h>
#include <string.h>

static int64_t now_s(void)
{
    return clock_wall_ms() / 1000;
}

bool auth_is_required(const struct hub *hub)
{
    return hub->options->token_keys && !hub->options->is_anonymous_allowed;
}

/* What those are called who have no token, where others have one. */
static bool is_guest(const char *user)
{
    static const char prefix[] = AUTH_GUEST_PREFIX;
    return strcmp(user, "guest") == 0 || strncmp(user, prefix, strlen(prefix)) == 0;
}

/* Nothing of the token is used any more. */
static enum token_result refuse(struct token *ret_token, const char *error)
{
    *ret_token = (struct token){.user = NULL};
    (void)snprintf(ret_token->error, sizeof(ret_token->error), "%s", error);
    return TOKEN_INVALID;
}

enum token_result auth_check(const struct hub *hub, const char *text, struct token *ret_token)
{
    const struct chat_options *options = hub->options;
    if (!options->token_keys)
        return refuse(ret_token, "no key for tokens here");
    enum token_result result =
        token_verify(options->token_keys, text, strlen(text), now_s(), ret_token);
    if (result != TOKEN_OK || !options->is_anonymous_allowed || !is_guest(ret_token->user))
        return result;
    token_finish(ret_token);
    return refuse(ret_token, "sub is a name of those without a token");
}

bool auth_is_for_connection(const struct session *session, const struct token *token)
{
    char client[CLIENT_BYTES] = "";
    if (session)
        session_print_client(session, client);
    return !token->client || strcmp(token->client, client) == 0;
}

bool auth_is_name_free(const struct hub *hub, const char *user)
{
    return !hub->options->token_keys || is_guest(user);
}

/* The names are split first, and each is compared as a whole. */
bool auth_may_enter(const char *channel, const char *user)
{
    const char *sign = strchr(channel, '#');
    size_t user_length = strlen(user);
    while (sign) {
        const char *name = sign + 1;
        size_t length = strcspn(name, ",");
        if (length > 0 && length == user_length && memcmp(name, user, length) == 0)
            return true;
        if (name[length] == '\0')
            return false;
        sign = name + length;
    }
    return true;
}

int64_t auth_ttl_s(int64_t expires_at_s)
{
    int64_t left = expires_at_s - now_s();
    return left > 1 ? left : 1;
}

/* In whole seconds, the last of them included. */
static int64_t left_ms(const struct hub *hub, int64_t expires_at_s)
{
    return (expires_at_s + hub->options->token_grace_s + 1) * 1000 - clock_wall_ms();
}

bool auth_is_over(const struct hub *hub, int64_t expires_at_s)
{
    return expires_at_s != 0 && left_ms(hub, expires_at_s) <= 0;
}

int64_t auth_over_ms(const struct hub *hub, int64_t expires_at_s)
{
    return expires_at_s == 0 ? INT64_MAX : clock_now_ms() + left_ms(hub, expires_at_s);
}
