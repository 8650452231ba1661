/*
 * heartbeat - who says something stays, who is silent past the deadline goes.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { newChannel, useCluster } from './lib/cluster.js';

const IDLE_MS = 600;

describe('heartbeat', () => {
    const cluster = useCluster({
        nodes: 1,
        redis: false,
        options: { 'idle-timeout-ms': IDLE_MS },
    });
    let node;
    let channel;

    beforeEach(() => {
        [node] = cluster.nodes;
        channel = newChannel();
    });

    /** Lets three connections in a row die of silence, while beat() is called all along. */
    async function outliveThreeSilentOnes(beat) {
        const beating = setInterval(beat, IDLE_MS / 6);
        try {
            for (let i = 0; i < 3; i++) await (await node.connect(newChannel())).end();
        } finally {
            clearInterval(beating);
        }
    }

    it('ping is answered with pong', async () => {
        const client = await node.connect(channel);
        await client.ping();
    });

    it('neither ping nor pong is seen by anybody else', async () => {
        const [one, other] = [await node.connect(channel), await node.connect(channel)];
        await one.ping();
        await other.hears(one.say('1', 'after the ping'));
        assert.equal(other.frames.items.length, 1);
    });

    it('a silent client is closed with 1001 and told why', async () => {
        const client = await node.connect(channel);
        assert.deepEqual(await client.end(), { code: 1001, reason: 'idle timeout' });
    });

    it('a client is not closed before its deadline', async () => {
        const opening = performance.now();
        const client = await node.connect(channel);
        await client.end();
        const lived = performance.now() - opening;
        assert.ok(lived >= IDLE_MS * 0.9, `closed after ${lived} ms`);
    });

    it('listening alone keeps nobody alive', async () => {
        const [speaker, listener] = [await node.connect(channel), await node.connect(channel)];
        const talking = setInterval(() => speaker.say('1', 'blah'), IDLE_MS / 6);
        const end = await listener.end().finally(() => clearInterval(talking));
        assert.equal(end.code, 1001);
    });

    it('a client that sends ping stays', async () => {
        const client = await node.connect(channel);
        await outliveThreeSilentOnes(() => client.send('ping'));
        assert.ok(client.isOpen);
    });

    it('a client that sends messages stays', async () => {
        const client = await node.connect(channel);
        await outliveThreeSilentOnes(() => client.say('1', 'still here'));
        assert.ok(client.isOpen);
    });

    it('a client that sends WebSocket pings stays', async () => {
        const client = await node.connect(channel);
        await outliveThreeSilentOnes(() => client.socket.ping());
        assert.ok(client.isOpen);
    });

    it('a WebSocket ping is answered with its own payload', async () => {
        const client = await node.connect(channel);
        const answered = once(client.socket, 'pong');
        client.socket.ping('who are you');
        const [payload] = await answered;
        assert.equal(String(payload), 'who are you');
    });

    it('a user who falls silent goes offline for the others', async () => {
        const [watcher, ann] = [await node.connect(channel), await node.connect(channel)];
        await watcher.settle();
        await ann.goOnline('ann');
        const beating = setInterval(() => watcher.send('ping'), IDLE_MS / 6);
        await watcher.seesOffline('ann').finally(() => clearInterval(beating));
    });
});
