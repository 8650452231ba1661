/*
 * slow_readers - whoever does not read, or slowly, gets everything all the same as far as that
 * goes, and what waits for it is bounded.
 */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { newChannel, useCluster } from './lib/cluster.js';
import { UNLIMITED } from './lib/gateway.js';
import { message } from './lib/luchat.js';
import { range } from './lib/numbered.js';
import { eventually } from './lib/wait.js';

const large = (n) => message('1', 'x'.repeat(60_000), { time: String(n) });

async function sayMuch(speaker, count) {
    for (const n of range(1, count)) {
        speaker.send(large(n));
        await speaker.hears(large(n));
    }
}

describe('a newcomer who does not read', () => {
    const cluster = useCluster({
        nodes: 1,
        redis: false,
        options: { ...UNLIMITED, 'max-backlog-bytes': 65_536 },
    });

    it('gets a history of many times its backlog when it reads', async () => {
        const [node] = cluster.nodes;
        const channel = newChannel();
        await sayMuch(await node.connect(channel), 50); // 3 MB
        const newcomer = await node.connectRaw(channel);
        newcomer.stopReading();
        const waiting = () => node.metric('parley_backlog_bytes');
        await eventually(async () => (await waiting()) > 1_000_000, 'the history to wait');
        newcomer.startReading();
        for (const n of range(1, 50)) await newcomer.hears(large(n));
        await eventually(async () => (await waiting()) === 0, 'nothing to wait any more');
    });
});

describe('clients that never read', () => {
    const LIMIT = 2_000_000;
    const cluster = useCluster({
        nodes: 1,
        redis: false,
        options: { ...UNLIMITED, 'history-size': 0, 'backlog-bytes': LIMIT },
    });

    it('have no more waiting for them together than is allowed, and others hear all', async () => {
        const [node] = cluster.nodes;
        let most = 0;
        for (let i = 0; i < 4; i++) {
            const channel = newChannel();
            (await node.connectRaw(channel)).stopReading();
            const speaker = await node.connect(channel);
            for (let j = 0; j < 4; j++) {
                await sayMuch(speaker, 10);
                most = Math.max(most, await node.metric('parley_backlog_bytes'));
            }
        }
        assert.ok(most > LIMIT / 2 && most < LIMIT + 200_000, `${most} bytes`);
        assert.ok((await node.metric('parley_limit_hits_total{limit="backlog_bytes"}')) > 0);
    });
});
