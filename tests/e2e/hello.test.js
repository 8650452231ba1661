/*
 * hello - what a LuChat client gets that connects with hello=1, and nobody else: where it is,
 * how much of the past follows, and that it may repeat itself without being heard twice.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import WebSocket from 'ws';
import { LuChat } from '../../gateway/web/luchat.js';
import { Client } from './lib/client.js';
import { newChannel, useCluster } from './lib/cluster.js';
import { isMessage, message, numbers, textOf } from './lib/luchat.js';
import { eventually } from './lib/wait.js';

const TIME = '2030-01-01T00:00:00.000123Z';

describe('a LuChat client with hello=1', () => {
    const cluster = useCluster({ nodes: 2 });
    let channel;
    let opened;

    beforeEach(async () => {
        await Promise.all((opened ?? []).map((client) => client.drop()));
        opened = [];
        channel = newChannel();
    });

    async function greeted(node = cluster.nodes[0], query = 'hello=1') {
        const url = `ws://127.0.0.1:${node.port}/ws?channel=${channel}&${query}`;
        const client = await Client.open(url);
        opened.push(client);
        return client;
    }

    const helloOf = async (client) => {
        const frame = await client.next(() => true, 'the first frame');
        return JSON.parse(frame).hello;
    };

    it('is told first which node it is on, and in which channel', async () => {
        for (const node of cluster.nodes) {
            const { node: name, channel: there, user } = await helloOf(await greeted(node));
            assert.deepEqual([name, there, user], [node.name, channel, null]);
        }
    });

    it('is told how many messages of the past follow', async () => {
        const speaker = await cluster.nodes[1].connect(channel);
        numbers(1, 7).forEach((text) => speaker.say('1', text));
        await speaker.messages(7);
        const client = await greeted();
        assert.equal((await helloOf(client)).history, 7);
        assert.deepEqual((await client.messages(7)).map(textOf), numbers(1, 7));
        assert.deepEqual(client.frames.items.findIndex(isMessage), 1);
    });

    it('nobody gets a hello who did not ask', async () => {
        for (const query of ['hello=0', 'hello=11', 'hello', 'hallo=1']) {
            const client = await greeted(cluster.nodes[0], query);
            const said = client.say('ann', `with ${query}`);
            await client.hears(said);
            assert.equal(
                client.count((frame) => frame.startsWith('{"hello"')),
                0,
                query,
            );
        }
    });

    it('what it says twice is published once, and comes back to it both times', async () => {
        const watcher = await cluster.nodes[0].connect(channel);
        await watcher.settle();
        const said = message('ann', 'hello', { time: TIME });
        const first = await greeted(cluster.nodes[0]);
        first.send(said);
        await first.hears(said);
        const second = await greeted(cluster.nodes[1]);
        await helloOf(second);
        await second.hears(said); // as history
        second.send(said);
        await second.hears(said);
        await watcher.settle();
        assert.equal(
            watcher.count((frame) => frame === said),
            1,
        );
        assert.equal(
            first.count((frame) => frame === said),
            1,
        );
    });

    it('another time, user or text is another message', async () => {
        const client = await greeted();
        const all = [
            message('ann', 'hi', { time: TIME }),
            message('ann', 'hi', { time: TIME.replace('123Z', '124Z') }),
            message('ben', 'hi', { time: TIME }),
            message('ann', 'something else', { time: TIME }),
        ];
        for (const said of all) client.send(said);
        for (const said of all) await client.hears(said);
        const watcher = await cluster.nodes[1].connect(channel);
        await watcher.settle();
        assert.equal(watcher.count(isMessage), 5);
    });

    it('without a time there is nothing to tell repetitions by', async () => {
        const client = await greeted();
        for (const time of [null, 12, 'x'.repeat(128)]) {
            const said = message('ann', 'again', { time });
            client.send(said);
            client.send(said);
            await client.hears(said);
            await client.hears(said);
        }
        const watcher = await cluster.nodes[1].connect(channel);
        await watcher.settle();
        assert.equal(watcher.count(isMessage), 7);
    });

    it('who did not ask for a hello may repeat itself, and is heard each time', async () => {
        const client = await cluster.nodes[0].connect(channel);
        const said = message('ann', 'ok', { time: TIME });
        client.send(said);
        client.send(said);
        await client.hears(said);
        await client.hears(said);
    });
});

describe('hello=1 with the memory broker', () => {
    const cluster = useCluster({ nodes: 1, redis: false });

    it('what is said twice is published once there, too', async () => {
        const channel = newChannel();
        const watcher = await cluster.nodes[0].connect(channel);
        await watcher.settle();
        const url = `ws://127.0.0.1:${cluster.nodes[0].port}/ws?channel=${channel}&hello=1`;
        const client = await Client.open(url);
        const said = message('ann', 'hello', { time: TIME });
        client.send(said);
        client.send(said);
        await client.hears(said);
        await client.hears(said);
        await watcher.settle();
        assert.equal(
            watcher.count((frame) => frame === said),
            1,
        );
        await client.drop();
    });
});

describe('the client luchat.js on a cluster', () => {
    const options = { 'history-size': 1000 };
    const cluster = useCluster({ nodes: 2, redis: { keepsData: true }, options });
    const MESSAGES = 300;

    function join(port, channel, userid) {
        const options = {
            channel,
            user: { userid },
            WebSocket,
            attempts: Infinity,
            firstDelayMs: 50,
        };
        const chat = new LuChat(`ws://127.0.0.1:${port}/ws`, options);
        const heard = [];
        chat.addEventListener('message', ({ detail }) => heard.push(detail.message.message));
        chat.connect();
        return { chat, heard };
    }

    /** Says its numbers, lets something happen in the middle of them, and waits for the end. */
    async function talkThrough(channel, port, happen) {
        const plain = await cluster.nodes[0].connect(channel);
        await plain.settle();
        const speaker = join(port, channel, 'speaker');
        const listener = join(port, channel, 'listener');
        const all = numbers(1, MESSAGES);
        let happening;
        for (const text of all) {
            if (text === String(MESSAGES / 2)) happening = happen();
            await eventually(
                () => speaker.chat.unsent.length < 20,
                'what was said to come back',
            );
            speaker.chat.send(text);
        }
        await happening;
        const isDone = ({ heard }) =>
            heard.filter((text) => all.includes(text)).length >= MESSAGES;
        await eventually(() => [speaker, listener].every(isDone), 'all to be heard', 30_000);
        await plain.settle();
        speaker.chat.close();
        listener.chat.close();
        const byPlain = plain.frames.items.filter(isMessage).map(textOf);
        const numbered = (texts) =>
            texts.filter((text) => all.includes(text)).sort((a, b) => a - b);
        return { all, heard: [speaker.heard, listener.heard, byPlain].map(numbered) };
    }

    it('every word is heard once, by plain clients too, though the node is killed meanwhile', async () => {
        const doomed = await cluster.startNode();
        const relay = await cluster.relayTo(doomed, cluster.nodes[1]);
        const { all, heard } = await talkThrough(newChannel(), relay.port, () => doomed.kill());
        for (const texts of heard) assert.deepEqual(texts, all);
    });

    it('every word is heard once though connections are cut again and again', async () => {
        const relay = await cluster.relayTo(cluster.nodes[1]);
        const cut = async () => {
            for (let i = 0; i < 5; i++) {
                relay.cut();
                await eventually(() => relay.isUsed, 'somebody to come back');
            }
        };
        const { all, heard } = await talkThrough(newChannel(), relay.port, cut);
        for (const texts of heard) assert.deepEqual(texts, all);
    });

    it('every word is heard once though Redis is restarted meanwhile', async () => {
        const restart = () => cluster.restartRedis({ keepsData: true });
        const { all, heard } = await talkThrough(newChannel(), cluster.nodes[1].port, restart);
        for (const texts of heard) assert.deepEqual(texts, all);
    });
});
