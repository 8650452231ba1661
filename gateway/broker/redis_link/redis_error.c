/*
 * redis_error - what an error that Redis answers means; see redis_error.h.
 */
#include "redis_error.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* What is not here is of its command alone: a server that is full (OOM), loads (LOADING), runs
 * a slow script (BUSY), cannot save (MISCONF) or has too few replicas (NOREPLICAS) is the right
 * one all the same, and cut connections would not make it faster. */
static const struct row {
    const char *word;
    enum redis_error meaning;
} rows[] = {
    {"READONLY", REDIS_ERROR_ELSEWHERE}, {"MASTERDOWN", REDIS_ERROR_ELSEWHERE},
    {"NOAUTH", REDIS_ERROR_DENIED},      {"WRONGPASS", REDIS_ERROR_DENIED},
    {"NOPERM", REDIS_ERROR_DENIED},
};

static bool begins_with_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    return strncmp(text, word, length) == 0 && (text[length] == ' ' || text[length] == '\0');
}

/* Redis 6 puts what a script ran into behind words of its own: "ERR Error running script (call
 * to f_...): @user_script:1: @user_script: 1: -READONLY You can't ..." */
static bool is_about(const char *text, const char *word)
{
    const char *dash = strstr(text, " -");
    return begins_with_word(text, word) || (dash && begins_with_word(dash + 2, word));
}

enum redis_error redis_error_of(const char *text)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (is_about(text, rows[i].word))
            return rows[i].meaning;
    }
    return REDIS_ERROR_OF_COMMAND;
}
