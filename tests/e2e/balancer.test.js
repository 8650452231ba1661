/*
 * balancer - deploy/haproxy.cfg: what one address may take, TLS, and what its log tells.
 */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import WebSocket from 'ws';
import { useCluster } from './lib/cluster.js';
import { HaProxy } from './lib/haproxy.js';
import { handshake } from './lib/http.js';
import { temporaryFolder } from './lib/process.js';
import { within } from './lib/wait.js';

/** A PEM file of certificate and key for 127.0.0.1. */
function certificate() {
    const folder = temporaryFolder();
    const [key, cert, both] = ['key', 'cert', 'both'].map((name) => path.join(folder, name));
    execFileSync(
        'openssl',
        [
            ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
            ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'],
            ...['-keyout', key, '-out', cert],
        ],
        { stdio: 'ignore' },
    );
    execFileSync('sh', ['-c', 'cat "$1" "$2" >"$3"', 'sh', cert, key, both]);
    return { cert, both };
}

describe('the load balancer', () => {
    const cluster = useCluster({ nodes: 1, redis: false });

    /** Gone when the test is. */
    async function balanced(t, env, nodes = cluster.nodes) {
        const balancer = await HaProxy.start(nodes, 'haproxy', env);
        t.after(() => balancer.stop());
        return balancer;
    }

    /** Until one is refused: how many were let in, and the refusal. */
    async function open(balancer, most) {
        for (let count = 0; count < most; count++) {
            const answer = await handshake(balancer.port);
            if (answer.status !== 101) return { count, answer };
            answer.socket.on('error', () => {});
        }
        return { count: most };
    }

    it('lets one address have so many connections', async (t) => {
        const balancer = await balanced(t, { PARLEY_LB_CONNECTIONS_PER_SOURCE: '20' });
        const { count, answer } = await open(balancer, 40);
        assert.equal(answer.status, 429);
        assert.ok(answer.headers['retry-after']);
        assert.equal(count, 20);
    });

    it('lets one address shake hands so often', async (t) => {
        const balancer = await balanced(t, { PARLEY_LB_HANDSHAKES_PER_SOURCE: '20' });
        const { count, answer } = await open(balancer, 40);
        assert.equal(answer.status, 429);
        assert.equal(count, 20);
    });

    it('says itself where its clients are, whatever they say', async (t) => {
        const options = { 'trusted-proxies': '127.0.0.1', 'connections-per-address': 3 };
        const node = await cluster.startNode({ options });
        const balancer = await balanced(t, {}, [node]);
        const statuses = [];
        for (let i = 0; i < 4; i++) {
            const headers = { 'X-Forwarded-For': `203.0.113.${i}` };
            // another address than the balancer's own, which is trusted
            const from = { headers, localAddress: '127.0.0.2' };
            const { status, socket } = await handshake(balancer.port, from);
            socket?.on('error', () => {});
            statuses.push(status);
        }
        assert.deepEqual(statuses, [101, 101, 101, 429]);
    });

    it('has no limits where they are 0', async (t) => {
        const balancer = await balanced(t);
        assert.equal((await open(balancer, 60)).count, 60);
    });

    it('does not log what stands behind a path', async (t) => {
        const balancer = await balanced(t);
        const { socket } = await handshake(balancer.port, { path: '/ws?token=top.secret.token' });
        socket.destroy();
        await balancer.process.line(/ GET "\/ws" HTTP\/1\.1/);
        assert.ok(!balancer.process.lines.items.join('\n').includes('secret'));
    });

    it('ends TLS where it is given a certificate', async (t) => {
        const { cert, both } = certificate();
        const balancer = await balanced(t, { PARLEY_LB_CERT: both, PARLEY_LB_HSTS: '3600' });
        const ca = fs.readFileSync(cert);
        const asked = new Promise((resolve, reject) => {
            https
                .get({ host: '127.0.0.1', port: balancer.port, path: '/health', ca }, resolve)
                .on('error', reject);
        });
        const { statusCode, headers } = await within(asked, 'an answer over TLS');
        assert.equal(statusCode, 200);
        assert.equal(headers['strict-transport-security'], 'max-age=3600');
        const socket = new WebSocket(`wss://127.0.0.1:${balancer.port}/ws`, { ca });
        const opened = new Promise((resolve, reject) => {
            socket.on('open', resolve).on('error', reject);
        });
        await within(opened, 'a WebSocket over TLS');
        socket.terminate();
    });

    it('speaks no version of TLS before 1.2', async (t) => {
        const { both } = certificate();
        const balancer = await balanced(t, { PARLEY_LB_CERT: both });
        const asked = new Promise((resolve, reject) => {
            const options = { host: '127.0.0.1', port: balancer.port, rejectUnauthorized: false };
            const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' };
            https.get({ ...options, ...old }, resolve).on('error', reject);
        });
        await assert.rejects(within(asked, 'a refusal'), /version|handshake|protocol|EPROTO/i);
    });
});
