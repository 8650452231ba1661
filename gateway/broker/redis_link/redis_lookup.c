/*
 * redis_lookup - the address that a host's name has at the moment; see redis_lookup.h.
 */
#include "redis_lookup.h"

#include "mem.h"

#include <event2/dns.h>
#include <event2/util.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/* A question to a name server. It outlives the look-up that gave it up: evdns answers all the
 * same. */
struct question {
    struct redis_lookup *lookup; /* NULL: given up */
    struct evdns_getaddrinfo_request *request;
};

struct redis_lookup {
    struct event_base *base;
    const char *host;
    struct evdns_base *servers; /* NULL: none yet */
    bool is_set_up;
    struct question *question; /* NULL: none is asked */
    redis_lookup_fn on_found;
    void *context;
    unsigned turn; /* how often it was answered */
    char last[REDIS_ADDRESS_BYTES];
};

struct redis_lookup *redis_lookup_create(struct event_base *base, const char *host)
{
    struct redis_lookup *lookup = mem_zalloc(sizeof(*lookup));
    lookup->base = base;
    lookup->host = host;
    return lookup;
}

void redis_lookup_give_up(struct redis_lookup *lookup)
{
    struct question *question = lookup->question;
    lookup->question = NULL;
    if (!question)
        return;
    question->lookup = NULL;
    if (question->request)
        evdns_getaddrinfo_cancel(question->request);
}

void redis_lookup_destroy(struct redis_lookup *lookup)
{
    if (!lookup)
        return;
    redis_lookup_give_up(lookup);
    if (lookup->servers)
        evdns_base_free(lookup->servers, /* fail_requests= */ 1);
    free(lookup);
}

/* After a failure all is read anew: by then the machine may have other name servers. */
static void read_settings(struct evdns_base *servers)
{
    (void)evdns_base_clear_nameservers_and_suspend(servers);
    evdns_base_clear_host_addresses(servers);
    evdns_base_search_clear(servers);
    (void)evdns_base_resolv_conf_parse(servers, DNS_OPTIONS_ALL, "/etc/resolv.conf");
    if (evdns_base_count_nameservers(servers) == 0)
        (void)evdns_base_nameserver_ip_add(servers, "127.0.0.1");
    evdns_base_set_option(servers, "timeout:", "1");
    evdns_base_set_option(servers, "attempts:", "2");
    evdns_base_set_option(servers, "randomize-case:", "0"); /* some do not bear it */
    (void)evdns_base_resume(servers);
}

static void set_up_servers(struct redis_lookup *lookup)
{
    if (!lookup->servers)
        lookup->servers = evdns_base_new(lookup->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (lookup->servers && !lookup->is_set_up)
        read_settings(lookup->servers);
    lookup->is_set_up = true;
}

static bool print_address(const struct evutil_addrinfo *found, char out[REDIS_ADDRESS_BYTES])
{
    const void *binary =
        found->ai_family == AF_INET6
            ? (const void *)&((const struct sockaddr_in6 *)(const void *)found->ai_addr)
                  ->sin6_addr
            : (const void *)&((const struct sockaddr_in *)(const void *)found->ai_addr)
                  ->sin_addr;
    return inet_ntop(found->ai_family, binary, out, REDIS_ADDRESS_BYTES) != NULL;
}

static const struct evutil_addrinfo *next_of(const struct evutil_addrinfo *all, unsigned turn)
{
    unsigned count = 0;
    for (const struct evutil_addrinfo *each = all; each; each = each->ai_next)
        count++;
    for (turn %= count; turn > 0; turn--)
        all = all->ai_next;
    return all;
}

static void answer(struct redis_lookup *lookup, int error, const struct evutil_addrinfo *all)
{
    bool is_found =
        error == 0 && all && print_address(next_of(all, lookup->turn), lookup->last);
    bool is_unknown = error == EVUTIL_EAI_NONAME;
    lookup->turn++;
    lookup->is_set_up = is_found;
    if (is_found || (!is_unknown && lookup->last[0]))
        lookup->on_found(lookup->context, lookup->last, NULL);
    else
        lookup->on_found(lookup->context, NULL,
                         is_unknown ? "no such host" : "no name server answers");
}

static void on_answer(int error, struct evutil_addrinfo *all, void *context)
{
    struct question *question = context;
    struct redis_lookup *lookup = question->lookup;
    free(question);
    if (lookup) {
        lookup->question = NULL;
        answer(lookup, error, all);
    }
    if (all)
        evutil_freeaddrinfo(all);
}

void redis_lookup_find(struct redis_lookup *lookup, redis_lookup_fn on_found, void *context)
{
    const struct evutil_addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = EVUTIL_AI_ADDRCONFIG};
    redis_lookup_give_up(lookup);
    lookup->on_found = on_found;
    lookup->context = context;
    set_up_servers(lookup);
    if (!lookup->servers) {
        answer(lookup, EVUTIL_EAI_FAIL, NULL);
        return;
    }
    struct question *question = mem_zalloc(sizeof(*question));
    question->lookup = lookup;
    lookup->question = question;
    struct evdns_getaddrinfo_request *request =
        evdns_getaddrinfo(lookup->servers, lookup->host, NULL, &hints, on_answer, question);
    if (request) /* else it is answered already, and freed */
        question->request = request;
}
