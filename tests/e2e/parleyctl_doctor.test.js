/*
 * parleyctl_doctor - the doctor finds each kind of damage, and none where there is none.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { newChannel, useCluster } from './lib/cluster.js';
import { Ctl } from './lib/ctl.js';
import { Planted } from './lib/planted.js';
import { eventually } from './lib/wait.js';

const AT_ONCE = ['doctor', '--settle-ms', '40'];
const CHANNEL = 'lobby';
const LEASE = { 'lease-ttl-ms': 3000, 'lease-renew-ms': 500 };

describe('parleyctl doctor on keys that were damaged', () => {
    const cluster = useCluster({ nodes: 0 });
    const ctl = new Ctl(() => cluster.redis.url);
    let redis;
    let keys;
    let node;

    const key = (part) => keys.key(CHANNEL, part);

    /** Ann has two tabs, Ben one and Cyd none, but for the grace time; two are anonymous. */
    beforeEach(async () => {
        redis ??= cluster.redis.client();
        keys = new Planted(redis);
        await redis.flushall();
        node = await keys.node('node:1');
        await keys.join(node, CHANNEL, 'c1', 'ann');
        await keys.join(node, CHANNEL, 'c2', 'ann');
        await keys.join(node, CHANNEL, 'c3', 'ben');
        await keys.join(node, CHANNEL, 'c4', 'cyd');
        await keys.leave(node, CHANNEL, 'c4', 'cyd');
        await keys.join(node, CHANNEL, 'c5', '');
        await keys.join(node, CHANNEL, 'c6', '');
        await keys.publish(CHANNEL, 7);
        await redis.set(key('once:k'), '7 e', 'EX', 300);
        await redis.set('parley:node:old:5:reaper', '1', 'EX', 300);
        await redis.set('somebody:else', 'is not looked at');
    });

    async function examine(code) {
        const { faults, complete } = await ctl.json(AT_ONCE, { code });
        assert.equal(complete, true);
        return faults.map(({ fault, key: where }) => `${fault} ${where}`).sort();
    }

    it('finds nothing before', async () => {
        assert.deepEqual(await examine(0), []);
        assert.match(await ctl.text(AT_ONCE), /^\d+ keys looked at: 0 faults\n$/);
    });

    it('lets a node have a channel in its set for longer than the graces last', async () => {
        await redis.sadd(keys.set(node), '- nowhere');
        assert.deepEqual(await examine(0), []);
    });

    it('finds nothing in a Redis without Parley', async () => {
        await redis.flushall();
        assert.deepEqual(await examine(0), []);
    });

    const stranger = { id: 'node-9', generation: 9 };

    /** What is done, and what the doctor has to say: each fault, and the key it names. */
    const DAMAGE = {
        'a member whose node is unknown': [
            () => keys.join(stranger, CHANNEL, 'c9', 'dan'),
            () => [
                `member_without_node ${key('members')}`,
                `node_set_without_lease ${keys.set(stranger)}`,
            ],
        ],
        'a member whose lease is over': [
            async () => keys.join(await keys.deadNode('node-8'), CHANNEL, 'c9', 'dan'),
            () => [`member_without_node ${key('members')}`],
        ],
        'a member that is in no set of a node': [
            () => redis.srem(keys.set(node), `c3 ${CHANNEL}`),
            () => [`member_not_in_node_set ${key('members')}`],
        ],
        'a member that is no JSON': [
            () => redis.hset(key('members'), 'c3', 'ben'),
            () => [
                `count_wrong ${key('users')}`,
                `member_not_understood ${key('members')}`,
                `node_set_without_member ${keys.set(node)}`,
            ],
        ],
        'an entry of a node\'s set without its member': [
            () => redis.sadd(keys.set(node), 'c9 nowhere'),
            () => [`node_set_without_member ${keys.set(node)}`],
        ],
        'an entry of a node\'s set that is none': [
            () => redis.sadd(keys.set(node), 'c9'),
            () => [`node_set_not_understood ${keys.set(node)}`],
        ],
        'a set of a node that is in no list': [
            () => redis.sadd(keys.set(stranger), 'c9 nowhere'),
            () => [`node_set_without_lease ${keys.set(stranger)}`],
        ],
        'a count that is too high': [
            () => redis.hincrby(key('users'), 'ann', 1),
            () => [`count_wrong ${key('users')}`],
        ],
        'a count that is too low': [
            () => redis.hset(key('users'), 'ann', 1),
            () => [`count_wrong ${key('users')}`],
        ],
        'a count that is missing': [
            () => redis.hdel(key('users'), 'ben'),
            () => [`count_wrong ${key('users')}`],
        ],
        'a count of those without a name that is wrong': [
            () => redis.hset(key('users'), '', 1),
            () => [`count_wrong ${key('users')}`],
        ],
        'counts without members': [
            () => redis.hset(keys.key('empty', 'users'), 'ann', 1),
            () => [`count_wrong ${keys.key('empty', 'users')}`],
        ],
        'a user with no connection who is not leaving': [
            () => redis.hset(key('users'), 'dan', 0),
            () => [`count_of_nobody ${key('users')}`],
        ],
        'a user who is leaving without an end': [
            () => redis.zrem(key('grace'), 'cyd'),
            () => [`leaving_without_grace ${key('leaving')}`],
        ],
        'a user whom no node will let leave': [
            () => redis.srem(keys.set(node), `- ${CHANNEL}`),
            () => [`leaving_without_node ${key('leaving')}`],
        ],
        'an end of a grace time of nobody': [
            async () => redis.zadd(key('grace'), (await keys.now()) + 60_000, 'ben'),
            () => [`grace_without_leaving ${key('grace')}`],
        ],
        'a grace time that is over': [
            async () => redis.zadd(key('grace'), (await keys.now()) - 60_000, 'cyd'),
            () => [`grace_overdue ${key('grace')}`],
        ],
        'a user who is leaving and present': [
            async () => {
                await redis.hset(key('leaving'), 'ben', `c3 ${keys.member(node, 'ben')}`);
                await redis.zadd(key('grace'), (await keys.now()) + 60_000, 'ben');
            },
            () => [`leaving_but_present ${key('leaving')}`],
        ],
        'a user who is leaving and not counted': [
            () => redis.hdel(key('users'), 'cyd'),
            () => [`leaving_not_counted ${key('leaving')}`],
        ],
        'a grace time in a channel with nothing else': [
            async () =>
                redis.zadd(keys.key('empty', 'grace'), (await keys.now()) + 60_000, 'ann'),
            () => [`grace_without_leaving ${keys.key('empty', 'grace')}`],
        ],
        'a channel without a TTL': [
            () => redis.persist(key('meta')),
            () => [`meta_without_ttl ${key('meta')}`],
        ],
        'a log without a TTL': [
            () => redis.persist(key('log')),
            () => [`log_without_ttl ${key('log')}`],
        ],
        'a log without meta': [
            () => redis.del(key('meta')),
            () => [`log_without_meta ${key('log')}`],
        ],
        'a log that goes beyond meta': [
            () => redis.hset(key('meta'), 'offset', 6),
            () => [`log_beyond_meta ${key('log')}`],
        ],
        'an idempotency key without a TTL': [
            () => redis.persist(key('once:k')),
            () => [`key_without_ttl ${key('once:k')}`],
        ],
        'a right of a reaper without a TTL': [
            () => redis.persist('parley:node:old:5:reaper'),
            () => ['key_without_ttl parley:node:old:5:reaper'],
        ],
        'a lease without a TTL': [
            () => redis.persist(`parley:node:${node.id}`),
            () => [`lease_without_ttl parley:node:${node.id}`],
        ],
        'a lease that is not on the list of nodes': [
            async () => {
                const other = await keys.node('node-2');
                await redis.zrem('parley:nodes', `node-2:${other.generation}`);
            },
            () => ['lease_not_in_nodes parley:node:node-2'],
        ],
        'a node on the list without a lease': [
            async () => {
                await keys.node('node-2');
                await redis.del('parley:node:node-2');
            },
            () => ['node_without_lease parley:nodes'],
        ],
        'a lease that is over and was never taken out': [
            () => keys.deadNode('node-8'),
            () => ['lease_not_cleaned_up parley:nodes'],
        ],
        'members that are no hash': [
            async () => {
                await redis.set(keys.key('odd', 'members'), 'x');
            },
            () => [`wrong_type ${keys.key('odd', 'members')}`],
        ],
        'a log that is no stream': [
            () => redis.set(key('log'), 'x', 'EX', 60),
            () => [`wrong_type ${key('log')}`],
        ],
        'a node that is no hash': [
            () => redis.set('parley:node:odd', 'x', 'EX', 60),
            () => ['wrong_type parley:node:odd'],
        ],
        'a node\'s set that is none': [
            () => redis.set(keys.set(node), 'x'),
            () => [
                `leaving_without_node ${key('leaving')}`,
                ...Array(5).fill(`member_not_in_node_set ${key('members')}`),
                `wrong_type ${keys.set(node)}`,
            ],
        ],
    };

    for (const [what, [damage, expected]] of Object.entries(DAMAGE)) {
        it(`finds ${what}`, async () => {
            await damage();
            assert.deepEqual(await examine(1), expected().sort());
        });
    }

    it('prints a table of what it found', async () => {
        await redis.hincrby(key('users'), 'ann', 1);
        const text = await ctl.text(AT_ONCE, { code: 1 });
        assert.match(text, /^FAULT +KEY +WHAT\ncount_wrong +parley:\{lobby\}:users +user "ann"/);
        assert.match(text, /the count is 3, but there are 2 members\n/);
        assert.match(text, / keys looked at: 1 fault\n$/);
    });

    it('does not report what mends itself while it looks', async () => {
        await redis.hincrby(key('users'), 'ann', 1);
        const examined = ctl.json(['doctor', '--settle-ms', '8000']);
        const isPausing = async () =>
            /name=parleyctl age=\d+ idle=[1-9]/.test(await redis.client('LIST'));
        await eventually(isPausing, 'the pause after the first look');
        await redis.hincrby(key('users'), 'ann', -1);
        assert.deepEqual((await examined).faults, []);
    });

    it('knows a channel of many members by heart', async () => {
        const count = 5000;
        const pipeline = redis.pipeline();
        for (let i = 0; i < count; i++) {
            pipeline.sadd(keys.set(node), `m${i} big`);
            pipeline.hset(keys.key('big', 'members'), `m${i}`, keys.member(node, `u${i}`));
            pipeline.hset(keys.key('big', 'users'), `u${i}`, 1);
        }
        await pipeline.exec();
        assert.deepEqual(await examine(0), []);
        await redis.hset(keys.key('big', 'users'), 'u4321', 2);
        await redis.srem(keys.set(node), 'm1234 big');
        assert.deepEqual(await examine(1), [
            `count_wrong ${keys.key('big', 'users')}`,
            `member_not_in_node_set ${keys.key('big', 'members')}`,
        ]);
    });

    it('stops after a thousand faults, and says so', async () => {
        const pipeline = redis.pipeline();
        for (let i = 0; i < 1500; i++) pipeline.hset(keys.key(`c${i}`, 'users'), 'ann', 1);
        await pipeline.exec();
        const { faults, complete } = await ctl.json(AT_ONCE, { code: 1 });
        assert.deepEqual([faults.length, complete], [1000, false]);
        assert.match(await ctl.text(AT_ONCE, { code: 1 }), /1000 faults, and there are more\n$/);
    });

    it('lists two hundred faults of one channel, and says that there are more', async () => {
        const pipeline = redis.pipeline();
        for (let i = 0; i < 300; i++) pipeline.hset(key('users'), `nobody-${i}`, 1);
        await pipeline.exec();
        const { faults, complete } = await ctl.json(AT_ONCE, { code: 1 });
        assert.deepEqual([faults.length, complete], [200, false]);
    });

    it('says so where too much is wrong, and never the same', async () => {
        let isOver = false;
        const restless = async () => {
            for (let n = 0; !isOver; n++) {
                const users = Array.from({ length: 300 }, (_, i) => [`u${n}-${i}`, 1]);
                await redis
                    .multi()
                    .del(keys.key('odd', 'users'))
                    .hset(keys.key('odd', 'users'), Object.fromEntries(users))
                    .exec();
            }
        };
        const busy = restless();
        const { faults, complete } = await ctl
            .json(['doctor', '--settle-ms', '400'], { code: 1 })
            .finally(() => (isOver = true));
        await busy;
        const found = faults.map(({ fault, key: where }) => `${fault} ${where}`);
        assert.deepEqual([found, complete], [[`restless ${keys.key('odd', 'users')}`], false]);
    });

    it('never asks for KEYS', async () => {
        await examine(0);
        assert.doesNotMatch(await redis.info('commandstats'), /cmdstat_keys:/);
    });
});

describe('parleyctl doctor on a running cluster', () => {
    const USERS = 20;
    const cluster = useCluster({ nodes: 3, options: LEASE });
    const ctl = new Ctl(() => cluster.redis.url);

    const isHealthy = async () => {
        const { faults } = await ctl.json(['doctor', '--settle-ms', '9000']);
        assert.deepEqual(faults, []);
    };

    /** So many users, each with a tab on two nodes. */
    async function crowd(channel, nodes) {
        for (let i = 0; i < USERS; i++) {
            for (const node of [nodes[i % nodes.length], nodes[(i + 1) % nodes.length]])
                await (await node.connect(channel)).goOnline(`user-${i}`);
        }
    }

    it('finds nothing while clients come and go', { timeout: 120_000 }, async () => {
        const channel = newChannel();
        let isOver = false;
        const comeAndGo = async (user) => {
            for (let i = 0; !isOver; i++) {
                const client = await cluster.nodes[i % 3].connect(channel);
                await client.goOnline(`user-${user % 8}`);
                client.say('somebody', 'hello');
                await client.close();
            }
        };
        const busy = Promise.all(Array.from({ length: 12 }, (_, user) => comeAndGo(user)));
        try {
            await isHealthy();
            await isHealthy();
        } finally {
            isOver = true;
            await busy;
        }
        await isHealthy();
    });

    it('finds nothing where each connection is told', { timeout: 60_000 }, async () => {
        const node = await cluster.startNode({ options: { 'presence-events': 'connection' } });
        await crowd(newChannel(), [node]);
        await node.dropClients();
        await isHealthy();
    });

    it('finds nothing once a node that was killed is cleaned up', async () => {
        const channel = newChannel();
        const victim = await cluster.startNode();
        await crowd(channel, [victim, cluster.nodes[0]]);
        await victim.kill();
        const isCleanedUp = async () =>
            (await ctl.json(['nodes'])).every(({ node }) => node !== victim.name);
        await eventually(isCleanedUp, 'the end of what the victim left', 20_000);
        await isHealthy();
        const { members } = await ctl.json(['who', channel]);
        assert.ok(members.every(({ node, state }) => node !== victim.name && state !== 'gone'));
    });

    it('finds nothing after FLUSHALL', async () => {
        const channel = newChannel();
        await crowd(channel, cluster.nodes);
        await cluster.redis.client().flushall();
        const isBack = async () =>
            (await ctl.json(['who', channel])).connections === 2 * USERS;
        await eventually(isBack, 'every member put back');
        await isHealthy();
    });
});

describe('parleyctl when the last node is dead', () => {
    const cluster = useCluster({ nodes: 1, options: LEASE });
    const ctl = new Ctl(() => cluster.redis.url);

    it('says of the node and its members that they are gone', async () => {
        const [node] = cluster.nodes;
        await (await node.connect('lobby')).goOnline('ann');
        await node.kill();
        const stateOf = async () => (await ctl.json(['nodes']))[0].state;
        await eventually(async () => (await stateOf()) === 'gone', 'the end of the lease');
        assert.match(await ctl.text(['nodes']), /\n0 nodes are alive\n$/);
        const { members } = await ctl.json(['who', 'lobby']);
        assert.deepEqual(
            members.map(({ user, state }) => [user, state]),
            [['ann', 'gone']],
        );
        const { faults } = await ctl.json(AT_ONCE, { code: 1 });
        assert.deepEqual(
            faults.map(({ fault }) => fault),
            ['member_without_node'],
        );
    });
});
