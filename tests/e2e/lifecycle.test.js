/*
 * lifecycle - how a node begins, tells of itself and ends, and how connections come and go.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { newChannel, useCluster } from './lib/cluster.js';
import { handshake, request } from './lib/http.js';
import { eventually } from './lib/wait.js';

const LEASE_TTL_MS = 2000;
const LEASE = { 'lease-ttl-ms': LEASE_TTL_MS, 'lease-renew-ms': 400 };

/** The status of an answer, or the code of the error if the connection was refused. */
const statusOrError = (asked) =>
    asked.then(
        ({ status }) => status,
        ({ code }) => code,
    );

describe('a running node', () => {
    const cluster = useCluster({ nodes: 1 });
    let node;

    beforeEach(() => {
        [node] = cluster.nodes;
    });

    it('/health on the public port says ok', async () => {
        const { status, headers, body } = await request(node.port, '/health');
        assert.deepEqual([status, JSON.parse(body)], [200, { status: 'ok' }]);
        assert.match(headers['content-type'], /^application\/json/);
    });

    it('/health on the internal port says ok', async () => {
        const { status, body } = await node.get('/health');
        assert.deepEqual([status, JSON.parse(body)], [200, { status: 'ok' }]);
    });

    it('/ready says ready', async () => {
        const { status, body } = await node.get('/ready');
        assert.deepEqual([status, JSON.parse(body)], [200, { status: 'ready' }]);
    });

    it('/metrics is not on the public port, and /ready says no more there than it must', async () => {
        assert.equal((await request(node.port, '/metrics')).status, 404);
        const { status, body } = await request(node.port, '/ready');
        assert.equal(status, 200);
        assert.deepEqual(JSON.parse(body), { status: 'ready' });
    });

    it('every line of /metrics is one of Prometheus', async () => {
        const { status, headers, body } = await node.get('/metrics');
        assert.equal(status, 200);
        assert.match(headers['content-type'], /^text\/plain/);
        const line = /^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"]*",?)+\})? -?[0-9.e+]+)$/;
        assert.deepEqual(
            body
                .trim()
                .split('\n')
                .filter((text) => !line.test(text)),
            [],
        );
    });

    it('/metrics counts what came in and what went out', async () => {
        const channel = newChannel();
        const [one, other] = [await node.connect(channel), await node.connect(channel)];
        await one.settle();
        await other.settle();
        const counts = () =>
            Promise.all(
                ['parley_messages_received_total', 'parley_deliveries_total'].map((name) =>
                    node.metric(name),
                ),
            );
        const [received, delivered] = await counts();
        await other.hears(one.say('1', 'counted'));
        assert.deepEqual(await counts(), [received + 1, delivered + 2]);
    });

    it('/metrics tells that both links to Redis are up', async () => {
        assert.equal(await node.metric('parley_redis_up{link="commands"}'), 1);
        assert.equal(await node.metric('parley_redis_up{link="subscriber"}'), 1);
    });

    it('a client that closes with 1000 is answered with 1000', async () => {
        const client = await node.connect(newChannel());
        assert.equal((await client.close(1000)).code, 1000);
    });

    it('hundreds of reconnects leave no connection behind', async () => {
        const channel = newChannel();
        const comeAndGo = async (isPolite) => {
            const client = await node.connect(channel);
            await (isPolite ? client.close() : client.drop());
        };
        for (let round = 0; round < 30; round++) {
            await Promise.all(Array.from({ length: 10 }, (_, i) => comeAndGo(i % 2 === 0)));
        }
        const isEmpty = async () => (await node.metric('parley_connections')) === 0;
        await eventually(isEmpty, 'parley_connections to be 0');
    });
});

describe('a node that leaves', () => {
    const cluster = useCluster({ nodes: 0, options: { ...LEASE, 'drain-timeout-ms': 2000 } });

    /** A node that has been told to leave, and a client that keeps it from going at once. */
    async function leavingNode() {
        const node = await cluster.startNode();
        const stubborn = await node.connectRaw();
        node.signal('SIGTERM');
        assert.equal((await stubborn.end()).code, 1001);
        return node;
    }

    for (const signal of ['SIGTERM', 'SIGINT']) {
        it(`closes its clients with 1001 and exits with 0 on ${signal}`, async () => {
            const node = await cluster.startNode();
            const clients = await Promise.all(Array.from({ length: 20 }, () => node.connect()));
            node.signal(signal);
            const ends = await Promise.all(clients.map((client) => client.end()));
            assert.deepEqual(new Set(ends.map(({ code }) => code)), new Set([1001]));
            await node.stop(signal);
        });
    }

    it('no longer says that it is healthy', async () => {
        const node = await leavingNode();
        const status = await statusOrError(request(node.port, '/health'));
        assert.ok([503, 'ECONNREFUSED'].includes(status), `answered ${status}`);
    });

    it('takes no new clients', async () => {
        const node = await leavingNode();
        const status = await statusOrError(handshake(node.port));
        assert.ok([503, 'ECONNREFUSED'].includes(status), `answered ${status}`);
    });

    it('does not wait longer than the drain timeout for a client that will not close', async () => {
        const node = await leavingNode();
        assert.equal(await node.exitCode(), 0);
    });

    it('may be told to leave before it is ready', async () => {
        const nobody = { redis: 'redis://127.0.0.1:1' };
        const node = await cluster.launchNode({ options: nobody });
        await node.process.line(/redis/);
        await node.stop();
    });
});

describe('the name of a node', () => {
    const cluster = useCluster({ nodes: 1, options: LEASE });
    const deadline = LEASE_TTL_MS + 15_000;

    /** The end of a node that asked for a name the first node has. */
    async function endOfSecond() {
        const second = await cluster.launchNode({ name: cluster.nodes[0].name });
        return { code: await second.exitCode(deadline), said: second.process.lines.items };
    }

    it('is not given to a second node, which exits with 3', async () => {
        assert.equal((await endOfSecond()).code, 3);
    });

    it('is in the log of the node that did not get it', async () => {
        const { said } = await endOfSecond();
        const told = said.filter((line) => /level=(error|warn)/.test(line));
        assert.match(told.join('\n'), new RegExp(cluster.nodes[0].name));
    });

    it('stays with the first, which is not disturbed', async () => {
        await endOfSecond();
        assert.equal((await cluster.nodes[0].get('/ready')).status, 200);
    });

    it('is free again when the lease of a node that was killed is over', async () => {
        const killed = await cluster.startNode();
        await killed.kill();
        const heir = await cluster.launchNode({ name: killed.name });
        await heir.ready(deadline);
    });
});
