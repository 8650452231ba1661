/*
 * bench_plan - who is who; see bench_plan.h.
 *
 * The address is not simply i % A: with R a multiple of A, that would put a whole channel on
 * one address and nothing would ever cross from node to node.
 */
#include "bench_plan.h"

#include <stdint.h>

int plan_first(const struct plan *plan, int worker)
{
    return (int)((int64_t)plan->connections * worker / plan->workers);
}

int plan_channel_of(const struct plan *plan, int connection)
{
    return connection % plan->channels;
}

int plan_address_of(const struct plan *plan, int connection)
{
    return (connection % plan->channels + connection / plan->channels) % plan->addresses;
}

/* How many of 0..end-1 are in the channel. */
static int subscribers_below(const struct plan *plan, int channel, int end)
{
    return end / plan->channels + (channel < end % plan->channels ? 1 : 0);
}

int plan_subscribers(const struct plan *plan, int channel, int first, int last)
{
    return subscribers_below(plan, channel, last) - subscribers_below(plan, channel, first);
}

int plan_publishers_per_channel(const struct plan *plan)
{
    return (plan->publishers + plan->channels - 1) / plan->channels;
}
