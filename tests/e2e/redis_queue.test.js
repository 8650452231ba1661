/*
 * redis_queue - Redis is silent for a while: what waits for it is bounded, and what must not be
 * lost is not.
 */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { everyoneHears, newChannel, useCluster } from './lib/cluster.js';
import { UNLIMITED } from './lib/gateway.js';
import { isError, isMessage } from './lib/luchat.js';
import { eventually } from './lib/wait.js';

const HITS = 'parley_limit_hits_total{limit="redis_queue_bytes"}';
const MESSAGES = 200; // more than wait in QUEUE_BYTES
const QUEUE_BYTES = 100_000;

describe('a Redis that does not answer', () => {
    const cluster = useCluster({
        nodes: 0,
        options: {
            ...UNLIMITED,
            'redis-queue-bytes': QUEUE_BYTES,
            'redis-timeout-ms': 20_000,
            'lease-ttl-ms': 60_000,
            'presence-grace-ms': 0,
        },
    });

    async function startBehindRelay() {
        const relay = await cluster.relayTo(cluster.redis);
        const redis = `redis://127.0.0.1:${relay.port}`;
        return { relay, node: await cluster.startNode({ options: { redis } }) };
    }

    function fill(client) {
        for (let i = 0; i < MESSAGES; i++) client.say('ann', `${i}`);
        return client.next(isError(503), 'the first refusal');
    }

    it('refuses at once what is beyond the limit, and takes it again afterwards', async () => {
        const { relay, node } = await startBehindRelay();
        const client = await node.connect(newChannel());
        await client.settle();
        relay.fallSilent();
        await fill(client);
        await client.ping();
        assert.ok((await node.metric(HITS)) > 0);
        relay.speak();
        const answers = () => client.count(isMessage) + client.count(isError(503));
        await eventually(() => answers() > MESSAGES, 'an answer to each message'); // and settle's
        await everyoneHears(client, [client], 'as before');
    });

    it('forgets nobody who leaves meanwhile', async () => {
        const { relay, node } = await startBehindRelay();
        const channel = newChannel();
        const [speaker, leaver, watcher] = await Promise.all(
            Array.from({ length: 3 }, () => node.connect(channel)),
        );
        await watcher.goOnline('ben');
        await leaver.goOnline('ann');
        await watcher.seesOnline('ann');
        relay.fallSilent();
        await fill(speaker);
        await leaver.close();
        relay.speak();
        await watcher.seesOffline('ann');
    });
});
