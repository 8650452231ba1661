/*
 * config - every option of parleyd, from one table.
 *
 * An option is a flag (--idle-timeout-ms), an environment variable (PARLEY_IDLE_TIMEOUT_MS)
 * and a key of the JSON file given by --config ("idle_timeout_ms"). A flag beats the
 * environment, which beats the file, which beats the default. --help and --print-config are
 * printed from the same table.
 */
#ifndef PARLEY_CONFIG_H
#define PARLEY_CONFIG_H

#include "log.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Which joins and leaves are pushed: in the order of the option's words. */
enum presence_events { PRESENCE_EVENTS_USER, PRESENCE_EVENTS_CONNECTION };

struct config {
    /* what to do */
    char *config_file;
    bool check_config;
    bool print_config;
    const char *printed; /* NULL, or the form of the manual that is asked for */
    bool print_log_events;
    bool version;
    bool help;
    /* where */
    char *listen;
    char *internal;
    char *tls_cert; /* "": no TLS on the public port */
    char *tls_key;
    char *internal_tls_cert;
    char *internal_tls_key;
    char *node; /* "" until main names the node */
    int64_t workers;
    /* Redis */
    char *redis;          /* "": the memory broker */
    char *redis_password; /* "": what the URL says */
    char *redis_password_file;
    char *redis_ca;
    char *redis_prefix;
    int64_t redis_timeout_ms;
    int64_t redis_queue_bytes;
    int64_t lease_ttl_ms;
    int64_t lease_renew_ms;
    /* clients */
    char *allowed_origins;
    int64_t max_connections;         /* 0: what the descriptors allow */
    int64_t connections_per_address; /* 0: as many as come; so those below */
    int64_t connections_per_user;
    int64_t handshakes_per_s;
    int64_t handshakes_pending;
    int64_t internal_descriptors;
    char *allowed_hosts; /* "": see http_origin.h */
    int64_t max_message_bytes;
    int64_t message_timeout_ms;
    int64_t max_backlog_bytes;
    int64_t commands_in_flight; /* these, of one connection; 0: no limit */
    int64_t commands_per_s;
    int64_t publishes_per_s;
    int64_t publish_bytes_per_s;
    int64_t reply_bytes;
    int64_t reply_publications;
    int64_t channels_per_connection;
    int64_t new_channels_per_minute;
    int64_t names_per_connection;
    int64_t backlog_bytes; /* 0: a quarter of the memory, of all workers together */
    int64_t idle_timeout_ms;
    int64_t handshake_timeout_ms;
    int64_t http_idle_timeout_ms; /* 0: no limit */
    int64_t http_min_bytes_per_s; /* 0: no limit */
    int64_t drain_timeout_ms;
    /* channels */
    int64_t history_size;
    int64_t history_ttl_s;
    int64_t presence_limit;
    int64_t presence_names_limit;
    int64_t presence_grace_ms;
    int64_t presence_window_ms;
    enum presence_events presence_events;
    char *namespaces; /* JSON; "": none */
    int64_t flush_delay_ms;
    /* clients of the Centrifuge protocol */
    int64_t ping_interval_ms;
    int64_t pong_timeout_ms;
    /* who may come in */
    bool luchat;
    bool centrifuge;
    bool page;
    char *token_secret; /* "": no HMAC tokens */
    char *token_secret_file;
    char *token_rsa_key;
    char *token_ec_key;
    char *token_audience;
    char *token_issuer;
    int64_t token_grace_s;
    bool anonymous; /* also without a token */
    char *api_key;  /* "": no server API */
    char *api_key_file;
    /* files that clients share */
    bool files;
    int64_t files_max_bytes;
    int64_t files_total_bytes;
    int64_t files_share_percent; /* 0: no limit */
    int64_t files_ttl_s;
    char *files_types;
    int64_t files_per_minute;
    int64_t uploads_per_address;   /* 0: no limit */
    int64_t downloads_per_address; /* 0: no limit */
    char *trusted_proxies;         /* see network.h */
    int64_t trusted_hops;
    /* logs */
    enum log_level log_level;
    enum log_format log_format;
    /* how careful */
    bool core_dumps;
    bool strict;
};

/*
 * Reads command line, environment and file into config, which need not be initialised. On
 * failure *ret_error is one line that names what was wrong (*new*). Either way finish it.
 */
__attribute__((warn_unused_result)) bool
config_load(struct config *config, int argc, char **argv, char **environment, char **ret_error);
void config_finish(struct config *config);

/* Says what is allowed and unwise (a weak secret, a file that others can read, a gateway open
 * to all), one line each; answers how many. With --strict config_load has refused all of it. */
size_t config_warn(const struct config *config,
                   void (*on_warning)(void *context, const char *text), void *context);

/* Overwrites secrets where config_load has read them. */
void config_hide_secrets(int argc, char **argv, char **environment);

void config_print_help(FILE *out);
void config_print_version(FILE *out);
/* what: as in config.printed. */
void config_print_manual(const char *what, FILE *out);
/* As the JSON that --config takes; a password in the Redis URL is shown as ***. */
void config_print(const struct config *config, FILE *out);

/* A URL without its password. *new* */
char *config_mask_url(const char *url);

#endif
