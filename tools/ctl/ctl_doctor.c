/*
 * ctl_doctor - `parleyctl doctor`: finds keys that do not go together.
 *
 * Every key of ours is met by SCAN and its subject looked at once. What seems wrong becomes a
 * suspect, and is looked at again over --settle-ms: a node that is being cleaned up, a join
 * under way are right by then. A fault is what was wrong in the same way at every look.
 * Memory is bounded: suspects are settled whenever there are SUSPECTED_MAX findings, and after
 * FAULTS_MAX faults the search ends.
 */
#include "ctl_doctor.h"

#include "clock.h"
#include "ctl_channels.h"
#include "ctl_commands.h"
#include "ctl_findings.h"
#include "ctl_leases.h"
#include "ctl_options.h"
#include "ctl_output.h"
#include "ctl_store.h"
#include "ctl_terminal.h"
#include "keys.h"
#include "mem.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LOOK_MAX = 200,       /* findings of one look */
    SUSPECTED_MAX = 1000, /* findings of all suspects */
    FAULTS_MAX = 1000,
    LOOKS = 4,              /* after the first */
    LEASES_AGE_MAX_MS = 500 /* until they are read again */
};

struct suspect {
    check_fn check;
    char *subject;
    struct findings *findings;
    bool is_fresh; /* they were seen at the last look only */
};

struct examination {
    struct doctor doctor; /* what checks see */
    const struct ctl *ctl;
    int64_t leases_read_at_ms;
    struct suspect *suspects; /* in no order */
    size_t suspect_count;
    size_t suspect_capacity;
    size_t suspected_count; /* findings of them all */
    struct findings *faults;
    bool is_cut; /* there are more than these */
    int64_t key_count;
};

/* ---------------------------------------------------------------------------- looking */

static void refresh_leases(struct examination *examination)
{
    int64_t now_ms = clock_now_ms();
    if (examination->doctor.leases &&
        now_ms - examination->leases_read_at_ms < LEASES_AGE_MAX_MS)
        return;
    leases_destroy(examination->doctor.leases);
    examination->doctor.leases = leases_load(examination->doctor.store);
    examination->leases_read_at_ms = now_ms;
}

static struct findings *look_at(struct examination *examination, check_fn check,
                                const char *subject)
{
    struct findings *findings = findings_create(LOOK_MAX);
    refresh_leases(examination);
    check(&examination->doctor, subject, findings);
    return findings;
}

static void suspect_finish(struct suspect *suspect)
{
    findings_destroy(suspect->findings);
    free(suspect->subject);
}

/* One more look: what is left is wrong in both. A look that was cut at its limit may have
 * missed what the last one saw, so it clears nobody. */
static void look_again(struct examination *examination, struct suspect *suspect)
{
    struct findings *now = look_at(examination, suspect->check, suspect->subject);
    findings_keep_common(suspect->findings, now);
    suspect->is_fresh = findings_count(suspect->findings) == 0 && findings_is_cut(now);
    if (suspect->is_fresh) {
        findings_destroy(suspect->findings);
        suspect->findings = now;
        return;
    }
    findings_destroy(now);
}

static void convict(struct examination *examination, const struct suspect *suspect)
{
    const void *cursor = NULL;
    examination->is_cut = examination->is_cut || findings_is_cut(suspect->findings);
    if (suspect->is_fresh)
        findings_add(examination->faults, "restless",
                     findings_next(suspect->findings, &cursor)->key, 0,
                     "more than %d things are wrong at each look, and always others", LOOK_MAX);
    else
        findings_add_all(examination->faults, suspect->findings);
}

static void wait_ms(int64_t ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&pause, &pause) != 0)
        continue;
}

static void look_at_all_again(struct examination *examination)
{
    size_t kept = 0;
    for (size_t i = 0; i < examination->suspect_count; i++) {
        struct suspect *suspect = &examination->suspects[i];
        look_again(examination, suspect);
        if (findings_count(suspect->findings) > 0)
            examination->suspects[kept++] = *suspect;
        else
            suspect_finish(suspect);
    }
    examination->suspect_count = kept;
}

/* Over the settle time: who is cleared goes, and whoever is left is at fault. */
static void settle(struct examination *examination)
{
    for (int look = 0; look < LOOKS && examination->suspect_count > 0; look++) {
        wait_ms(examination->ctl->options->settle_ms / LOOKS);
        look_at_all_again(examination);
    }
    for (size_t i = 0; i < examination->suspect_count; i++) {
        convict(examination, &examination->suspects[i]);
        suspect_finish(&examination->suspects[i]);
    }
    examination->is_cut = examination->is_cut || findings_is_cut(examination->faults);
    examination->suspect_count = 0;
    examination->suspected_count = 0;
}

static void examine(struct examination *examination, check_fn check, const char *subject)
{
    struct findings *findings = look_at(examination, check, subject);
    if (findings_count(findings) == 0) {
        findings_destroy(findings);
        return;
    }
    examination->suspects =
        mem_grow(examination->suspects, examination->suspect_count,
                 &examination->suspect_capacity, sizeof(*examination->suspects));
    examination->suspects[examination->suspect_count++] =
        (struct suspect){.check = check, .subject = mem_strdup(subject), .findings = findings};
    examination->suspected_count += findings_count(findings);
    if (examination->suspected_count >= SUSPECTED_MAX)
        settle(examination);
}

/* ------------------------------------------------------------------------ what a key is */

/* The keys of a channel's presence; the first that is there stands for them all. */
static const char *const presence_parts[] = {"members", "users", "leaving", "grace"};

enum { PRESENCE_PART_COUNT = sizeof(presence_parts) / sizeof(presence_parts[0]) };

static bool is_first_of_presence(struct examination *examination, const char *channel,
                                 const char *part)
{
    bool is_first = true;
    for (size_t i = 0; i < PRESENCE_PART_COUNT && is_first; i++) {
        if (strcmp(presence_parts[i], part) == 0)
            return true;
        char *key = key_of_channel(examination->doctor.prefix, channel, presence_parts[i]);
        redisReply *reply = store_ask(examination->doctor.store, "EXISTS %s", key);
        is_first = reply_number(reply) == 0;
        freeReplyObject(reply);
        free(key);
    }
    return false;
}

static void examine_channel_key(struct examination *examination, const char *channel,
                                const char *part, const char *key)
{
    if (strcmp(part, "log") == 0)
        examine(examination, check_log, channel);
    else if (strcmp(part, "meta") == 0)
        examine(examination, check_meta, channel);
    else if (strncmp(part, "once:", 5) == 0)
        examine(examination, check_ttl, key);
    else if (is_first_of_presence(examination, channel, part))
        examine(examination, check_presence, channel);
}

/* The generation in front of what a key of a lease ends with, as ":1795437127713:members";
 * NULL: the key is not of that kind. */
static const char *generation_before(const char *name, const char *end)
{
    const char *at = name + strlen(name) - strlen(end);
    if (at <= name || strcmp(at, end) != 0)
        return NULL;
    const char *digits = at;
    while (digits > name && digits[-1] >= '0' && digits[-1] <= '9')
        digits--;
    return digits < at && digits > name + 1 && digits[-1] == ':' ? digits : NULL;
}

/* Behind PREFIX:node: comes a node's name, or a lease's and what is kept of it. */
static void examine_node_key(struct examination *examination, const char *name, const char *key)
{
    static const char members[] = ":members";
    if (generation_before(name, members)) {
        char *lease = mem_strndup(name, strlen(name) - strlen(members));
        examine(examination, check_node_set, lease);
        free(lease);
    } else if (generation_before(name, ":reaper") || generation_before(name, ":reaped")) {
        examine(examination, check_ttl, key);
    } else {
        examine(examination, check_node, name);
    }
}

static void examine_key(struct examination *examination, const char *key, size_t length)
{
    const char *prefix = examination->doctor.prefix;
    char *node_keys = key_node(prefix, "");
    char *channel;
    const char *part;
    examination->key_count++;
    if (channel_of_key(prefix, key, length, &channel, &part)) {
        examine_channel_key(examination, channel, part, key);
        free(channel);
    } else if (strncmp(key, node_keys, strlen(node_keys)) == 0) {
        examine_node_key(examination, key + strlen(node_keys), key);
    }
    free(node_keys);
}

static void on_keys(void *context, const redisReply *keys)
{
    struct examination *examination = context;
    for (size_t i = 0; i < keys->elements && !findings_is_cut(examination->faults); i++)
        examine_key(examination, keys->element[i]->str, keys->element[i]->len);
}

/* ----------------------------------------------------------------------------- result */

static const struct column columns[] = {
    {"FAULT", "fault", COLUMN_STATE},
    {"KEY", "key", COLUMN_TEXT},
    {"WHAT", "what", COLUMN_TEXT},
};

enum { COLUMN_COUNT = sizeof(columns) / sizeof(columns[0]) };

static json_t *rows_of(const struct findings *faults)
{
    const void *cursor = NULL;
    const struct finding *finding;
    json_t *rows = json_array();
    while ((finding = findings_next(faults, &cursor)))
        (void)json_array_append_new(
            rows, json_pack("{ss, so, so}", "fault", finding->kind, "key",
                            output_text(finding->key, strlen(finding->key)), "what",
                            output_text(finding->text, strlen(finding->text))));
    output_sort(rows, "key", "what");
    return rows;
}

static void print_result(const struct examination *examination)
{
    json_t *rows = rows_of(examination->faults);
    if (examination->ctl->options->is_json) {
        output_json(json_pack("{sI, sO, sb}", "keys", (json_int_t)examination->key_count,
                              "faults", rows, "complete", !examination->is_cut));
    } else {
        char *keys = output_count(examination->key_count, "key", "keys");
        char *faults = output_count((int64_t)json_array_size(rows), "fault", "faults");
        output_table(columns, COLUMN_COUNT, rows);
        (void)printf("%s looked at: %s%s\n", keys, faults,
                     examination->is_cut ? ", and there are more" : "");
        free(keys);
        free(faults);
    }
    json_decref(rows);
}

int run_doctor(const struct ctl *ctl)
{
    struct examination examination = {
        .doctor = {.store = ctl->store, .prefix = ctl->options->prefix},
        .ctl = ctl,
        .faults = findings_create(FAULTS_MAX),
    };
    examine(&examination, check_nodes, "");
    store_walk_keys(ctl->store, "*", on_keys, &examination);
    settle(&examination);
    print_result(&examination);
    bool is_healthy = findings_count(examination.faults) == 0;
    findings_destroy(examination.faults);
    free(examination.suspects);
    leases_destroy(examination.doctor.leases);
    return is_healthy ? CTL_EXIT_OK : CTL_EXIT_FOUND;
}
