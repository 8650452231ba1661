/*
 * redis_restart - Redis goes away and comes back under the feet of connected clients.
 *
 * Who is connected stays, is told the truth meanwhile, and hears everybody again afterwards.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { everyoneHears, newChannel, useCluster } from './lib/cluster.js';
import { UNLIMITED } from './lib/gateway.js';
import { request } from './lib/http.js';
import { isError, isMessage, isOffline, isOnline, textOf } from './lib/luchat.js';
import { eventually } from './lib/wait.js';

const RECOVERY_MS = 30_000; // backoff included
const TIMEOUT_MS = 1000;
const SURELY_BEFORE_MS = 1500; // Redis and nodes may differ by a second about when one joined

const options = {
    'redis-timeout-ms': TIMEOUT_MS,
    'lease-ttl-ms': 8000,
    'lease-renew-ms': 500,
};

describe('a Redis that comes back empty', () => {
    const cluster = useCluster({ nodes: 2, options });

    it('clients stay connected', async () => {
        const clients = await cluster.connectToAll(newChannel());
        await cluster.restartRedis();
        await Promise.all(clients.map((client) => client.ping()));
    });

    it('clients hear each other again across nodes', async () => {
        const [one, other] = await cluster.connectToAll(newChannel());
        await cluster.restartRedis();
        await everyoneHears(one, [one, other], 'back');
        await everyoneHears(other, [one, other], 'back too');
    });

    it('clients keep hearing each other after three restarts', async () => {
        const clients = await cluster.connectToAll(newChannel());
        for (let i = 0; i < 3; i++) await cluster.restartRedis();
        await everyoneHears(clients[0], clients, 'back');
    });

    it('who was online stands in Redis again', async () => {
        const channel = newChannel();
        const [one, other] = await cluster.connectToAll(channel);
        await one.goOnline('ann');
        await other.goOnline('ben');
        await cluster.restartRedis();
        const redis = cluster.redis.client();
        const isThere = async () => {
            const members = Object.values(await redis.hgetall(`parley:{${channel}}:members`));
            return (
                members
                    .map((text) => JSON.parse(text).user)
                    .sort()
                    .join() === 'ann,ben'
            );
        };
        await eventually(isThere, 'ann and ben among the members', RECOVERY_MS);
    });

    /** What ann, online all along, sees of ben, online all along, until somebody new comes. */
    async function seenOfBen(matches) {
        const channel = newChannel();
        const [ann, ben] = await cluster.connectToAll(channel);
        await ann.goOnline('ann');
        await ben.goOnline('ben');
        const joined = Date.now();
        await eventually(() => Date.now() > joined + SURELY_BEFORE_MS, 'joins before the loss');
        await cluster.restartRedis();
        const redis = cluster.redis.client();
        const areBack = async () => (await redis.hlen(`parley:{${channel}}:users`)) === 2;
        await eventually(areBack, 'both users in Redis', RECOVERY_MS);
        const newcomer = await cluster.nodes[1].connect(channel);
        await newcomer.goOnline('newcomer');
        await ann.seesOnline('newcomer');
        return ann.count(matches('ben'));
    }

    it('nobody who stayed is said to be offline', async () => {
        assert.equal(await seenOfBen(isOffline), 0);
    });

    it('nobody who stayed is announced again', async () => {
        assert.equal(await seenOfBen(isOnline), 1);
    });

    it('who leaves after the restart is offline', async () => {
        const [ann, ben] = await cluster.connectToAll(newChannel());
        await ann.goOnline('ann');
        await ben.goOnline('ben');
        await cluster.restartRedis();
        await ben.close();
        await ann.seesOffline('ben');
    });

    it('the key of each node is there again', async () => {
        await cluster.restartRedis();
        const redis = cluster.redis.client();
        const names = cluster.nodes.map(({ name }) => `parley:node:${name}`);
        const areThere = async () => (await redis.exists(...names)) === names.length;
        await eventually(areThere, 'the keys of both nodes', RECOVERY_MS);
    });
});

describe('while Redis is away', () => {
    const cluster = useCluster({ nodes: 2, options });

    beforeEach(async () => {
        if (!cluster.redis.process.isRunning) await cluster.bringBackRedis();
    });

    it('a message is answered with 503', async () => {
        const [one] = await cluster.connectToAll(newChannel());
        await cluster.loseRedis();
        one.say('1', 'is anybody there');
        await one.next(isError(503), 'the error');
    });

    it('nobody but the sender is told so', async () => {
        const channel = newChannel();
        const [one, other] = await cluster.connectToAll(channel);
        const neighbour = await cluster.nodes[0].connect(channel);
        await neighbour.settle();
        await cluster.loseRedis();
        one.say('1', 'is anybody there');
        await one.next(isError(503), 'the error');
        await Promise.all([neighbour.ping(), other.ping()]);
        assert.equal(neighbour.count(isError(503)) + other.count(isError(503)), 0);
    });

    it('/ready says why it is not', async () => {
        await cluster.loseRedis();
        const { status, body } = await cluster.nodes[0].get('/ready');
        const { reason, ...rest } = JSON.parse(body);
        assert.deepEqual([status, rest], [503, { status: 'not ready' }]);
        assert.match(reason, /redis/i);
    });

    it('/health stays ok, since connected clients are served', async () => {
        await cluster.loseRedis();
        assert.equal((await request(cluster.nodes[0].port, '/health')).status, 200);
    });

    it('/metrics tells that the links are down', async () => {
        await cluster.loseRedis();
        assert.equal(await cluster.nodes[0].metric('parley_redis_up{link="commands"}'), 0);
    });

    it('whoever comes is sent away: with 503, or in the first second with 1013', async () => {
        await cluster.loseRedis();
        const refused = (error) => ({ end: () => ({ code: error.message }) });
        const client = await cluster.nodes[0].connect(newChannel()).catch(refused);
        assert.match(String((await client.end()).code), /^1013$|503$/);
    });

    it('a node that starts becomes ready when Redis comes', async () => {
        await cluster.loseRedis();
        const node = await cluster.launchNode();
        await node.process.line(/redis/);
        await cluster.bringBackRedis();
        await node.ready(RECOVERY_MS);
    });

    it('a node can leave cleanly', async () => {
        const node = await cluster.startNode();
        const ann = await node.connect(newChannel());
        await ann.goOnline('ann');
        await cluster.loseRedis();
        await node.stop();
    });
});

describe('a Redis that hangs', () => {
    const cluster = useCluster({ nodes: 2, options });

    async function whileHanging(act) {
        cluster.redis.process.signal('SIGSTOP');
        try {
            await act();
        } finally {
            cluster.redis.process.signal('SIGCONT');
            await cluster.readiness(200);
        }
    }

    it('a message is answered with 503 when its time is over', async () => {
        const [one] = await cluster.connectToAll(newChannel());
        await whileHanging(async () => {
            one.say('1', 'is anybody there');
            await one.next(isError(503), 'the error');
        });
    });

    it('nodes say that they are not ready, and recover', async () => {
        const clients = await cluster.connectToAll(newChannel());
        await whileHanging(() => cluster.readiness(503));
        await everyoneHears(clients[1], clients, 'back');
    });
});

describe('a Redis that comes back with its data', () => {
    const cluster = useCluster({
        nodes: 2,
        redis: { keepsData: true },
        options: { ...options, ...UNLIMITED, 'history-size': 10_000 },
    });

    it('history is there for newcomers', async () => {
        const channel = newChannel();
        const [one] = await cluster.connectToAll(channel);
        const said = one.say('1', 'before');
        await one.hears(said);
        await cluster.restartRedis({ keepsData: true });
        const newcomer = await cluster.nodes[1].connect(channel);
        await newcomer.hears(said);
    });

    /**
     * Messages said on one node while Redis dies and comes back: the texts said, answered
     * with an error as often as there are errors, and what each client heard.
     */
    async function talkThroughRestart() {
        const clients = await cluster.connectToAll(newChannel());
        const [speaker] = clients;
        const said = [];
        let errors = 0;
        const talk = async () => {
            const text = String(said.length + 1);
            said.push(text);
            speaker.say('1', text);
            const isAnswer = (frame) =>
                isError(503)(frame) || (isMessage(frame) && textOf(frame) === text);
            if (isError(503)(await speaker.next(isAnswer, `an answer to ${text}`))) errors++;
        };
        const talkUntil = async (promise) => {
            let isOver = false;
            const over = promise.finally(() => (isOver = true));
            while (!isOver) await talk();
            await over;
        };
        for (let i = 0; i < 50; i++) await talk();
        await talkUntil(cluster.redis.crash());
        await talk();
        await talkUntil(cluster.bringBackRedis({ keepsData: true }));
        await everyoneHears(speaker, clients, 'the end');
        const heard = clients.map((client) =>
            client.frames.items.filter(isMessage).map(textOf),
        );
        return { said, errors, heard };
    }

    it('all clients heard the same, in the same order', async () => {
        const { heard } = await talkThroughRestart();
        assert.deepEqual(heard[1], heard[0]);
    });

    it('nothing is heard twice', async () => {
        const { heard } = await talkThroughRestart();
        assert.equal(new Set(heard[1]).size, heard[1].length);
    });

    it('what was not answered with an error was heard everywhere', async () => {
        const { said, errors, heard } = await talkThroughRestart();
        assert.ok(errors > 0, 'Redis was away and nobody was told');
        const missed = said.filter((text) => !heard[1].includes(text));
        assert.ok(missed.length <= errors, `${missed.length} missed, ${errors} errors`);
    });
});
