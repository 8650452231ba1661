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
import { SECRET, tokenOf } from './lib/token.js';
import { eventually, within } from './lib/wait.js';

const LEASE_TTL_MS = 2000;
const DEATH_MS = 30_000; // 10 s are promised; a sanitized build on a busy machine may be late
const SHORT = {
    'lease-ttl-ms': LEASE_TTL_MS,
    'lease-renew-ms': 400,
    'presence-grace-ms': 500,
};
const TOKENS = { 'token-secret': SECRET, anonymous: 'on' };

const DOCTOR = ['doctor', '--settle-ms', '6000']; // finds nothing

const names = (what, count) => Array.from({ length: count }, (_, i) => `${what}${i}`);

/** How often the watcher was told that this user came, and went. */
const told = (watcher, user) => [watcher.count(isOnline(user)), watcher.count(isOffline(user))];

/** Somebody new comes, on another node, and is seen: all that was told before is heard. */
async function fence(cluster, watcher, channel) {
    const name = `stranger-${newChannel()}`;
    const stranger = await cluster.nodes[0].connect(channel, tokenOf(name));
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
    const namespaces = JSON.stringify({ room: {}, slow: { presence_grace_ms: 3 * LEASE_TTL_MS } });
    const cluster = useCluster({ nodes: 2, options: { ...TOKENS, ...SHORT, namespaces } });
    let channel;
    let watcher;
    let victim;

    beforeEach(async () => {
        channel = newChannel();
        watcher = await cluster.nodes[1].connect(channel, tokenOf('watcher'));
        await watcher.goOnline('watcher');
        victim = await cluster.startNode();
    });

    it('its user is offline, once, for both dialects', async () => {
        const witness = await Witness.on(cluster.nodes[0], 'witness', [channel]);
        await (await victim.connect(channel, tokenOf('ann'))).goOnline('ann');
        await watcher.seesOnline('ann');
        await victim.kill();
        await watcher.next(isOffline('ann'), 'offline of ann', DEATH_MS);
        await witness.untilTold('leave', 1);
        await fence(cluster, watcher, channel);
        assert.equal(watcher.count(isOffline('ann')), 1);
        assert.deepEqual([...witness.told('leave')], [[`${channel} ann`, 1]]);
    });

    it('who has another tab elsewhere stays', async () => {
        await (await cluster.nodes[0].connect(channel, tokenOf('ann'))).goOnline('ann');
        await (await victim.connect(channel, tokenOf('ann'))).goOnline('ann');
        await (await victim.connect(channel, tokenOf('ben'))).goOnline('ben');
        await victim.kill();
        await watcher.next(isOffline('ben'), 'offline of ben', DEATH_MS);
        await fence(cluster, watcher, channel);
        assert.equal(watcher.count(isOffline('ann')), 0);
    });

    it('who comes back to another node before its lease is over has neither left nor joined', async () => {
        await (await victim.connect(channel, tokenOf('ann'))).goOnline('ann');
        await (await victim.connect(channel, tokenOf('ben'))).goOnline('ben');
        await watcher.seesOnline('ben');
        await victim.kill();
        await (await cluster.nodes[0].connect(channel, tokenOf('ann'))).goOnline('ann');
        await watcher.next(isOffline('ben'), 'offline of ben', DEATH_MS);
        await fence(cluster, watcher, channel);
        assert.deepEqual(told(watcher, 'ann'), [1, 0]);
    });

    it('a grace that is longer than its lease is kept, and ended by others', async () => {
        const slow = channel.replace('room', 'slow');
        const friend = await cluster.nodes[1].connect(slow, tokenOf('friend'));
        await friend.goOnline('friend');
        await (await victim.connect(slow, tokenOf('ann'))).goOnline('ann');
        await (await victim.connect(slow, tokenOf('ben'))).goOnline('ben');
        await friend.seesOnline('ben');
        await victim.kill();
        const redis = cluster.redis.client();
        const areInGrace = async () => (await redis.zcard(`parley:{${slow}}:grace`)) === 2;
        await eventually(areInGrace, 'ann and ben in their grace');
        await (await cluster.nodes[0].connect(slow, tokenOf('ann'))).goOnline('ann');
        await friend.next(isOffline('ben'), 'offline of ben', DEATH_MS);
        await fence(cluster, friend, slow);
        assert.deepEqual([told(friend, 'ann'), told(friend, 'ben')], [
            [1, 0],
            [1, 1],
        ]);
    });

    it('a list leaves out its members as soon as its lease is over', async () => {
        await (await victim.connect(channel, tokenOf('ann'))).goOnline('ann');
        await victim.kill();
        await watcher.next(isOffline('ann'), 'offline of ann', DEATH_MS);
        const newcomer = await cluster.nodes[0].connect(channel, tokenOf('newcomer'));
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
            const key = new RegExp(`:${victim.name}:\\d+:reaper$`);
            monitor.on('monitor', (_, [verb, name, value]) => {
                if (/^set$/i.test(verb) && key.test(name)) resolve(value);
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
        watcher = await cluster.nodes[1].connect(channel, tokenOf('watcher'));
        await watcher.goOnline('watcher');
        sleeper = await cluster.startNode();
        ann = await sleeper.connect(channel, tokenOf('ann'));
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
        assert.deepEqual(told(watcher, 'ann'), [2, 1]);
        await ann.ping();
    });

    it('its members are in the lists again when it goes on', async () => {
        await sleepPastLease();
        await watcher.next(isOnline('ann'), 'online of ann', DEATH_MS);
        const newcomer = await cluster.nodes[0].connect(channel, tokenOf('newcomer'));
        assert.deepEqual(await newcomer.goOnline('newcomer'), ['ann', 'newcomer', 'watcher']);
    });

    it('who closed meanwhile is not there again when it goes on', async () => {
        const ben = await sleeper.connect(channel, tokenOf('ben'));
        await ben.goOnline('ben');
        await sleepPastLease(() => ben.socket.terminate());
        await watcher.next(isOnline('ann'), 'online of ann', DEATH_MS);
        const newcomer = await cluster.nodes[0].connect(channel, tokenOf('newcomer'));
        assert.deepEqual(await newcomer.goOnline('newcomer'), ['ann', 'newcomer', 'watcher']);
        assert.equal(watcher.count(isOffline('ben')), 1);
        await ctl.text(DOCTOR);
    });

    it('who has another tab elsewhere stays, before and after', async () => {
        await (await cluster.nodes[0].connect(channel, tokenOf('ben'))).goOnline('ben');
        await (await sleeper.connect(channel, tokenOf('ben'))).goOnline('ben');
        await sleepPastLease();
        await watcher.next(isOnline('ann'), 'online of ann', DEATH_MS);
        await fence(cluster, watcher, channel);
        assert.deepEqual(told(watcher, 'ben'), [1, 0]);
    });

    it('who comes back before anybody cleaned up keeps its members, whatever is cleaned up then', async () => {
        const heartbeat = `parley:node:${sleeper.name}`;
        const redis = cluster.redis.client();
        const generation = await redis.hget(heartbeat, 'generation');
        const all = [...cluster.nodes, sleeper];
        all.forEach((node) => node.signal('SIGSTOP'));
        await eventually(async () => (await redis.exists(heartbeat)) === 0, 'its end', DEATH_MS);
        sleeper.signal('SIGCONT');
        const isMoved = async () => {
            const held = await redis.hvals(`parley:{${channel}}:members`);
            return held.some((text) => JSON.parse(text).generation > Number(generation));
        };
        await eventually(isMoved, 'ann under its next lease', DEATH_MS);
        const oldSet = `${heartbeat}:${generation}:members`;
        const areGone = async () => (await redis.exists(oldSet)) === 0;
        all.forEach((node) => node.signal('SIGCONT'));
        await eventually(areGone, 'the end of what its old lease owned', DEATH_MS);
        const newcomer = await sleeper.connect(channel, tokenOf('newcomer'));
        const list = await newcomer.goOnline('newcomer');
        assert.ok(list.includes('ann'), list.join(' '));
        await watcher.seesOnline('newcomer');
        assert.deepEqual(told(watcher, 'ann'), [1, 0]);
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
        assert.deepEqual(told(watcher, 'ann'), [1, 0]);
    });
});
