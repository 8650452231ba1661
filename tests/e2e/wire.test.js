/*
 * wire - the Centrifuge protocol below the SDK: bytes, frames, and what is no command.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { newChannel, useCluster } from './lib/cluster.js';
import { handshake } from './lib/http.js';
import { command } from './lib/wire.js';

const PATH = '/connection/websocket';
const BAD_REQUEST = 3501;

/** The text of a command that publishes data as these bytes. */
const publishing = (id, channel, bytes) =>
    `{"id":${id},"publish":{"channel":"${channel}","data":${bytes}}}`;

describe('the Centrifuge protocol on the wire', () => {
    const cluster = useCluster({ nodes: 2 });
    let node;
    let channel;

    beforeEach(() => {
        [node] = cluster.nodes;
        channel = newChannel();
    });

    describe('data', () => {
        let publisher;
        let subscriber;

        beforeEach(async () => {
            publisher = await node.connectWire();
            subscriber = await cluster.nodes[1].connectWire();
            await subscriber.ask('subscribe', { channel });
        });

        for (const bytes of [
            '{"b":1, "a" :\t[1.50,-0.0, 1E+2,0.1e-05]}',
            '"\\u00e9 é \\ud83d\\ude00 😀 \\/ /"',
            '12345678901234567890',
            '3.14159265358979323846264338327950288',
            '{"twice":1,"twice":2}',
            `${'['.repeat(100)}${']'.repeat(100)}`,
        ]) {
            it(`the bytes ${bytes.slice(0, 40)} arrive as they were sent`, async () => {
                publisher.send(publishing(7, channel, bytes));
                await publisher.reply(7);
                const line = await subscriber.push();
                assert.ok(line.includes(`"data":${bytes}`), line);
            });
        }

        it('data over several lines arrives in one', async () => {
            const data = { text: 'a\nb', list: [1, { two: 2 }] };
            publisher.send(publishing(7, channel, JSON.stringify(data, null, 4)));
            await publisher.reply(7);
            assert.deepEqual(JSON.parse(await subscriber.push()).push.pub.data, data);
        });

        it('data over several lines is one line in history', async () => {
            const data = { text: 'a\nb', list: [1, { two: 2 }] };
            publisher.send(publishing(7, channel, JSON.stringify(data, null, 4)));
            await publisher.reply(7);
            const { history } = await publisher.ask('history', { channel, limit: 1 });
            assert.deepEqual(history.publications[0].data, data);
        });
    });

    describe('frames', () => {
        it('several commands in one frame are all answered', async () => {
            const client = await node.openWire();
            const methods = ['subscribe', 'publish', 'presence', 'presence_stats', 'history'];
            const lines = [command(1, 'connect')];
            methods.forEach((method, i) =>
                lines.push(command(i + 2, method, { channel, data: 1 })),
            );
            client.send(lines.join('\n'));
            const replies = await Promise.all(methods.map((_, i) => client.reply(i + 2)));
            assert.deepEqual(
                replies.map((reply, i) => methods[i] in reply),
                methods.map(() => true),
            );
        });

        it('a channel entered and left in one frame is answered twice', async () => {
            const client = await node.connectWire();
            const lines = ['subscribe', 'unsubscribe'].map((method, i) =>
                command(i + 2, method, { channel }),
            );
            client.send(lines.join('\n'));
            await Promise.all([client.reply(2), client.reply(3)]);
        });

        it('blank lines around commands are nothing', async () => {
            const client = await node.openWire();
            const commands = [command(1, 'connect'), command(2, 'presence', { channel })];
            client.send(`\n${commands.join('\r\n\n')}\n`);
            assert.ok('presence' in (await client.reply(2)));
        });

        it('nothing after a command that is refused with a close is run', async () => {
            const client = await node.connectWire();
            client.send(`{"id":8,"nonsense":1}\n${publishing(9, channel, '1')}`);
            await client.end();
            const other = await node.connectWire();
            const { history } = await other.ask('history', { channel, limit: 1 });
            assert.equal(history.offset, 0);
        });

        it('ids need not begin with one', async () => {
            const client = await node.openWire();
            client.send(command(4_294_967_295, 'connect'));
            assert.ok('connect' in (await client.reply(4_294_967_295)));
        });
    });

    describe('what cannot be', () => {
        const closings = {
            'a first command that is not connect': () => command(1, 'subscribe', { channel }),
            'text that is no JSON': () => '{"id":1,"connect":{}',
            'words around JSON': () => `hello ${command(1, 'connect')}`,
            'an array': () => '[]',
            'a number': () => '5',
            'a command without parameters': () => '{"id":1}',
            'a command whose parameters are no object': () => '{"id":1,"connect":7}',
            'two commands in one': () => '{"id":1,"connect":{},"publish":{}}',
            'a command without an id': () => '{"connect":{}}',
            'an id that is no number': () => '{"id":"1","connect":{}}',
            'an id below zero': () => '{"id":-1,"connect":{}}',
            'an id of more than 32 bits': () => '{"id":4294967296,"connect":{}}',
            'a second connect': () => `${command(1, 'connect')}\n${command(2, 'connect')}`,
            'a pong without a ping': () => `${command(1, 'connect')}\n{}`,
            'a list hidden by its name with escapes': () =>
                `${command(1, 'connect')}\n{"id":2,"publish":["data"],"publ\\u0069sh":{"channel":"${channel}"}}`,
            'a method nobody has': () => `${command(1, 'connect')}\n${command(2, 'dance')}`,
        };
        for (const [what, text] of Object.entries(closings)) {
            it(`${what} closes with ${BAD_REQUEST}`, async () => {
                const client = await node.openWire();
                client.send(text());
                assert.equal((await client.end()).code, BAD_REQUEST);
            });
        }

        it('a close for good has a reason that is not JSON, as SDKs want it', async () => {
            const client = await node.openWire();
            client.send('[]');
            const { reason } = await client.end();
            assert.throws(() => JSON.parse(reason), `the reason is "${reason}"`);
        });

        it('a channel that is entered already is refused', async () => {
            const client = await node.connectWire();
            await client.ask('subscribe', { channel });
            const { error } = await client.ask('subscribe', { channel });
            assert.deepEqual(error, { code: 105, message: 'already subscribed' });
        });

        it('a channel that is not entered can be left', async () => {
            const client = await node.connectWire();
            assert.ok('unsubscribe' in (await client.ask('unsubscribe', { channel })));
        });

        it('a channel whose name is too long is refused', async () => {
            const client = await node.connectWire();
            const { error } = await client.ask('subscribe', { channel: 'x'.repeat(129) });
            assert.equal(error.code, 107);
        });

        for (const method of ['publish', 'presence', 'presence_stats', 'history']) {
            it(`${method} of a channel whose name is too long is refused`, async () => {
                const client = await node.connectWire();
                const params = { channel: 'x'.repeat(129), data: 1 };
                assert.equal((await client.ask(method, params)).error.code, 107);
            });
        }

        it('a publish without data is refused', async () => {
            const client = await node.connectWire();
            const ended = client.end().then(({ code }) => code);
            const asked = client.ask('publish', { channel }).then(({ error }) => error.code);
            assert.ok([107, BAD_REQUEST].includes(await Promise.race([asked, ended])));
        });

        it('an rpc whose data is hidden by its name with escapes is refused', async () => {
            const client = await node.connectWire();
            const call = `"method":"publish","data":["data"],"d\\u0061ta":{"channel":"${channel}"}`;
            client.send(`{"id":9,"rpc":{${call}}}`);
            assert.equal((await client.reply(9)).error.code, 107);
        });

        it('history refuses another epoch', async () => {
            const client = await node.connectWire();
            const since = { offset: 0, epoch: 'other' };
            const { error } = await client.ask('history', { channel, since, limit: 1 });
            assert.equal(error.code, 112);
        });
    });

    describe('the binary form', () => {
        for (const [what, path, headers] of [
            ['as a subprotocol', PATH, { 'Sec-WebSocket-Protocol': 'centrifuge-protobuf' }],
            ['as a format', `${PATH}?format=protobuf`, {}],
            ['as a protocol', `${PATH}?cf_protocol=protobuf`, {}],
        ]) {
            it(`asked for ${what} it is refused with 400`, async () => {
                const { status } = await handshake(node.port, { path, headers });
                assert.equal(status, 400);
            });
        }

        it('the refusal says which form is spoken', async () => {
            const { body } = await handshake(node.port, { path: `${PATH}?format=protobuf` });
            assert.match(JSON.parse(body).error.message, /JSON/);
        });
    });
});

describe('the deadlines of the Centrifuge protocol', () => {
    const PING_MS = 1000;
    const cluster = useCluster({
        nodes: 1,
        redis: false,
        options: {
            'ping-interval-ms': PING_MS,
            'pong-timeout-ms': 500,
            'handshake-timeout-ms': 1000,
        },
    });
    let node;

    beforeEach(() => {
        [node] = cluster.nodes;
    });

    it('who does not connect is closed with 3502', async () => {
        const client = await node.openWire();
        assert.deepEqual(await client.end(), { code: 3502, reason: 'stale' });
    });

    it('who has connected is not', async () => {
        const client = await node.connectWire();
        const stale = await node.openWire();
        await stale.end();
        await client.ask('presence', { channel: newChannel() });
    });

    it('the interval of pings is told in seconds', async () => {
        const client = await node.openWire();
        const { connect } = await client.ask('connect');
        assert.deepEqual([connect.ping, connect.pong], [PING_MS / 1000, true]);
    });

    it('who does not answer a ping is closed with 3012', async () => {
        const client = await node.connectWire();
        assert.deepEqual(await client.end(), { code: 3012, reason: 'no pong' });
    });

    it('other commands are no answer to a ping', async () => {
        const client = await node.connectWire();
        await client.ping();
        await client.ask('presence', { channel: newChannel() });
        assert.equal((await client.end()).code, 3012);
    });

    it('who answers is pinged again and again', async () => {
        const client = await node.connectWire();
        for (let i = 0; i < 3; i++) {
            await client.ping();
            client.send('{}');
        }
        await client.ask('presence', { channel: newChannel() });
    });

    it('an SDK answers and stays', async () => {
        const client = await node.connectSdk();
        for (let i = 0; i < 2; i++) await (await node.connectWire()).end();
        await client.sdk.presence(newChannel());
        assert.equal(client.all('connecting').length, 1);
    });
});
