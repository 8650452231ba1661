/*
 * presence_redis - who is there when Redis forgets everything, or cannot be reached: nobody
 * who stayed is said to have left, and everybody is back within an interval of renewals.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { newChannel, useCluster } from './lib/cluster.js';
import { gather, untilThere, Witness } from './lib/crowd.js';
import { Ctl } from './lib/ctl.js';
import { isOffline, isOnline } from './lib/luchat.js';
import { SECRET, tokenOf } from './lib/token.js';
import { eventually } from './lib/wait.js';

const RECOVERY_MS = 30_000; // backoff included
const LEASE_TTL_MS = 2000;
const SURELY_BEFORE_MS = 1500; // Redis and nodes may differ by a second about when one joined
const options = {
    'token-secret': SECRET,
    anonymous: 'on',
    'lease-ttl-ms': LEASE_TTL_MS,
    'lease-renew-ms': 400,
    'presence-grace-ms': 1000,
    'redis-timeout-ms': 1000,
};

const DOCTOR = ['doctor', '--settle-ms', '6000']; // finds nothing

const names = (what, count) => Array.from({ length: count }, (_, i) => `${what}${i}`);

describe('a Redis that forgets who is there', () => {
    const cluster = useCluster({ nodes: 3, options });
    const ctl = new Ctl(() => cluster.redis.url);
    const users = names('user', 6);
    let channels;
    let witness;
    let watcher;

    beforeEach(async () => {
        channels = names(`${newChannel()}-`, 20);
        witness = await Witness.on(cluster.nodes[0], 'witness', channels);
        watcher = await cluster.nodes[2].connect(channels[0], tokenOf('watcher'));
        await watcher.goOnline('watcher');
        for (const [i, node] of cluster.nodes.entries()) {
            await gather(node, users.slice(i * 2, i * 2 + 2), channels);
        }
        await witness.untilTold('join', users.length * channels.length + 1);
    });

    /** The users and the witness in all channels, the watcher in one. */
    function untilAllAreBack() {
        const count = (users.length + 1) * channels.length + 1;
        return untilThere(cluster.redis.client(), channels, count, RECOVERY_MS);
    }

    /** Somebody comes and goes; what was told before has been heard. */
    async function assertNobodyLeft() {
        const stranger = await cluster.nodes[1].connect(channels[0], tokenOf('stranger'));
        await stranger.goOnline('stranger');
        await stranger.close();
        await watcher.seesOffline('stranger');
        await witness.untilTold('leave', 1);
        assert.deepEqual([...witness.told('leave').keys()], [`${channels[0]} stranger`]);
        assert.equal(users.filter((user) => watcher.count(isOffline(user))).length, 0);
        await ctl.text(DOCTOR);
    }

    it('by FLUSHALL: all are put back, and nobody is said to have left', async (t) => {
        const flushed = Date.now();
        await cluster.redis.client().flushall();
        await untilAllAreBack();
        t.diagnostic(`all were back after ${Date.now() - flushed} ms`);
        await assertNobodyLeft();
    });

    it('by a restart without a disk: all are put back, and nobody is said to have left', async () => {
        await cluster.restartRedis();
        await untilAllAreBack();
        await assertNobodyLeft();
    });

    it('three times in a row: all are put back', async () => {
        for (let i = 0; i < 3; i++) {
            await cluster.redis.client().flushall();
            await untilAllAreBack();
        }
        await assertNobodyLeft();
    });

    it('by FLUSHALL: who was in the grace leaves, once', async () => {
        const tab = await cluster.nodes[1].connect(channels[0], tokenOf('ann'));
        await tab.goOnline('ann');
        const joined = Date.now();
        await eventually(() => Date.now() > joined + SURELY_BEFORE_MS, 'a join before the loss');
        await tab.close();
        const redis = cluster.redis.client();
        const grace = `parley:{${channels[0]}}:grace`;
        await eventually(async () => (await redis.zcard(grace)) === 1, 'ann to be in her grace');
        await redis.flushall();
        await watcher.next(isOffline('ann'), 'offline of ann', RECOVERY_MS);
        await untilAllAreBack();
        const left = ['ann', ...users].filter((user) => watcher.count(isOffline(user)));
        assert.deepEqual([left, watcher.count(isOffline('ann'))], [['ann'], 1]);
    });
});

describe('nodes that cannot reach Redis, one after the other', () => {
    const cluster = useCluster({ nodes: 0, options });
    const ctl = new Ctl(() => cluster.redis.url);
    let channel;
    let relays;
    let nodes;
    let clients;

    beforeEach(async () => {
        channel = newChannel();
        relays = [];
        nodes = [];
        clients = [];
        for (let i = 0; i < 3; i++) {
            const relay = await cluster.relayTo(cluster.redis);
            relays.push(relay);
            const redis = `redis://127.0.0.1:${relay.port}`;
            nodes.push(await cluster.startNode({ options: { redis } }));
            const client = await nodes[i].connect(channel, tokenOf(`user-${i}`));
            await client.goOnline(`user-${i}`);
            clients.push(client);
        }
        for (const client of clients.slice(0, 2)) await client.seesOnline('user-2');
    });

    /** The lists of all nodes, as newcomers get them. */
    async function assertAllAreListed() {
        for (const [i, node] of nodes.entries()) {
            const newcomer = await node.connect(channel, tokenOf(`newcomer-${i}`));
            const list = await newcomer.goOnline(`newcomer-${i}`);
            assert.deepEqual(
                list.filter((user) => user.startsWith('user')),
                ['user-0', 'user-1', 'user-2'],
            );
        }
    }

    /** Each node in turn is away from Redis for longer than its lease. */
    async function inTurn(goAway, comeBack) {
        for (const [i, relay] of relays.entries()) {
            const neighbour = clients[(i + 1) % 3];
            goAway(relay);
            await neighbour.next(isOffline(`user-${i}`), `offline of user-${i}`, RECOVERY_MS);
            comeBack(relay);
            await neighbour.next(isOnline(`user-${i}`), `online of user-${i}`, RECOVERY_MS);
            await nodes[i].readiness(200, RECOVERY_MS);
        }
    }

    for (const [how, goAway, comeBack] of [
        ['cut off', (relay) => relay.isolate(), (relay) => relay.restore()],
        ['not answered', (relay) => relay.fallSilent(), (relay) => relay.speak()],
    ]) {
        it(`${how}: their users leave and join once, and all lists are right in the end`, async () => {
            await inTurn(goAway, comeBack);
            await assertAllAreListed();
            for (const [i] of clients.entries()) {
                const neighbour = clients[(i + 1) % 3];
                assert.equal(neighbour.count(isOffline(`user-${i}`)), 1);
            }
            await ctl.text(DOCTOR);
        });

        it(`${how}: who closes meanwhile has left in the end`, async () => {
            goAway(relays[0]);
            clients[0].socket.terminate();
            await clients[1].next(isOffline('user-0'), 'offline of user-0', RECOVERY_MS);
            comeBack(relays[0]);
            await nodes[0].readiness(200, RECOVERY_MS);
            const newcomer = await nodes[0].connect(channel, tokenOf('newcomer'));
            const list = await newcomer.goOnline('newcomer');
            assert.deepEqual(list, ['newcomer', 'user-1', 'user-2']);
            assert.equal(clients[1].count(isOffline('user-0')), 1);
            await ctl.text(DOCTOR);
        });
    }

    it('cut off for less than a lease: nobody is said to have left', async () => {
        for (const [i, relay] of relays.entries()) {
            relay.isolate();
            await nodes[i].readiness(503, RECOVERY_MS);
            relay.restore();
            await nodes[i].readiness(200, RECOVERY_MS);
        }
        await assertAllAreListed();
        for (const client of clients) {
            const left = [0, 1, 2].filter((i) => client.count(isOffline(`user-${i}`)));
            assert.deepEqual(left, []);
        }
    });
});

describe('a Redis that loses one key', () => {
    const cluster = useCluster({ nodes: 2, options });

    for (const part of ['members', 'users']) {
        it(`the ${part} of a channel: all are listed again, and nobody is told anything`, async () => {
            const channel = newChannel();
            const [ann, ben] = await Promise.all(
                ['ann', 'ben'].map((user, i) => cluster.nodes[i].connect(channel, tokenOf(user))),
            );
            await ann.goOnline('ann');
            await ben.goOnline('ben');
            await ann.seesOnline('ben');
            await cluster.redis.client().del(`parley:{${channel}}:${part}`);
            const isListed = async () => {
                const cee = await cluster.nodes[0].connect(channel, tokenOf('cee'));
                const list = await cee.goOnline('cee');
                await cee.close();
                return list.includes('ann') && list.includes('ben');
            };
            await eventually(isListed, 'all to be listed', RECOVERY_MS);
            for (const client of [ann, ben])
                for (const user of ['ann', 'ben'])
                    assert.equal(client.count(isOffline(user)), 0, user);
        });
    }
});
