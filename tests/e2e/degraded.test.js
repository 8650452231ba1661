/*
 * degraded - a node that cannot reach Redis says so: to its clients, to newcomers, to the
 * balancer; and says when all is well again.
 */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { Client } from './lib/client.js';
import { newChannel, useCluster } from './lib/cluster.js';
import { handshake, request } from './lib/http.js';
import { eventually } from './lib/wait.js';

const isDegraded = (frame) => frame === '{"service":{"state":"degraded"}}';
const isRestored = (frame) => frame === '{"service":{"state":"restored"}}';
const SECONDS = 1000;

describe('a node that lost Redis', () => {
    const cluster = useCluster({ nodes: 1, redis: { keepsData: true } });

    it('tells its clients within five seconds, and again when all is well', async () => {
        const [node] = cluster.nodes;
        const channel = newChannel();
        const plain = await node.connect(channel);
        const url = `ws://127.0.0.1:${node.port}/ws?channel=${channel}&hello=1`;
        const hello = await Client.open(url);
        const sdk = await node.connectSdk();
        const told = [];
        sdk.sdk.on('message', ({ data }) => told.push(data.service?.state));
        await cluster.redis.crash();
        await hello.next(isDegraded, 'degraded', 5 * SECONDS);
        await eventually(() => told.includes('degraded'), 'the SDK to be told', 5 * SECONDS);
        await cluster.redis.launch();
        await hello.next(isRestored, 'restored', 5 * SECONDS);
        await eventually(() => told.includes('restored'), 'the SDK to be told', 5 * SECONDS);
        assert.ok(!plain.frames.items.some((frame) => frame.includes('service')));
        await hello.drop();
    });

    it('sends newcomers away, and the balancer asks /ready', async () => {
        const [node] = cluster.nodes;
        assert.equal((await request(node.port, '/ready')).status, 200);
        await cluster.redis.crash();
        await eventually(
            async () => (await request(node.port, '/ready')).status === 503,
            '/ready to say 503',
            5 * SECONDS,
        );
        await eventually(
            async () => (await handshake(node.port)).status === 503,
            'a handshake to be refused',
            5 * SECONDS,
        );
        const { headers } = await handshake(node.port);
        assert.equal(headers['retry-after'], '2');
        assert.equal((await request(node.port, '/health')).status, 200);
        await cluster.redis.launch();
        await eventually(
            async () => (await request(node.port, '/ready')).status === 200,
            '/ready to say 200',
            5 * SECONDS,
        );
        await eventually(
            async () => (await handshake(node.port)).status === 101,
            'a handshake to be taken',
            5 * SECONDS,
        );
    });
});
