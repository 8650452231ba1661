/*
 * rights - who may do what in which channel; see rights.h.
 */
#include "rights.h"

#include "auth.h"
#include "channel.h"
#include "hub.h"
#include "namespaces.h"
#include "session.h"

#include <stddef.h>

static enum namespace_right wanted_for(const struct namespace_options *options,
                                       enum rights_act act)
{
    switch (act) {
    case RIGHTS_PUBLISH:
        return options->publish;
    case RIGHTS_HISTORY:
        return options->history;
    case RIGHTS_SEE_PRESENCE:
        break;
    }
    return options->see_presence;
}

static bool has_right(const struct session *session, const struct subscription *subscription,
                      enum namespace_right wanted)
{
    switch (wanted) {
    case RIGHT_ANYONE:
        break;
    case RIGHT_AUTHENTICATED:
        return session_is_authenticated(session);
    case RIGHT_SUBSCRIBER:
        return subscription != NULL;
    case RIGHT_TOKEN:
        return subscription && subscription->is_by_token;
    }
    return true;
}

static bool is_user_of(const struct session *session, const char *channel)
{
    const char *user = session_is_authenticated(session) ? session_user(session) : "";
    return auth_may_enter(channel, user);
}

enum rights_verdict rights_check(struct session *session, const char *channel,
                                 enum rights_act act)
{
    const struct namespace_options *options = hub_namespace(session_hub(session), channel);
    const struct subscription *subscription = channel_subscription_of(session, channel);
    if (!options)
        return RIGHTS_NO_CHANNEL;
    bool is_let_in = is_user_of(session, channel) || subscription;
    return is_let_in && has_right(session, subscription, wanted_for(options, act))
               ? RIGHTS_GRANTED
               : RIGHTS_DENIED;
}

enum rights_verdict rights_check_subscribe(struct session *session, const char *channel,
                                           bool is_by_token)
{
    const struct namespace_options *options = hub_namespace(session_hub(session), channel);
    if (!options)
        return RIGHTS_NO_CHANNEL;
    if (is_by_token)
        return RIGHTS_GRANTED;
    return is_user_of(session, channel) && has_right(session, NULL, options->subscribe)
               ? RIGHTS_GRANTED
               : RIGHTS_DENIED;
}

static bool has_right_as_stranger(enum namespace_right wanted, const char *user,
                                  bool is_by_token)
{
    if (wanted == RIGHT_TOKEN)
        return is_by_token;
    return wanted != RIGHT_AUTHENTICATED || user[0];
}

enum rights_verdict rights_check_stranger(const struct hub *hub, const char *channel,
                                          const char *user, bool is_by_token)
{
    const struct namespace_options *options = hub_namespace(hub, channel);
    if (!options)
        return RIGHTS_NO_CHANNEL;
    if (!is_by_token && !auth_may_enter(channel, user))
        return RIGHTS_DENIED;
    bool may_be_in = is_by_token || has_right_as_stranger(options->subscribe, user, false);
    bool may_publish = has_right_as_stranger(options->publish, user, is_by_token) &&
                       (options->publish != RIGHT_SUBSCRIBER || may_be_in);
    return may_publish ? RIGHTS_GRANTED : RIGHTS_DENIED;
}
