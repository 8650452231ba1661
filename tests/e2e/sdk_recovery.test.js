/*
 * sdk_recovery - what an SDK client gets of what was published while it was away, or while
 * its node or Redis was; and that it is told when something is missing.
 */
import fs from 'node:fs';
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { newChannel, useCluster } from './lib/cluster.js';
import { UNLIMITED } from './lib/gateway.js';
import { isMessage, textOf } from './lib/luchat.js';
import { assertAllOnce, assertNoGap, count, range } from './lib/numbered.js';
import { temporaryFolder } from './lib/process.js';

const RECOVERY_MS = 30_000; // backoff included
const HISTORY = 50; // the default of --history-size

const redisOptions = {
    'redis-timeout-ms': 1000,
    'lease-ttl-ms': 8000,
    'lease-renew-ms': 500,
};

const recoveryOf = ({ wasRecovering, recovered }) => ({ wasRecovering, recovered });
const RECOVERED = { wasRecovering: true, recovered: true };
const NOT_RECOVERED = { wasRecovering: true, recovered: false };

/** LuChat clients on every node that have heard so many messages, which are all there are. */
async function listeners(cluster, channel, heard) {
    const clients = await Promise.all(cluster.nodes.map((node) => node.connect(channel)));
    await Promise.all(clients.map((client) => client.messages(heard)));
    return clients;
}

/** What each of them hears next is this text, and nothing of before. */
async function hearNext(clients, text) {
    for (const client of clients) assert.equal(textOf(await client.next(isMessage)), text);
}

/** What a test of an absence needs: a client that leaves, and one that publishes on. */
async function clientAndPublisher(cluster, channel) {
    const { nodes } = cluster;
    const client = await nodes[0].connectSdk();
    const publisher = await nodes.at(-1).connectSdk();
    const subscription = await client.subscribe(channel);
    const publish = (n) => publisher.publish(channel, n);
    return { client, publisher, subscription, publish };
}

/** The same after it has heard 1, 2, 3, gone, missed the numbers 4..last and come back. */
async function comeBackAfter(cluster, last, channel = newChannel()) {
    const all = await clientAndPublisher(cluster, channel);
    for (const n of range(1, 3)) await all.publish(n);
    await all.subscription.publications(3);
    await all.client.disconnect();
    await Promise.all(range(4, last).map(all.publish));
    await all.client.connect();
    return { ...all, subscribed: await all.subscription.next('subscribed') };
}

for (const [what, setup] of Object.entries({
    'Redis and two nodes': { nodes: 2 },
    'one node without Redis': { nodes: 1, redis: false },
})) {
    describe(`a client that was away, with ${what}`, () => {
        const cluster = useCluster(setup);

        it('is told that it has recovered', async () => {
            const { subscribed } = await comeBackAfter(cluster, 20);
            assert.deepEqual(recoveryOf(subscribed), RECOVERED);
        });

        it('gets what it missed, once and in order', async () => {
            const { subscription, publish } = await comeBackAfter(cluster, 20);
            await publish(21);
            await subscription.hears(21);
            assert.deepEqual(subscription.heard, range(1, 21));
        });

        it('has recovered if there was nothing to miss', async () => {
            const { subscribed } = await comeBackAfter(cluster, 3);
            assert.deepEqual(recoveryOf(subscribed), RECOVERED);
        });

        it('has recovered if the log just reaches back to it', async () => {
            const { subscribed } = await comeBackAfter(cluster, 3 + HISTORY);
            assert.deepEqual(recoveryOf(subscribed), RECOVERED);
        });

        it('has not recovered if the log was trimmed by one too many', async () => {
            const { subscribed } = await comeBackAfter(cluster, 4 + HISTORY);
            assert.deepEqual(recoveryOf(subscribed), NOT_RECOVERED);
        });

        it('gets nothing old if it has not recovered', async () => {
            const { subscription, publish } = await comeBackAfter(cluster, 4 + HISTORY);
            await publish(1000);
            await subscription.hears(1000);
            assert.deepEqual(subscription.heard, [1, 2, 3, 1000]);
        });

        it('recovers again and again', async () => {
            const channel = newChannel();
            const { client, subscription, publish } = await clientAndPublisher(
                cluster,
                channel,
            );
            for (let round = 0; round < 10; round++) {
                await publish(round * 2);
                await subscription.hears(round * 2);
                await client.disconnect();
                await publish(round * 2 + 1);
                await client.connect();
                await subscription.hears(round * 2 + 1);
            }
            assert.deepEqual(subscription.heard, range(0, 19));
        });

        it('gets what was published while it had left the channel', async () => {
            const { subscription, publish } = await clientAndPublisher(cluster, newChannel());
            await publish(1);
            await subscription.hears(1);
            await subscription.unsubscribe();
            await publish(2);
            await subscription.subscribe();
            await subscription.hears(2);
            assert.deepEqual(subscription.heard, [1, 2]);
        });

        it('an application can begin where another left off', async () => {
            const channel = newChannel();
            const { client, publish } = await clientAndPublisher(cluster, channel);
            for (const n of range(1, 5)) await publish(n);
            const { epoch } = await client.sdk.history(channel);
            const other = await cluster.nodes[0].connectSdk();
            const since = { since: { offset: 2, epoch } };
            const subscription = await other.subscribe(channel, since);
            const received = await subscription.publications(3);
            assert.deepEqual(received.map(({ data }) => data), [3, 4, 5]);
        });

        it('a position of another epoch has not recovered', async () => {
            const channel = newChannel();
            const { client, publish } = await clientAndPublisher(cluster, channel);
            await publish(1);
            const since = { since: { offset: 1, epoch: 'other' } };
            const other = await cluster.nodes[0].connectSdk();
            const subscription = other.channel(channel, since);
            assert.deepEqual(recoveryOf(await subscription.subscribe()), NOT_RECOVERED);
            await client.disconnect();
        });
    });
}

describe('a client that missed much', () => {
    const cluster = useCluster({ nodes: 2, options: { ...UNLIMITED, 'history-size': 10_000 } });

    it('gets more than its backlog may be', async () => {
        const channel = newChannel();
        const { client, subscription, publish } = await clientAndPublisher(cluster, channel);
        const text = 'x'.repeat(1000); // of them 3000 are three times --max-backlog-bytes
        await publish({ n: 0, text });
        await subscription.next('publication');
        await client.disconnect();
        await Promise.all(range(1, 3000).map((n) => publish({ n, text })));
        await client.connect();
        await subscription.hears({ n: 3000, text }, RECOVERY_MS);
        assert.deepEqual(subscription.heard.map(({ n }) => n), range(0, 3000));
    });
});

describe('a client whose connection is cut', () => {
    const cluster = useCluster({ nodes: 2, options: { ...UNLIMITED, 'history-size': 10_000 } });

    it('gets everything once and in order, however often it is', async () => {
        const channel = newChannel();
        const relay = await cluster.relayTo(...cluster.nodes);
        const subscription = await (await relay.connectSdk()).subscribe(channel);
        const publisher = await cluster.nodes[1].connectSdk();
        const counting = count((n) => publisher.publish(channel, n));
        for (let i = 0; i < 10; i++) {
            await subscription.publications(50);
            relay.cut();
            await subscription.next('subscribed');
        }
        const last = await counting.stop();
        await subscription.hears(last);
        assertNoGap(subscription.all('publication'));
        assertAllOnce(subscription.heard, last);
    });
});

describe('a node that ends', () => {
    const cluster = useCluster({ nodes: 1, options: { ...UNLIMITED, 'history-size': 10_000 } });

    /**
     * A client behind a relay, on a node that ends by the signal while another publishes
     * numbers all along: the client, its subscription and the last number.
     */
    async function publishThrough(signal) {
        const channel = newChannel();
        const doomed = await cluster.startNode();
        const [survivor] = cluster.nodes;
        const relay = await cluster.relayTo(doomed, survivor);
        const client = await relay.connectSdk();
        const subscription = await client.subscribe(channel);
        const publisher = await survivor.connectSdk();
        const counting = count((n) => publisher.publish(channel, n));
        await subscription.publications(100);
        if (signal === 'SIGKILL') await doomed.kill();
        else await doomed.stop(signal);
        const subscribed = await subscription.next('subscribed', RECOVERY_MS);
        await subscription.publications(100);
        const last = await counting.stop();
        await publisher.publish(channel, last + 1);
        await subscription.hears(last + 1, RECOVERY_MS);
        return { client, subscription, subscribed, last: last + 1 };
    }

    for (const signal of ['SIGKILL', 'SIGTERM']) {
        it(`with ${signal}: its clients recover on another`, async () => {
            const { subscribed } = await publishThrough(signal);
            assert.deepEqual(recoveryOf(subscribed), RECOVERED);
        });

        it(`with ${signal}: its clients miss nothing and get nothing twice`, async () => {
            const { subscription, last } = await publishThrough(signal);
            assertAllOnce(subscription.heard, last);
        });

        it(`with ${signal}: its clients get all in order`, async () => {
            const { subscription } = await publishThrough(signal);
            assertNoGap(subscription.all('publication'));
        });
    }

    it('with SIGTERM: its clients are told so', async () => {
        const { client } = await publishThrough('SIGTERM');
        const left = client.all('connecting').at(1);
        assert.deepEqual([left.code, left.reason], [3001, 'shutdown']);
    });

    it('a publisher on it tries again with its keys and repeats nothing', async () => {
        const channel = newChannel();
        const doomed = await cluster.startNode();
        const [survivor] = cluster.nodes;
        const relay = await cluster.relayTo(doomed, survivor);
        const publisher = await relay.connectSdk();
        const subscription = await (await survivor.connectSdk()).subscribe(channel);
        const counting = count((n) => publisher.publishForSure(channel, n, `number ${n}`));
        await subscription.publications(100);
        await doomed.kill();
        await subscription.publications(200, RECOVERY_MS);
        const last = await counting.stop();
        while (subscription.heard.length < last) await subscription.next('publication');
        assertAllOnce(subscription.heard, last);
    });
});

describe('a Redis that comes back with its data', () => {
    const cluster = useCluster({
        nodes: 2,
        redis: { keepsData: true },
        options: { ...redisOptions, ...UNLIMITED, 'history-size': 10_000 },
    });

    const restart = () => cluster.restartRedis({ keepsData: true });

    it('subscribers hear what comes next, and are recovered in the new epoch', async () => {
        const { subscription, publish } = await clientAndPublisher(cluster, newChannel());
        await publish(1);
        await subscription.hears(1);
        await restart();
        const { epoch } = await publish(2);
        await subscription.hears(2);
        const [, again] = subscription.all('subscribed');
        assert.deepEqual(recoveryOf(again), RECOVERED);
        assert.equal(again.streamPosition.epoch, epoch);
        assert.deepEqual(subscription.heard, [1, 2]);
    });

    it('offsets go on, in another epoch: it might have lost the end', async () => {
        const { subscription, publish } = await clientAndPublisher(cluster, newChannel());
        const before = await publish(1);
        await subscription.hears(1);
        await restart();
        const after = await publish(2);
        assert.equal(after.offset, before.offset + 1);
        assert.notEqual(after.epoch, before.epoch);
        assert.equal((await publish(3)).epoch, after.epoch);
    });

    it('who was away meanwhile recovers', async () => {
        const { client, subscription, publish } = await clientAndPublisher(
            cluster,
            newChannel(),
        );
        await publish(1);
        await subscription.hears(1);
        await client.disconnect();
        await publish(2);
        await restart();
        await publish(3);
        await client.connect();
        await subscription.hears(3);
        assert.deepEqual(subscription.heard, [1, 2, 3]);
    });

    it('who comes while it is away is let in when it is back', async () => {
        const { client, subscription, publish } = await clientAndPublisher(
            cluster,
            newChannel(),
        );
        await publish(1);
        await subscription.hears(1);
        await client.disconnect();
        await cluster.loseRedis();
        await client.connect();
        await cluster.redis.launch();
        const subscribed = await subscription.next('subscribed', RECOVERY_MS);
        assert.deepEqual(recoveryOf(subscribed), RECOVERED);
    });

    it('while it is away a publish is refused as temporary', async () => {
        const { publish } = await clientAndPublisher(cluster, newChannel());
        await cluster.loseRedis();
        try {
            await assert.rejects(publish(1), { code: 100, temporary: true });
        } finally {
            await cluster.bringBackRedis({ keepsData: true });
        }
    });

    it('a key is remembered', async () => {
        const channel = newChannel();
        const { publisher } = await clientAndPublisher(cluster, channel);
        const { offset } = await publisher.publish(channel, 'once', 'key');
        await restart();
        const again = await publisher.publish(channel, 'once', 'key');
        assert.deepEqual([again.offset, again.deduplicated], [offset, true]);
    });
});

describe('a Redis that comes back empty', () => {
    const cluster = useCluster({ nodes: 2, options: redisOptions });

    const restart = () => cluster.restartRedis();

    it('subscribers are told that they have not recovered', async () => {
        const { subscription, publish } = await clientAndPublisher(cluster, newChannel());
        await publish(1);
        await subscription.hears(1);
        await restart();
        const subscribed = await subscription.next('subscribed', RECOVERY_MS);
        assert.deepEqual(recoveryOf(subscribed), NOT_RECOVERED);
    });

    it('subscribers hear what comes next', async () => {
        const { subscription, publish } = await clientAndPublisher(cluster, newChannel());
        await publish(1);
        await subscription.hears(1);
        await restart();
        await subscription.next('subscribed', RECOVERY_MS);
        await publish(2);
        await subscription.hears(2);
    });

    it('who was away has not recovered', async () => {
        const { client, subscription, publish } = await clientAndPublisher(
            cluster,
            newChannel(),
        );
        await publish(1);
        await subscription.hears(1);
        await client.disconnect();
        await restart();
        await client.connect();
        const subscribed = await subscription.next('subscribed', RECOVERY_MS);
        assert.deepEqual(recoveryOf(subscribed), NOT_RECOVERED);
    });

    it('who was away has not recovered even if the new log is as long', async () => {
        const { client, subscription, publish } = await clientAndPublisher(
            cluster,
            newChannel(),
        );
        await publish(1);
        await subscription.hears(1);
        await client.disconnect();
        await restart();
        await publish(2);
        await client.connect();
        const subscribed = await subscription.next('subscribed', RECOVERY_MS);
        assert.deepEqual(recoveryOf(subscribed), NOT_RECOVERED);
    });
});

describe('a client that says it has seen more than there is', () => {
    const cluster = useCluster({ nodes: 2 });

    it('is not recovered, and nothing changes for anybody else', async () => {
        const channel = newChannel();
        const { client, subscription, publish } = await clientAndPublisher(cluster, channel);
        for (const n of range(1, 3)) await publish(String(n));
        const clients = await listeners(cluster, channel, 3);
        const { epoch } = await client.sdk.history(channel);
        const liar = await cluster.nodes[0].connectSdk();
        const claimed = liar.channel(channel, { since: { offset: 99, epoch } });
        claimed.sdk.subscribe();
        const isIn = ({ event }) => event === 'subscribed';
        const subscribed = await claimed.events.next(isIn, 'the answer', RECOVERY_MS);
        assert.deepEqual(recoveryOf(subscribed), NOT_RECOVERED);
        await publish('next');
        await hearNext(clients, 'next');
        for (const each of ['1', '2', '3', 'next']) await subscription.hears(each);
        assert.equal((await client.sdk.history(channel)).epoch, epoch);
    });
});

describe('a Redis restored from an older copy', () => {
    const cluster = useCluster({
        nodes: 2,
        redis: { keepsData: true },
        options: redisOptions,
    });
    let channel;
    let client;
    let subscription;
    let publish;
    let copy;

    /** The numbers 1..3 are in the copy, 4..6 were received and are not. */
    beforeEach(async () => {
        channel = newChannel();
        ({ client, subscription, publish } = await clientAndPublisher(cluster, channel));
        for (const n of range(1, 3)) await publish(n);
        copy = temporaryFolder();
        fs.cpSync(cluster.redis.dir, copy, { recursive: true });
        for (const n of range(4, 6)) await publish(n);
        await subscription.hears(6);
    });

    async function restore() {
        await cluster.loseRedis();
        cluster.redis.forget();
        fs.cpSync(copy, cluster.redis.dir, { recursive: true });
        await cluster.bringBackRedis({ keepsData: true });
    }

    it('subscribers are told that they have not recovered', async () => {
        await restore();
        const subscribed = await subscription.next('subscribed', RECOVERY_MS);
        assert.deepEqual(recoveryOf(subscribed), NOT_RECOVERED);
    });

    it('the log gets a new epoch', async () => {
        const before = await client.sdk.history(channel);
        await restore();
        await subscription.next('subscribed', RECOVERY_MS);
        const after = await client.sdk.history(channel);
        assert.notEqual(after.epoch, before.epoch);
    });

    it('LuChat clients of no node hear again what they heard', async () => {
        const clients = await listeners(cluster, channel, 6);
        await restore();
        await subscription.next('subscribed', RECOVERY_MS);
        await publish('next');
        await hearNext(clients, 'next');
    });

    it('what comes next is heard by all', async () => {
        await restore();
        await subscription.next('subscribed', RECOVERY_MS);
        await publish('next');
        await subscription.hears('next');
    });

    it('who was away is told that it has not recovered', async () => {
        await client.disconnect();
        await restore();
        await client.connect();
        const subscribed = await subscription.next('subscribed', RECOVERY_MS);
        assert.deepEqual(recoveryOf(subscribed), NOT_RECOVERED);
    });

    const isAnewAfter = (epoch) => ({ event, streamPosition }) =>
        event === 'subscribed' && streamPosition.epoch !== epoch;

    it('who was away and has seen more than others brings a new epoch', async () => {
        const before = await client.sdk.history(channel);
        await client.disconnect();
        await restore();
        await client.connect();
        await subscription.events.next(isAnewAfter(before.epoch), 'the new epoch', RECOVERY_MS);
        const after = await publish('next');
        assert.notEqual(after.epoch, before.epoch);
    });

    it('nobody comes back to a wrong position', async () => {
        const { epoch } = await client.sdk.history(channel);
        await client.disconnect();
        await restore();
        await client.connect();
        await subscription.events.next(isAnewAfter(epoch), 'the new epoch', RECOVERY_MS);
        await publish('next');
        await subscription.hears('next');
        await client.disconnect();
        await publish('missed');
        await client.connect();
        await subscription.hears('missed');
        assert.deepEqual(subscription.heard, [...range(1, 6), 'next', 'missed']);
    });
});
