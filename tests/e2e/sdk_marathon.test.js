/*
 * sdk_marathon - many acknowledged publications through two nodes while Redis is restarted
 * in their middle: what is acknowledged is received, once and in order.
 *
 * PARLEY_MARATHON=1 publishes 100,000 of them instead of 20,000.
 */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { newChannel, useCluster } from './lib/cluster.js';
import { UNLIMITED } from './lib/gateway.js';
import { assertAllOnce, assertNoGap, range } from './lib/numbered.js';
import { eventually } from './lib/wait.js';

const TOTAL = process.env.PARLEY_MARATHON ? 100_000 : 20_000;
const OUTSTANDING = 200;
const DEADLINE_MS = 170_000;
const RETRY_MS = 50;

describe('a marathon', { timeout: 2 * DEADLINE_MS }, () => {
    const cluster = useCluster({
        nodes: 2,
        redis: { keepsData: true },
        options: { ...UNLIMITED, 'history-size': 10_000, 'redis-timeout-ms': 2000 },
    });

    let refusals = 0;

    /** Publishes until it is acknowledged, each try on the other node: the ack. */
    async function publishForSure(publishers, channel, n) {
        for (let i = n; ; i++) {
            try {
                return await publishers[i % publishers.length].publish(channel, n, `n${n}`);
            } catch {
                refusals++;
                await new Promise((resolve) => setTimeout(resolve, RETRY_MS)); // Redis is away
            }
        }
    }

    /** Publishes 1…TOTAL, so many at a time; restart() is called in the middle. */
    async function run(publish, restart) {
        let next = 1;
        let restarted;
        const worker = async () => {
            while (next <= TOTAL) {
                if (next === TOTAL / 2) restarted = restart();
                await publish(next++);
            }
        };
        await Promise.all(Array.from({ length: OUTSTANDING }, worker));
        await restarted;
    }

    it('what is acknowledged is received once and in order', async () => {
        const channel = newChannel();
        const publishers = await Promise.all(cluster.nodes.map((node) => node.connectSdk()));
        const readers = await Promise.all(cluster.nodes.map((node) => node.connectSdk()));
        const subscriptions = await Promise.all(
            readers.map((reader) => reader.subscribe(channel)),
        );
        const acks = new Map();
        await run(
            async (n) => acks.set(n, await publishForSure(publishers, channel, n)),
            () => cluster.redis.restart({ keepsData: true }),
        );
        assert.ok(refusals > 0, 'Redis was away and nobody was told');
        assert.deepEqual([...acks.keys()].sort((a, b) => a - b), range(1, TOTAL));
        for (const subscription of subscriptions) {
            const hasAll = () => subscription.all('publication').length >= TOTAL;
            await eventually(hasAll, `${TOTAL} publications`, DEADLINE_MS);
            const received = subscription.all('publication');
            assertAllOnce(subscription.heard, TOTAL);
            assertNoGap(received);
            const elsewhere = received.filter(
                ({ data, offset }) => acks.get(data).offset !== offset,
            );
            assert.deepEqual(elsewhere, [], 'publications whose ack told another offset');
            const recoveries = subscription.all('subscribed').slice(1);
            assert.deepEqual(
                recoveries.filter(({ recovered }) => !recovered),
                [],
                'subscriptions that did not recover',
            );
        }
    });
});
