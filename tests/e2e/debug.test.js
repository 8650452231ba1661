/*
 * debug - the inside of a node at /debug/... on the internal port: with the key of the server API
 * only, and true while a client does not read, while Redis is away, and when all is well.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { KEY } from './lib/api.js';
import { newChannel, useCluster } from './lib/cluster.js';
import { UNLIMITED } from './lib/gateway.js';
import { message } from './lib/luchat.js';
import { eventually, within } from './lib/wait.js';

async function ask(node, view, { key = KEY, method = 'GET' } = {}) {
    const response = await within(
        fetch(`http://127.0.0.1:${node.internalPort}/debug/${view}`, {
            method,
            headers: key ? { 'X-API-Key': key } : {},
        }),
        `an answer to /debug/${view}`,
    );
    return { status: response.status, body: await response.text() };
}

async function look(node, view) {
    const { status, body } = await ask(node, view);
    assert.equal(status, 200, body);
    return JSON.parse(body);
}

const options = { ...UNLIMITED, 'api-key': KEY };

describe('/debug', () => {
    const cluster = useCluster({ nodes: 1, options });
    let node;

    beforeEach(() => {
        [node] = cluster.nodes;
    });

    it('wants the key of the server API', async () => {
        assert.equal((await ask(node, 'channels', { key: null })).status, 401);
        assert.equal((await ask(node, 'channels', { key: 'wrong' })).status, 401);
    });

    it('has three views, and GET for them', async () => {
        assert.equal((await ask(node, 'secrets')).status, 404);
        assert.equal((await ask(node, 'links', { method: 'POST' })).status, 405);
    });

    it('names the connections that are most behind', async () => {
        const channel = newChannel();
        const speaker = await node.connect(channel);
        const sleeper = await node.connectRaw(channel);
        const large = (n) => message('1', 'x'.repeat(60_000), { time: String(n) });
        sleeper.stopReading();
        let sent = 0;
        const behind = async () => {
            speaker.send(large(++sent));
            await speaker.hears(large(sent));
            return (await look(node, 'connections')).slowest[0];
        };
        let slowest;
        await eventually(async () => (slowest = await behind())?.backlog_bytes > 60_000, 'a backlog');
        assert.equal(slowest.dialect, 'luchat');
        assert.equal(slowest.channels, 1);
        assert.ok(slowest.behind_ms >= 0);
        const { connections, behind: count } = await look(node, 'connections');
        assert.equal(count, 1);
        assert.ok(connections >= 2);
    });

    it('shows each channel with its place in the log', async () => {
        const channel = newChannel();
        const speaker = await node.connect(channel);
        speaker.send(message('1', 'hello'));
        await speaker.hears(message('1', 'hello'));
        const { states, biggest } = await look(node, 'channels');
        const shown = biggest.find((each) => each.channel === channel);
        assert.ok(states.live >= 1);
        assert.equal(shown.state, 'live');
        assert.equal(shown.offset, 1);
        assert.equal(shown.subscribers, 1);
    });

    it('tells why a link is down, and which channels wait for it', async () => {
        assert.deepEqual(
            (await look(node, 'links')).links.map(({ link, state }) => [link, state]),
            [
                ['commands', 'up'],
                ['subscriber', 'up'],
            ],
        );
        const speaker = await node.connect(newChannel());
        await cluster.redis.crash();
        let shown;
        const isDown = async () => {
            shown = await look(node, 'links');
            return shown.links.every(({ state }) => state !== 'up');
        };
        await eventually(isDown, 'both links to be down');
        assert.equal(shown.ready, false);
        assert.match(shown.reason, /Redis/);
        assert.ok(shown.links.every((link) => link.why_down));
        await cluster.redis.launch();
        await eventually(async () => (await look(node, 'links')).ready, 'the node to be ready');
        speaker.close();
    });
});

describe('/debug of a node without a key', () => {
    const cluster = useCluster({ nodes: 1, redis: false });

    it('does not exist', async () => {
        assert.equal((await ask(cluster.nodes[0], 'links')).status, 404);
    });
});
