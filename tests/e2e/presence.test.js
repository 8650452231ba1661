/*
 * presence - who is there is known on every node and stands in Redis, once per user, for as
 * long as the user's last connection lives.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { newChannel, useCluster } from './lib/cluster.js';
import { isOffline, isOnline, message, numbers, online, textOf } from './lib/luchat.js';
import { frame } from './lib/raw.js';
import { eventually } from './lib/wait.js';

const LEASE_TTL_MS = 3000;

describe('presence', () => {
    const options = {
        'lease-ttl-ms': LEASE_TTL_MS,
        'lease-renew-ms': 500,
        'presence-grace-ms': 0,
        'presence-window-ms': 0,
    };
    const cluster = useCluster({ nodes: 3, options });
    let redis;
    let channel;

    beforeEach(() => {
        redis ??= cluster.redis.client();
        channel = newChannel();
    });

    const key = (name) => `parley:{${channel}}:${name}`;

    /** What the members hash holds: [client, {user, info, node, …}] of each. */
    const members = async () =>
        Object.entries(await redis.hgetall(key('members'))).map(([id, text]) => [
            id,
            JSON.parse(text),
        ]);

    /** What a node has of this channel in its set of what to clean up. */
    const ownedBy = async ({ name }) => {
        const generation = await redis.hget(`parley:node:${name}`, 'generation');
        const entries = await redis.smembers(`parley:node:${name}:${generation}:members`);
        return entries.filter((entry) => entry.endsWith(` ${channel}`));
    };

    const untilMembersAre = (count) =>
        eventually(async () => (await members()).length === count, `${count} members in Redis`);

    const untilGone = (name) =>
        eventually(async () => (await redis.exists(name)) === 0, `the end of ${name}`);

    /**
     * Everything that happened to presence before this call has been seen by the watcher
     * after it: a stranger's online comes by the same road.
     */
    async function fence(watcher) {
        const stranger = await cluster.nodes[0].connect(channel);
        const name = `stranger-${newChannel()}`;
        await stranger.goOnline(name);
        await watcher.seesOnline(name);
    }

    it('an online is seen on every node', async () => {
        const watchers = await cluster.connectToAll(channel);
        watchers[0].send(online('42', '777'));
        for (const watcher of watchers) {
            const seen = await watcher.seesOnline('42');
            assert.deepEqual(JSON.parse(seen), { online: { userid: '42', userphone: '777' } });
        }
    });

    it('the newcomer is told who is there, itself included', async () => {
        const [ann, ben, cyd] = await cluster.connectToAll(channel);
        assert.deepEqual(await ann.goOnline('ann'), ['ann']);
        assert.deepEqual(await ben.goOnline('ben'), ['ann', 'ben']);
        assert.deepEqual(await cyd.goOnline('cyd'), ['ann', 'ben', 'cyd']);
    });

    it('the users list names the phone of each user', async () => {
        const [ann] = await cluster.connectToAll(channel);
        ann.send(online('ann', '777'));
        const list = await ann.next((text) => text.startsWith('{"users"'), 'the list');
        assert.deepEqual(JSON.parse(list), { users: [{ userid: 'ann', userphone: '777' }] });
    });

    it('who is not online is on no list', async () => {
        const [ann] = await cluster.connectToAll(channel);
        assert.deepEqual(await ann.goOnline('ann'), ['ann']);
        assert.equal((await members()).length, 1);
    });

    it('an online in one channel is not seen in another', async () => {
        const [ann] = await cluster.connectToAll(channel);
        await ann.goOnline('ann');
        const [ben] = await cluster.connectToAll(newChannel());
        assert.deepEqual(await ben.goOnline('ben'), ['ben']);
    });

    it('an integer is a userid too', async () => {
        const [watcher, seven] = await cluster.connectToAll(channel);
        seven.send('{"online":{"userid":7,"userphone":555}}');
        await watcher.next((text) => /"online":.*"userid": ?"?7\b/.test(text), 'online of 7');
    });

    it('a second tab on another node is no second online', async () => {
        const [watcher, first, second] = await cluster.connectToAll(channel);
        await first.goOnline('ann');
        await second.goOnline('ann');
        await fence(watcher);
        assert.equal(watcher.count(isOnline('ann')), 1);
    });

    it('a second tab is told who is there, every user once', async () => {
        const [ben, first, second] = await cluster.connectToAll(channel);
        await ben.goOnline('ben');
        await first.goOnline('ann');
        assert.deepEqual(await second.goOnline('ann'), ['ann', 'ben']);
    });

    it('a user who closes one of two tabs is not offline', async () => {
        const [watcher, first, second] = await cluster.connectToAll(channel);
        await first.goOnline('ann');
        await second.goOnline('ann');
        await first.close();
        await untilMembersAre(1);
        await fence(watcher);
        assert.equal(watcher.count(isOffline('ann')), 0);
    });

    it('a user whose last tab closes is offline, once', async () => {
        const [watcher, first, second] = await cluster.connectToAll(channel);
        await first.goOnline('ann', '777');
        await second.goOnline('ann', '777');
        await first.close();
        await second.close();
        const seen = await watcher.seesOffline('ann');
        await fence(watcher);
        assert.deepEqual(JSON.parse(seen), { offline: { userid: 'ann', userphone: '777' } });
        assert.equal(watcher.count(isOffline('ann')), 1);
    });

    it('a connection that is cut is a leave like any other', async () => {
        const [watcher, ann] = await cluster.connectToAll(channel);
        await ann.goOnline('ann');
        await ann.drop();
        await watcher.seesOffline('ann');
    });

    it('a user who comes back is online again', async () => {
        const [watcher, ann] = await cluster.connectToAll(channel);
        await ann.goOnline('ann');
        await ann.close();
        await watcher.seesOffline('ann');
        const again = await cluster.nodes[2].connect(channel);
        await again.goOnline('ann');
        await fence(watcher);
        assert.equal(watcher.count(isOnline('ann')), 2);
    });

    it('saying online twice is one online', async () => {
        const [watcher, ann] = await cluster.connectToAll(channel);
        await ann.goOnline('ann');
        assert.deepEqual(await ann.goOnline('ann'), ['ann']);
        await fence(watcher);
        assert.equal(watcher.count(isOnline('ann')), 1);
    });

    it('a connection that takes another identity leaves the first', async () => {
        const [watcher, tab] = await cluster.connectToAll(channel);
        await tab.goOnline('ann');
        assert.deepEqual(await tab.goOnline('ben'), ['ben']);
        await watcher.seesOffline('ann');
        assert.equal(watcher.count(isOnline('ben')), 1);
    });

    it('an online sent ahead of everything costs no history', async () => {
        const speaker = await cluster.nodes[1].connect(channel);
        numbers(1, 20).forEach((text) => speaker.say('1', text));
        await speaker.messages(20);
        const raw = await cluster.nodes[0].connectRaw(channel);
        raw.write(frame(online('ann')), frame(message('ann', 'last')));
        await raw.hears(message('ann', 'last'));
        const heard = raw.frames.items.filter((text) => text.startsWith('{"message"'));
        assert.deepEqual(heard.map(textOf), [...numbers(1, 20), 'last']);
    });

    it('the users list is no longer than --presence-limit', async () => {
        const small = await cluster.startNode({ options: { 'presence-limit': 2 } });
        const others = await cluster.connectToAll(channel);
        for (const [i, other] of others.entries()) await other.goOnline(`u${i}`);
        const newcomer = await small.connect(channel);
        assert.equal((await newcomer.goOnline('newcomer')).length, 2);
    });

    it('the members hash says who is where, since when', async () => {
        const before = Date.now();
        const [, ann] = await cluster.connectToAll(channel);
        await ann.goOnline('ann', '777');
        const [[, member]] = await members();
        const { generation, since, ...rest } = member;
        const info = { userid: 'ann', userphone: '777' };
        assert.deepEqual(rest, { user: 'ann', info, node: cluster.nodes[1].name });
        assert.equal(typeof generation, 'number');
        assert.ok(since >= before - 1000 && since <= Date.now() + 1000, `since ${since}`);
    });

    it('the users hash counts the tabs of each user', async () => {
        const [ben, first, second] = await cluster.connectToAll(channel);
        await ben.goOnline('ben');
        await first.goOnline('ann');
        await second.goOnline('ann');
        assert.deepEqual(await redis.hgetall(key('users')), { ann: '2', ben: '1' });
    });

    it('the member set of a node lists its clients and their channels', async () => {
        const [, ann] = await cluster.connectToAll(channel);
        await ann.goOnline('ann');
        const [[client]] = await members();
        assert.deepEqual(await ownedBy(cluster.nodes[1]), [`${client} ${channel}`]);
    });

    it('the last to leave leaves no member and no count in Redis', async () => {
        const [ann] = await cluster.connectToAll(channel);
        await ann.goOnline('ann');
        await ann.close();
        await untilGone(key('members'));
        await untilGone(key('users'));
    });

    it('the member set of a node forgets who left', async () => {
        const [ann] = await cluster.connectToAll(channel);
        await ann.goOnline('ann');
        await ann.close();
        const isForgotten = async () => (await ownedBy(cluster.nodes[0])).length === 0;
        await eventually(isForgotten, 'the node to own nobody here');
    });

    it('the key of a node tells of the node', async () => {
        const [node] = cluster.nodes;
        const heartbeat = await redis.hgetall(`parley:node:${node.name}`);
        const fields = [
            'address',
            'channels',
            'connections',
            'generation',
            'instance',
            'place',
            'started', 'subscriptions', 'users',
            'version',
        ];
        assert.deepEqual(Object.keys(heartbeat).sort(), fields);
        assert.ok(heartbeat.address.endsWith(`:${node.port}`), heartbeat.address);
    });

    it('the key of a node counts down and is renewed', async () => {
        const ttl = () => redis.pttl(`parley:node:${cluster.nodes[0].name}`);
        let last = await ttl();
        const isLess = async () => (await ttl()) < last;
        const isMore = async () => (await ttl()) > last;
        for (const [moved, what] of [
            [isLess, 'counted down'],
            [isMore, 'renewed'],
        ]) {
            await eventually(moved, `the TTL to be ${what}`);
            last = await ttl();
            assert.ok(last > 0 && last <= LEASE_TTL_MS, `a TTL of ${last} ms`);
        }
    });

    it('the list of nodes tells until when each holds its lease', async () => {
        const [seconds] = await redis.time();
        for (const { name } of cluster.nodes) {
            const generation = await redis.hget(`parley:node:${name}`, 'generation');
            const end = Number(await redis.zscore('parley:nodes', `${name}:${generation}`));
            assert.ok(end > seconds * 1000, `${name}: ${end}`);
            assert.ok(end <= (seconds + 1) * 1000 + LEASE_TTL_MS, `${name}: ${end}`);
        }
    });

    it('users of a node that leaves are offline for the others', async () => {
        const [watcher] = await cluster.connectToAll(channel);
        const leaving = await cluster.startNode();
        const ann = await leaving.connect(channel);
        await ann.goOnline('ann');
        await leaving.stop();
        await watcher.seesOffline('ann');
    });

    it('a node that leaves takes its keys with it', async () => {
        const leaving = await cluster.startNode();
        const ann = await leaving.connect(channel);
        await ann.goOnline('ann');
        await leaving.stop();
        const left = await redis.keys(`*${leaving.name}*`);
        assert.deepEqual([left, await members()], [[], []]);
        const leases = await redis.zrange('parley:nodes', 0, -1);
        assert.deepEqual(leases.filter((lease) => lease.startsWith(`${leaving.name}:`)), []);
    });

    it('a node that slept past its lease takes a new generation for itself and its members', async () => {
        const node = await cluster.startNode();
        const heartbeat = `parley:node:${node.name}`;
        const ann = await node.connect(channel);
        await ann.goOnline('ann');
        const before = Number(await redis.hget(heartbeat, 'generation'));
        node.signal('SIGSTOP');
        await untilGone(heartbeat);
        node.signal('SIGCONT');
        const isNewer = async () => {
            const [[, member]] = await members();
            const now = Number(await redis.hget(heartbeat, 'generation'));
            return now > before && member.generation === now;
        };
        await eventually(isNewer, 'a newer generation on the node and its member');
    });
});

describe('the prefix of keys', () => {
    const cluster = useCluster({ nodes: 1, options: { 'redis-prefix': 'other' } });

    it('keys begin with --redis-prefix and with nothing else', async () => {
        const client = await cluster.nodes[0].connect('lobby');
        await client.goOnline('ann');
        await client.settle();
        const keys = await cluster.redis.client().keys('*');
        assert.deepEqual(
            keys.filter((name) => !name.startsWith('other:')),
            [],
        );
        assert.ok(keys.includes('other:{lobby}:members'), keys.join(' '));
    });

    it('clusters of different prefixes on one Redis do not hear each other', async () => {
        const channel = newChannel();
        const stranger = await cluster.startNode({ options: { 'redis-prefix': 'another' } });
        const [here, there] = [
            await cluster.nodes[0].connect(channel),
            await stranger.connect(channel),
        ];
        await here.settle();
        await there.settle();
        assert.equal(there.frames.items.length, 1);
    });
});
