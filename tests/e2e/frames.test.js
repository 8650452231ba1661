/*
 * frames - corners of WebSocket's framing: octets that come alone, masks, close codes, what comes
 * with the handshake, and that nothing follows a close frame.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';
import { newChannel, useCluster } from './lib/cluster.js';
import { message } from './lib/luchat.js';
import { CLOSE, CONTINUATION, PING, RawClient, TEXT, frame } from './lib/raw.js';
import { eventually, within } from './lib/wait.js';

const PROTOCOL_ERROR = 1002;
const ASK = 'GET /ws?channel=CHANNEL HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n' +
    'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

describe('frames', () => {
    const cluster = useCluster({ redis: false });
    let node;
    let channel;

    beforeEach(() => {
        [node] = cluster.nodes;
        channel = newChannel();
    });

    const connect = async () => {
        const client = await node.connectRaw(channel);
        client.socket.setNoDelay(true);
        return client;
    };

    /** Each octet as a segment of its own, as far as the system lets us. */
    async function sendOctetByOctet(client, bytes) {
        for (const octet of bytes) {
            client.write(Buffer.from([octet]));
            await new Promise((resolve) => setTimeout(resolve, 2));
        }
    }

    /** The node has read what was sent so far. */
    const untilQuiet = () => node.get('/health').then(() => node.get('/health'));

    /** A handshake in pieces, the last with more behind it. */
    async function shakeHands(...pieces) {
        const socket = net.connect(node.port, '127.0.0.1');
        socket.setNoDelay(true);
        for (const piece of pieces) {
            socket.write(piece);
            await untilQuiet();
        }
        const head = await within(
            new Promise((resolve) => {
                let all = Buffer.alloc(0);
                const take = (data) => {
                    all = Buffer.concat([all, data]);
                    const end = all.indexOf('\r\n\r\n');
                    if (end < 0) return;
                    socket.off('data', take).pause();
                    resolve(all.subarray(end + 4));
                };
                socket.on('data', take);
            }),
            'the answer to a handshake',
        );
        return new RawClient({ socket, head });
    }

    describe('octet by octet', () => {
        it('a masked message arrives, its first octet alone', async () => {
            const client = await connect();
            const text = message('a', 'in single octets');
            await sendOctetByOctet(client, frame(text));
            await client.hears(text);
        });

        it('an unmasked message is found', async () => {
            const client = await connect();
            await sendOctetByOctet(client, frame(message('a', 'b'), { isMasked: false }).subarray(0, 4));
            assert.equal((await client.end()).code, PROTOCOL_ERROR);
        });

        it('one octet and the end of the connection leave nobody behind', async () => {
            const client = await connect();
            client.write(Buffer.from([0x81]));
            await untilQuiet();
            client.socket.end();
            await eventually(
                async () => (await node.metric('parley_connections')) === 0,
                'the end of the connection',
            );
        });
    });

    describe('behind the handshake, in one segment with it', () => {
        const ask = () => ASK.replace('CHANNEL', channel);

        for (const length of [10, 200, 300, 1000, 14_000])
            it(`a message of ${length} bytes arrives whole`, async () => {
                const text = message('early', 'm'.repeat(length));
                const client = await shakeHands(Buffer.concat([Buffer.from(ask()), frame(text)]));
                await client.hears(text);
                client.drop();
            });

        it('a message arrives whole although the handshake came in two pieces', async () => {
            const text = message('early', 'm'.repeat(1000));
            const asked = Buffer.from(ask());
            const client = await shakeHands(
                asked.subarray(0, -2),
                Buffer.concat([asked.subarray(-2), frame(text)]),
            );
            await client.hears(text);
            client.drop();
        });

        it('the first octet of a message is not taken for its second', async () => {
            const text = message('early', 'half');
            const client = await shakeHands(Buffer.concat([Buffer.from(ask()), frame(text).subarray(0, 1)]));
            client.write(frame(text).subarray(1));
            await client.hears(text);
            client.drop();
        });

        it('a frame without a mask is found', async () => {
            const unmasked = frame(message('a', 'b'), { isMasked: false });
            const client = await shakeHands(Buffer.concat([Buffer.from(ask()), unmasked]));
            assert.equal((await client.end()).code, PROTOCOL_ERROR);
        });
    });

    const withCode = (code) => {
        const payload = Buffer.alloc(2);
        payload.writeUInt16BE(code);
        return frame(payload, { opcode: CLOSE });
    };

    for (const code of [1000, 1001, 1003, 1007, 1011, 3000, 4999])
        it(`a close frame with ${code} is answered with the same`, async () => {
            const client = await connect();
            client.write(withCode(code));
            assert.equal((await client.end()).code, code);
        });

    for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535])
        it(`a close frame with ${code}, which nobody may use, is answered with 1002`, async () => {
            const client = await connect();
            client.write(withCode(code));
            assert.equal((await client.end()).code, PROTOCOL_ERROR);
        });

    describe('what no endpoint takes', () => {
        const BAD = {
            'a ping of 126 bytes': frame('x'.repeat(126), { opcode: PING }),
            'a reserved opcode': frame('x', { opcode: 3 }),
            'a reserved bit': frame('x', { reserved: 4 }),
            'a continuation of nothing': frame('x', { opcode: CONTINUATION }),
            'a ping in fragments': frame('x', { opcode: PING, isFinal: false }),
            'a length whose first bit is set': Buffer.from([0x81, 0xff, ...Array(12).fill(255)]),
        };
        for (const [name, bytes] of Object.entries(BAD))
            it(`${name} is answered with 1002, and then nothing comes any more`, async () => {
                const speaker = await node.connect(channel);
                const client = await connect();
                let after = 0;
                let isClosed = false;
                client.socket.on('data', (data) => (after += isClosed ? data.length : 0));
                client.write(bytes);
                assert.equal((await client.end()).code, PROTOCOL_ERROR);
                isClosed = true;
                const said = Array.from({ length: 5 }, (_, i) => speaker.say('s', `${i}`));
                await speaker.hears(said.at(-1));
                assert.equal(after, 0, 'bytes after the close frame');
                assert.equal(await node.metric('parley_connections'), 1, 'the session has left');
            });

        it('a message in two halves of which the second is another message', async () => {
            const client = await connect();
            client.write(frame('{', { opcode: TEXT, isFinal: false }), frame('}'));
            assert.equal((await client.end()).code, PROTOCOL_ERROR);
        });
    });
});
