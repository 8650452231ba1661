/*
 * delivery - a message said on one node is heard on all, whole, once and in one order.
 */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { everyoneHears, newChannel, useCluster } from './lib/cluster.js';
import { fragments, frame, PING } from './lib/raw.js';
import { isMessage, message, numbers, textOf } from './lib/luchat.js';

const LIMIT = 65_536; // the default of --max-message-bytes
const HISTORY = 50; // the default of --history-size

/** A message whose text frame has exactly so many bytes. */
const messageOfSize = (bytes) => message('1', 'x'.repeat(bytes - message('1', '').length));

/** Says the texts one after the other, waiting for none. */
const sayAll = (client, userid, texts) => texts.forEach((text) => client.say(userid, text));

/** Says 1, 2, 3… with a few always on their way, until told to stop. */
function talkWithoutPause(client, userid) {
    let isOver = false;
    let said = 0;
    const talk = async () => {
        while (!isOver) {
            sayAll(client, userid, numbers(said + 1, said + 8));
            said += 8;
            await client.next(
                (text) => isMessage(text) && textOf(text) === String(said),
                'its own echo',
            );
        }
    };
    const talking = talk();
    return async () => {
        isOver = true;
        await talking;
    };
}

describe('delivery across nodes', () => {
    const cluster = useCluster({ nodes: 3 });

    it('a message reaches clients on every node, the sender included', async () => {
        const clients = await cluster.connectToAll(newChannel());
        await everyoneHears(clients[0], clients, 'hello');
    });

    it('the bytes of a message arrive as they were sent', async () => {
        const clients = await cluster.connectToAll(newChannel());
        const odd =
            ' { "message":\t{"time":1.50,"filelink":null,"userid":"\\u0034\\u0032",\n' +
            '"message":"\\u00e9 é \\ud83d\\ude00 😀 \\/ / <b>&amp;","userphone":"5 55" } } ';
        clients[0].send(odd);
        const heard = await Promise.all(clients.map((client) => client.messages(1)));
        assert.deepEqual(heard.flat(), [odd, odd, odd]);
    });

    it('three publishers on three nodes are heard in one order everywhere', async () => {
        const clients = await cluster.connectToAll(newChannel());
        clients.forEach((client, i) => sayAll(client, `u${i}`, numbers(1, 100)));
        const heard = await Promise.all(clients.map((client) => client.messages(300)));
        assert.deepEqual(heard[1], heard[0]);
        assert.deepEqual(heard[2], heard[0]);
    });

    it('what one publisher says keeps its order', async () => {
        const clients = await cluster.connectToAll(newChannel());
        sayAll(clients[0], '1', numbers(1, 300));
        const heard = await clients[2].messages(300);
        assert.deepEqual(heard.map(textOf), numbers(1, 300));
    });

    it('channels are kept apart', async () => {
        const here = await cluster.connectToAll(newChannel());
        const there = await cluster.connectToAll(newChannel());
        await everyoneHears(here[0], here, 'only here');
        await everyoneHears(there[0], there, 'only there');
        const strays = there.map((client) =>
            client.count((text) => text.includes('only here')),
        );
        assert.deepEqual(strays, [0, 0, 0]);
    });

    it('who names no channel is in the lobby', async () => {
        const unnamed = await cluster.nodes[0].connect();
        const named = await cluster.nodes[1].connect('lobby');
        await everyoneHears(unnamed, [named], 'hello, lobby');
    });

    it('a channel may have any name of UTF-8 and up to 128 bytes', async () => {
        const clients = await cluster.connectToAll('чат:😀/?&=%' + 'x'.repeat(128 - 16));
        await everyoneHears(clients[0], clients, 'hello');
    });

    it('a newcomer gets the recent history, oldest first', async () => {
        const channel = newChannel();
        const speaker = await cluster.nodes[0].connect(channel);
        sayAll(speaker, '1', numbers(1, 10));
        await speaker.messages(10);
        const newcomer = await cluster.nodes[1].connect(channel);
        const heard = await newcomer.messages(10);
        assert.deepEqual(heard, speaker.frames.items);
    });

    it('history goes back as far as --history-size and no further', async () => {
        const channel = newChannel();
        const speaker = await cluster.nodes[0].connect(channel);
        await speaker.settle();
        sayAll(speaker, '1', numbers(1, HISTORY + 20));
        await speaker.messages(HISTORY + 20);
        const newcomer = await cluster.nodes[2].connect(channel);
        const heard = await newcomer.messages(HISTORY);
        assert.deepEqual(heard.map(textOf), numbers(21, HISTORY + 20));
    });

    it('newcomers to a channel in full flow miss nothing and hear nothing twice', async () => {
        const channel = newChannel();
        const speaker = await cluster.nodes[0].connect(channel);
        const stop = talkWithoutPause(speaker, '1');
        for (let round = 0; round < 4; round++) {
            const newcomers = await Promise.all(
                cluster.nodes.map((node) => node.connect(channel)),
            );
            for (const newcomer of newcomers) {
                const texts = (await newcomer.messages(2 * HISTORY)).map(textOf);
                const first = Number(texts[0]);
                assert.deepEqual(texts, numbers(first, first + 2 * HISTORY - 1));
            }
            await Promise.all(newcomers.map((newcomer) => newcomer.drop()));
        }
        await stop();
    });

    it('all that a newcomer says at once comes back to it, be it more than history holds', async () => {
        for (let i = 0; i < 20; i++) {
            const newcomer = await cluster.nodes[0].connect(newChannel());
            sayAll(newcomer, '1', numbers(1, HISTORY + 20));
            const heard = await newcomer.messages(HISTORY + 20);
            assert.deepEqual(heard.map(textOf), numbers(1, HISTORY + 20));
        }
    });

    it('a message of exactly the limit arrives whole', async () => {
        const clients = await cluster.connectToAll(newChannel());
        const large = messageOfSize(LIMIT);
        clients[0].send(large);
        assert.deepEqual(await clients[1].messages(1), [large]);
    });

    it('the first words of a client may be long and follow the handshake at once', async () => {
        for (let i = 0; i < 40; i++) {
            const client = await cluster.nodes[0].connect(newChannel());
            await client.hears(client.say('1', 'x'.repeat(50_000)));
        }
    });

    it('a message of one byte over the limit closes its sender with 1009', async () => {
        const client = await cluster.nodes[0].connect(newChannel());
        client.send(messageOfSize(LIMIT + 1));
        assert.equal((await client.end()).code, 1009);
    });

    it('a fragmented message is put together, though cut inside a character', async () => {
        const channel = newChannel();
        const listener = await cluster.nodes[1].connect(channel);
        const raw = await cluster.nodes[0].connectRaw(channel);
        const whole = message('1', 'one 😀 piece');
        const cut = Buffer.from(whole).indexOf('😀') + 2;
        const pieces = [
            Buffer.from(whole).subarray(0, cut),
            '',
            Buffer.from(whole).subarray(cut),
        ];
        for (const piece of fragments(pieces)) raw.write(piece);
        await listener.hears(whole);
    });

    it('a ping between the fragments of a message does it no harm', async () => {
        const raw = await cluster.nodes[0].connectRaw(newChannel());
        const whole = message('1', 'in two pieces');
        const [first, last] = fragments([whole.slice(0, 20), whole.slice(20)]);
        raw.write(first, frame('are you there', { opcode: PING }), last);
        await raw.hears(whole);
    });

    it('two hundred messages in one write are two hundred messages', async () => {
        const channel = newChannel();
        const listener = await cluster.nodes[1].connect(channel);
        const raw = await cluster.nodes[0].connectRaw(channel);
        raw.write(...numbers(1, 200).map((text) => frame(message('1', text))));
        assert.deepEqual((await listener.messages(200)).map(textOf), numbers(1, 200));
    });
});

describe('delivery without Redis', () => {
    const cluster = useCluster({ nodes: 1, redis: false });

    it('a message reaches everyone on the node', async () => {
        const [node] = cluster.nodes;
        const channel = newChannel();
        const clients = [await node.connect(channel), await node.connect(channel)];
        await everyoneHears(clients[0], clients, 'hello');
    });

    it('a newcomer gets the recent history', async () => {
        const [node] = cluster.nodes;
        const channel = newChannel();
        const speaker = await node.connect(channel);
        sayAll(speaker, '1', numbers(1, HISTORY + 5));
        await speaker.messages(HISTORY + 5);
        const newcomer = await node.connect(channel);
        assert.deepEqual(
            (await newcomer.messages(HISTORY)).map(textOf),
            numbers(6, HISTORY + 5),
        );
    });

    it('who is online is known, and who leaves is missed', async () => {
        const [node] = cluster.nodes;
        const channel = newChannel();
        const [ann, ben] = [await node.connect(channel), await node.connect(channel)];
        await ann.goOnline('ann');
        assert.deepEqual(await ben.goOnline('ben'), ['ann', 'ben']);
        await ann.seesOnline('ben');
        await ben.close();
        await ann.seesOffline('ben');
    });
});
