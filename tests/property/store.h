/*
 * store - a model of Redis and of the two links to it, as a broker.
 *
 * Commands wait until the driver lets the store do one; answers and what is published wait
 * until the driver lets one arrive, in their order. Reads are refused at times, links are cut,
 * answers are lost. Other nodes publish, too. The bytes of a publication are made of its
 * number, so that every receiver can be checked.
 */
#ifndef PARLEY_STORE_H
#define PARLEY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct broker;

enum {
    STORE_CHANNELS = 3,
    STORE_LOG_SIZE = 5, /* publications that this node keeps, but of STORE_UNLOGGED */
    STORE_UNLOGGED = 2, /* the channel of which this node keeps no log */
    STORE_USERS = 9,    /* "p0" to "p8" */
};

/* One at a time. */
struct broker *store_create(void);
/* Whatever waits is answered BROKER_UNKNOWN. */
void store_destroy(void);

const char *store_channel_name(int channel);
int store_channel_number(const char *name); /* -1: none of them */
/* The number of the last publication. */
uint64_t store_newest(int channel);
/* Who is present: bit N for user "pN". */
unsigned store_present(int channel);

/* One step each; nothing happens if there is nothing to do. */
void store_do_command(void);
void store_deliver_reply(void);
void store_do_subscription(void);
void store_deliver_message(void);

/* Another node publishes; with or without an offset where no log is kept here. */
void store_publish_elsewhere(int channel);
/* An order arrives about users' connections; *borrowed*. */
void store_order(const char *text);
/* The link for subscriptions breaks and comes back: what was on it is lost. */
void store_cut_subscriber(void);
/* The link for commands breaks: what was not answered may have been done. */
void store_cut_commands(void);

void store_set_refusing(bool is_refusing);
bool store_is_at_rest(void);
/* Connections present, in all channels. */
size_t store_member_count(void);

#endif
