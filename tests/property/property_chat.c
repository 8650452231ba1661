/*
 * property_chat - runs of the whole chat with seeds of their own; each finds the same again.
 *
 * usage: property_chat [SEEDS [FIRST [STEPS [lists]]]]      (100 1 20000)
 *
 * A fault ends with the seed that leads to it: property_chat 1 SEED. With "lists", lists of
 * users are checked, too.
 */
#include "chance.h"
#include "client.h"
#include "driver.h"
#include "fault.h"
#include "metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 100, STEPS = 20000 };

static long argument(int argc, char **argv, int i, long otherwise)
{
    return i < argc ? strtol(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    long count = argument(argc, argv, 1, SEEDS);
    long first = argument(argc, argv, 2, 1);
    long steps = argument(argc, argv, 3, STEPS);
    clients_check_lists = argc > 4 && strcmp(argv[4], "lists") == 0;
    for (long seed = first; seed < first + count; seed++) {
        char name[64];
        (void)snprintf(name, sizeof(name), "seed %ld (of %ld steps)", seed, steps);
        fault_set_run(name);
        chance_from_seed((uint64_t)seed);
        driver_run(steps);
    }
    (void)printf("%lld connections, %lld publications, %lld deliveries, %lld writes put off, "
                 "%lld too far behind, %lld gaps, %lld of them lost\n",
                 (long long)metrics.connections_opened_total,
                 (long long)metrics.publications_total, (long long)metrics.deliveries_total,
                 (long long)metrics.writes_deferred_total,
                 (long long)metrics.slow_consumers_total, (long long)metrics.gaps_total,
                 (long long)metrics.gaps_lost_total);
    (void)printf("[  PASSED  ] %ld seed(s) of %ld steps\n", count, steps);
    return 0;
}
