/*
 * presence_death - nodes that are killed, that hang, and that die while they clean up after
 * another: who was on them leaves once, and who is elsewhere does not.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { newChannel, useCluster } from './lib/cluster.js';
import { gather, untilThere, Witness } from './lib/crowd.js';
import { Ctl } from './lib/ctl.js';
import { isOffline, isOnline } from './lib/luchat.js';
import { SECRET } from './lib/token.js';
import { eventually, within } from './lib/wait.js';

const LEASE_TTL_MS = 2000;
const DEATH_MS = 30_000; // the promise is 10 s; a sanitized build on a busy machine may be late
const SHORT = { 'lease-ttl-ms': LEASE_TTL_MS, 'lease-renew-ms': 400, 'presence-grace-ms': 500 };
const TOKENS = { 'token-secret': SECRET, anonymous: 'on' };

const DOCTOR = ['doctor', '--settle-ms', '6000']; // finds nothing

const names = (what, count) => Array.from({ length: count }, (_, i) => `${what}${i}`);

/** Somebody new comes, on another node, and is seen: all that was told before has been heard. */
async function fence(cluster, watcher, channel) {
    const stranger = await cluster.nodes[0].connect(channel);
    const name = `stranger-${newChannel()}`;
    await stranger.goOnline(name);
    await watcher.seesOnline(name);
}

describe('a node that is killed, with leases as they are by default', () => {
    const cluster = useCluster({ nodes: 2, options: TOKENS });
    const ctl = new Ctl(() => cluster.redis.url);

    it('hundreds of users leave many channels, each once, and no key is left', async (t) => {
        const [users, channels] = [names('user', 10), names(`${newChannel()}-`, 50)];
        const witness = await Witness.on(cluster.nodes[0], 'witness', channels);
        const victim = await cluster.startNode();
        await gather(victim, users, channels);
        await witness.untilTold('join', users.length * channels.length);
        const killed = Date.now();
        await victim.kill();
        await witness.untilTold('leave', users.length * channels.length, DEATH_MS);
        t.diagnostic(`all had left ${witness.last - killed} ms after the kill`);
        await untilThere(cluster.redis.client(), channels, channels.length);
        await ctl.text(DOCTOR);
        assert.deepEqual(witness.notOnce('leave'), []);
    });
});

describe('a node that is killed', () => {
    const cluster = useCluster({ nodes: 2, options: { ...TOKENS, ...SHORT } });
    let channel;
    let watcher;
    let victim;

    beforeEach(async () => {
        channel = newChannel();
        watcher = await cluster.nodes[1].connect(channel);
        await watcher.goOnline('watcher');
        victim = await cluster.startNode();
    });

    it('its user is offline, once, for both dialects', async () => {
        const witness = await Witness.on(cluster.nodes[0], 'witness', [channel]);
        await (await victim.connect(channel)).goOnline('ann');
        await watcher.seesOnline('ann');
        await victim.kill();
        await watcher.next(isOffline('ann'), 'offline of ann', DEATH_MS);
        await witness.untilTold('leave', 1);
        await fence(cluster, watcher, channel);
        assert.equal(watcher.count(isOffline('ann')), 1);
        assert.deepEqual([...witness.told('leave')], [[`${channel} ann`, 1]]);
    });

    it('who has another tab elsewhere stays', async () => {
        await (await cluster.nodes[0].connect(channel)).goOnline('ann');
        await (await victim.connect(channel)).goOnline('ann');
        await (await victim.connect(channel)).goOnline('ben');
        await victim.kill();
        await watcher.next(isOffline('ben'), 'offline of ben', DEATH_MS);
        await fence(cluster, watcher, channel);
        assert.equal(watcher.count(isOffline('ann')), 0);
    });

    it('who comes back to another node before its lease is over has neither left nor joined', async () => {
        await (await victim.connect(channel)).goOnline('ann');
        await (await victim.connect(channel)).goOnline('ben');
        await watcher.seesOnline('ben');
        await victim.kill();
        await (await cluster.nodes[0].connect(channel)).goOnline('ann');
        await watcher.next(isOffline('ben'), 'offline of ben', DEATH_MS);
        await fence(cluster, watcher, channel);
        assert.deepEqual([watcher.count(isOnline('ann')), watcher.count(isOffline('ann'))], [1, 0]);
    });

    it('a list leaves out its members as soon as its lease is over', async () => {
        await (await victim.connect(channel)).goOnline('ann');
        await victim.kill();
        await watcher.next(isOffline('ann'), 'offline of ann', DEATH_MS);
        const newcomer = await cluster.nodes[0].connect(channel);
        assert.deepEqual(await newcomer.goOnline('newcomer'), ['newcomer', 'watcher']);
    });

    it('a reaper that dies half-way is replaced, and nobody leaves twice', async () => {
        const [users, channels] = [names('user', 20), names(`${channel}-`, 60)];
        const witness = await Witness.on(cluster.nodes[1], 'witness', channels);
        const helper = await cluster.startNode();
        await gather(victim, users, channels);
        await gather(helper, ['helped'], channels);
        await witness.untilTold('join', (users.length + 1) * channels.length, DEATH_MS);
        const monitor = await cluster.redis.client().monitor();
        const reaped = new Promise((resolve) => {
            monitor.on('monitor', (_, [verb, key, name]) => {
                if (/^set$/i.test(verb) && key.includes(victim.name) && key.endsWith(':reaper')) {
                    resolve(name);
                }
            });
        });
        cluster.nodes.forEach((node) => node.signal('SIGSTOP')); // so that helper is the reaper
        await victim.kill();
        assert.equal(await within(reaped, 'a reaper', DEATH_MS), helper.name);
        await helper.kill();
        cluster.nodes.forEach((node) => node.signal('SIGCONT'));
        monitor.disconnect();
        await witness.untilTold('leave', (users.length + 1) * channels.length, DEATH_MS);
        await untilThere(cluster.redis.client(), channels, channels.length);
        assert.deepEqual(witness.notOnce('leave'), []);
    });
});

describe('a node that hangs', () => {
    const cluster = useCluster({ nodes: 2, options: SHORT });
    const ctl = new Ctl(() => cluster.redis.url);
    let channel;
    let watcher;
    let sleeper;
    let ann;

    beforeEach(async () => {
        channel = newChannel();
        watcher = await cluster.nodes[1].connect(channel);
        await watcher.goOnline('watcher');
        sleeper = await cluster.startNode();
        ann = await sleeper.connect(channel);
        await ann.goOnline('ann');
        await watcher.seesOnline('ann');
    });

    /** Its lease runs out and is cleaned up, then it goes on. */
    async function sleepPastLease(meanwhile = () => {}) {
        sleeper.signal('SIGSTOP');
        await meanwhile();
        await watcher.next(isOffline('ann'), 'offline of ann', DEATH_MS);
        sleeper.signal('SIGCONT');
    }

    it('its user leaves once, and joins once when it goes on', async () => {
        await sleepPastLease();
        await watcher.next(isOnline('ann'), 'online of ann', DEATH_MS);
        await fence(cluster, watcher, channel);
        assert.deepEqual([watcher.count(isOnline('ann')), watcher.count(isOffline('ann'))], [2, 1]);
        await ann.ping();
    });

    it('its members are in the lists again when it goes on', async () => {
        await sleepPastLease();
        await watcher.next(isOnline('ann'), 'online of ann', DEATH_MS);
        const newcomer = await cluster.nodes[0].connect(channel);
        assert.deepEqual(await newcomer.goOnline('newcomer'), ['ann', 'newcomer', 'watcher']);
    });

    it('who closed meanwhile is not there again when it goes on', async () => {
        const ben = await sleeper.connect(channel);
        await ben.goOnline('ben');
        await sleepPastLease(() => ben.socket.terminate());
        await watcher.next(isOnline('ann'), 'online of ann', DEATH_MS);
        const newcomer = await cluster.nodes[0].connect(channel);
        assert.deepEqual(await newcomer.goOnline('newcomer'), ['ann', 'newcomer', 'watcher']);
        assert.equal(watcher.count(isOffline('ben')), 1);
        await ctl.text(DOCTOR);
    });

    it('who has another tab elsewhere stays, before and after', async () => {
        await (await cluster.nodes[0].connect(channel)).goOnline('ben');
        await (await sleeper.connect(channel)).goOnline('ben');
        await sleepPastLease();
        await watcher.next(isOnline('ann'), 'online of ann', DEATH_MS);
        await fence(cluster, watcher, channel);
        assert.deepEqual([watcher.count(isOnline('ben')), watcher.count(isOffline('ben'))], [1, 0]);
    });

    it('nothing is told if it goes on before its lease is over', async () => {
        const heartbeat = `parley:node:${sleeper.name}`;
        const redis = cluster.redis.client();
        sleeper.signal('SIGSTOP');
        const isHalfOver = async () => (await redis.pttl(heartbeat)) < LEASE_TTL_MS / 2;
        await eventually(isHalfOver, 'half of the lease to be over');
        sleeper.signal('SIGCONT');
        const isRenewed = async () => (await redis.pttl(heartbeat)) > LEASE_TTL_MS * 0.7;
        await eventually(isRenewed, 'the lease to be renewed');
        await fence(cluster, watcher, channel);
        assert.deepEqual([watcher.count(isOnline('ann')), watcher.count(isOffline('ann'))], [1, 0]);
    });
});
