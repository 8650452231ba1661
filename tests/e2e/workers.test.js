/*
 * workers - several processes on one port, each a node of its own, and the one that minds them.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { everyoneHears, newChannel, useCluster } from './lib/cluster.js';
import { flags } from './lib/gateway.js';
import { isOffline } from './lib/luchat.js';
import { PARLEYD, run } from './lib/process.js';
import { eventually, within } from './lib/wait.js';

const WORKERS = 3;
const CLIENTS = 48; // that one worker of three gets none of them is a matter of 1 in 10^8
const ASK_MS = 300; // a worker that is stopped does not answer; another will
const KEY = 'a key of the tests';
const options = { workers: WORKERS, 'api-key': KEY, 'drain-timeout-ms': 1000 };

/** The lines in which workers say that they run, oldest first: {node, pid}. */
const startsOf = (node) =>
    node.process.lines.items
        .map((line) => /event=started node=(\S+) .*pid=(\d+)/.exec(line))
        .filter(Boolean)
        .map(([, name, pid]) => ({ node: name, pid: Number(pid) }));

const pidOf = (node, number) =>
    startsOf(node).findLast((start) => start.node === `${node.name}-${number}`)?.pid;

const numbers = Array.from({ length: WORKERS }, (_, i) => i + 1);

const connectionsOf = (node) =>
    Promise.all(
        numbers.map((number) => node.metric(`parley_worker_connections{worker="${number}"}`)),
    );

function post(node, method, body) {
    const answered = fetch(`http://127.0.0.1:${node.internalPort}/api/${method}`, {
        method: 'POST',
        headers: { 'X-API-Key': KEY },
        body: JSON.stringify(body),
    });
    return within(answered, `an answer to ${method}`);
}

describe('workers', () => {
    const cluster = useCluster({ nodes: 1, options });
    let node;

    beforeEach(async () => {
        [node] = cluster.nodes;
        await node.readiness(200);
        const isEmpty = async () => (await node.metric('parley_connections')) === 0;
        await eventually(isEmpty, 'the last test to be over');
    });

    const connectMany = (channel) =>
        Promise.all(Array.from({ length: CLIENTS }, () => node.connect(channel)));

    it('share the clients', async () => {
        await connectMany(newChannel());
        const counts = await connectionsOf(node);
        assert.ok(
            counts.every((count) => count > 0),
            `connections: ${counts}`,
        );
    });

    it('count together', async () => {
        await connectMany(newChannel());
        const counts = await connectionsOf(node);
        assert.equal(
            counts.reduce((a, b) => a + b),
            CLIENTS,
        );
        assert.equal(await node.metric('parley_connections'), CLIENTS);
    });

    it('hear what is said to any of them', async () => {
        const clients = await connectMany(newChannel());
        await everyoneHears(clients[0], clients, 'first');
        await everyoneHears(clients[1], clients, 'second');
    });

    it('hear what a backend publishes through any of them', async () => {
        const channel = newChannel();
        const clients = await connectMany(channel);
        await everyoneHears(clients[0], clients, 'all are here');
        const data = { message: { userid: 'backend', message: 'hello' } };
        for (let i = 0; i < WORKERS; i++) {
            const { status } = await post(node, 'publish', { channel, data });
            assert.equal(status, 200);
            await Promise.all(clients.map((client) => client.hears(JSON.stringify(data))));
        }
    });

    it('are nodes of their own', async () => {
        const leases = await cluster.redis.client().zrange('parley:nodes', 0, -1);
        const names = leases.map((lease) => lease.replace(/:\d+$/, ''));
        assert.deepEqual(
            names.sort(),
            numbers.map((number) => `${node.name}-${number}`),
        );
    });

    it('say together that they are ready', async () => {
        const { status, body } = await node.get('/ready');
        const workers = numbers.map((worker) => ({ worker, status: 'ready' }));
        assert.deepEqual([status, JSON.parse(body)], [200, { status: 'ready', workers }]);
    });

    it('log which of them says it', () => {
        const starts = node.process.lines.items.filter((line) => /event=started/.test(line));
        assert.ok(starts.every((line) => /\bworker=\d+\b/.test(line)));
    });

    it('do not let a stranger share their ports', async () => {
        const { code, stderr } = await run(PARLEYD, [
            ...flags({ workers: 2, redis: cluster.redis.url }),
            ...flags({ listen: `127.0.0.1:${node.port}`, internal: '127.0.0.1:1' }),
        ]);
        assert.equal(code, 1);
        assert.match(stderr, /--listen/);
    });

    it('need Redis', async () => {
        const { code, stderr } = await run(PARLEYD, ['--workers', '2']);
        assert.deepEqual([code, stderr.split('\n').length], [2, 2]);
        assert.match(stderr, /--workers 2 needs --redis/);
    });

    it('together take no more than --max-connections', async () => {
        const small = await cluster.startNode({ options: { 'max-connections': 12 } });
        await small.readiness(200);
        for (let i = 0; i < 12; i++) await small.connect('small');
        const isCounted = async () => (await small.metric('parley_connections')) === 12;
        await eventually(isCounted, 'each worker to know of all twelve');
        await assert.rejects(small.connect('small'), /503/);
    });
});

describe('a worker that dies', () => {
    const lease = { 'lease-ttl-ms': 2000, 'lease-renew-ms': 400, 'presence-grace-ms': 200 };
    const cluster = useCluster({ nodes: 1, options: { ...options, ...lease } });
    let node;

    beforeEach(async () => {
        [node] = cluster.nodes;
        await node.readiness(200);
    });

    /** Kills the worker and waits for the next to serve in its place. */
    async function killWorker(number, signal = 'SIGKILL') {
        const pid = pidOf(node, number);
        process.kill(pid, signal);
        const isReplaced = () => pidOf(node, number) !== pid;
        await eventually(isReplaced, `another worker ${number} than ${pid}`);
        await node.readiness(200);
    }

    it('is replaced', async () => {
        await killWorker(1);
        assert.equal(await node.metric('parley_worker_up{worker="1"}'), 1);
    });

    it('is replaced when it was told to leave, too', async () => {
        await killWorker(2, 'SIGTERM');
    });

    it('does not disturb the clients of the others', async () => {
        const channel = newChannel();
        const clients = await Promise.all(
            Array.from({ length: CLIENTS }, () => node.connect(channel)),
        );
        await everyoneHears(clients[0], clients, 'before');
        const [lost] = await connectionsOf(node);
        await killWorker(1);
        const isNoticed = () => clients.filter(({ isOpen }) => !isOpen).length >= lost;
        await eventually(isNoticed, `the end of ${lost} connections`);
        const left = clients.filter(({ isOpen }) => isOpen);
        assert.equal(left.length, CLIENTS - lost);
        await everyoneHears(left[0], left, 'after');
    });

    it('leaves a place for new clients', async () => {
        const channel = newChannel();
        await killWorker(3);
        const clients = await Promise.all(
            Array.from({ length: CLIENTS }, () => node.connect(channel)),
        );
        await everyoneHears(clients[0], clients, 'all are here');
        const counts = await connectionsOf(node);
        assert.ok(
            counts.every((count) => count > 0),
            `connections: ${counts}`,
        );
    });

    it('takes its users along, which the others hear once', async () => {
        const channel = newChannel();
        const clients = await Promise.all(
            Array.from({ length: CLIENTS }, () => node.connect(channel)),
        );
        await Promise.all(clients.map((client, i) => client.goOnline(`user-${i}`)));
        await killWorker(1);
        const isOver = () => clients.some(({ isOpen }) => !isOpen);
        await eventually(isOver, 'the end of its connections');
        const witness = clients.find(({ isOpen }) => isOpen);
        const lost = clients.flatMap(({ isOpen }, i) => (isOpen ? [] : [`user-${i}`]));
        for (const user of lost) {
            const hasLeft = () => witness.count(isOffline(user)) === 1;
            await eventually(hasLeft, `offline of ${user}`, 20_000);
        }
    });

    it('is no reason to count anew', async () => {
        const opened = () => node.metric('parley_connections_opened_total');
        await Promise.all(Array.from({ length: CLIENTS }, () => node.connect('counted')));
        const before = await opened();
        const restarts = await node.metric('parley_worker_restarts_total{worker="2"}');
        await killWorker(2);
        assert.equal(await opened(), before);
        assert.equal(
            await node.metric('parley_worker_restarts_total{worker="2"}'),
            restarts + 1,
        );
    });
});

describe('workers in trouble', () => {
    const cluster = useCluster({ nodes: 0, options });

    async function start(more) {
        const node = await cluster.startNode({ options: more });
        await node.readiness(200);
        return node;
    }

    /** A client of another worker than that one. */
    async function connectElsewhere(node, number) {
        for (;;) {
            const client = await node.connect(newChannel());
            const served = await node.metric(`parley_worker_connections{worker="${number}"}`);
            if (served === 0) return client;
            await node.dropClients();
            const isEmpty = async () => (await node.metric('parley_connections')) === 0;
            await eventually(isEmpty, 'nobody to be connected');
        }
    }

    /** The body of /ready or /health, from a worker that answers. */
    async function ask(node, path, matches) {
        let answer;
        const check = async () => {
            const { status, body } = await node.get(path, ASK_MS);
            answer = { code: status, ...JSON.parse(body) };
            return matches(answer);
        };
        await eventually(check, `${path} to change`, 20_000);
        return answer;
    }

    it('are not ready while one is silent, and say which', async () => {
        const node = await start();
        const pid = pidOf(node, 2);
        process.kill(pid, 'SIGSTOP');
        try {
            const { reason } = await ask(node, '/ready', ({ code }) => code === 503);
            assert.equal(reason, 'worker 2: silent');
            const { code } = await ask(node, '/health', ({ status }) => status === 'degraded');
            assert.equal(code, 200);
        } finally {
            process.kill(pid, 'SIGCONT');
        }
        await node.readiness(200);
    });

    it('go on when one dies again and again, and say which', async () => {
        const node = await start();
        const client = await connectElsewhere(node, 1);
        const killed = new Set();
        const isNew = () => !killed.has(pidOf(node, 1)) && pidOf(node, 1);
        while (killed.size < 6) {
            const pid = await eventually(isNew, 'another worker 1', 20_000);
            killed.add(pid);
            process.kill(pid, 'SIGKILL');
        }
        const hasNoticed = ({ reason }) => /^worker 1: .*died 6 times in a row$/.test(reason);
        const { status } = await ask(node, '/health', hasNoticed);
        assert.equal(status, 'degraded');
        const ends = node.process.lines.items.filter((line) => /event=worker_ended/.test(line));
        const pauses = ends.map((line) => Number(/deaths=\d+ restart_ms=(\d+)/.exec(line)[1]));
        assert.deepEqual(pauses, [100, 200, 400, 800, 1600, 3200]);
        await client.hears(client.say('ann', 'still here'));
        await node.readiness(200, 20_000);
        const { body } = await node.get('/health');
        assert.equal(JSON.parse(body).status, 'degraded'); // it has yet to prove itself
    });

    it('are started again when one ends by itself', async () => {
        const node = await start();
        const pid = pidOf(node, 2);
        process.kill(pid, 'SIGTERM');
        await eventually(() => pidOf(node, 2) !== pid, 'another worker 2');
        await node.readiness(200);
    });

    it('all hear SIGHUP, and none of them ends', async () => {
        const node = await start();
        node.signal('SIGHUP');
        const heard = () =>
            numbers.every((number) =>
                node.process.lines.items.some((line) =>
                    new RegExp(`worker=${number} event=reload`).test(line),
                ),
            );
        await eventually(heard, 'a word of each worker');
        await node.readiness(200);
        assert.equal(startsOf(node).length, WORKERS);
    });

    it('are told by SIGTERM to leave, and say goodbye to all', async () => {
        const node = await start();
        const clients = await Promise.all(
            Array.from({ length: CLIENTS }, () => node.connect('leaving')),
        );
        node.signal('SIGTERM');
        const ends = await Promise.all(clients.map((client) => client.end()));
        assert.deepEqual(new Set(ends.map(({ code }) => code)), new Set([1001]));
        assert.equal(await node.exitCode(), 0);
    });

    it('give their leases back', async () => {
        const node = await start();
        await node.stop();
        const redis = cluster.redis.client();
        assert.deepEqual(await redis.keys(`parley:node:${node.name}-*`), []);
    });

    it('that do not leave in time are killed', async () => {
        const node = await start({ 'drain-timeout-ms': 200 });
        process.kill(pidOf(node, 3), 'SIGSTOP');
        node.signal('SIGTERM');
        assert.equal(await node.exitCode(20_000), 1);
    });

    it('leave when nobody minds them any more', async () => {
        const node = await start();
        const client = await node.connect('orphans');
        node.signal('SIGKILL');
        assert.equal((await client.end()).code, 1001);
        await node.kill(); // waits for the output of all to end
    });

    it('all end when the name of one is taken', async () => {
        const node = await start();
        const lease = { 'lease-ttl-ms': 1000, 'lease-renew-ms': 200 };
        const second = await cluster.launchNode({ name: node.name, options: lease });
        assert.equal(await second.exitCode(20_000), 3);
    });
});
