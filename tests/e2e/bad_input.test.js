/*
 * bad_input - what is wrong gets its answer, and disturbs nobody else.
 *
 * In the first four groups a witness on the same node chats after every test.
 */
import { afterEach, beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import { everyoneHears, newChannel, useCluster } from './lib/cluster.js';
import { handshake, request } from './lib/http.js';
import { errorOf, isError, message, online } from './lib/luchat.js';
import { BINARY, CLOSE, CONTINUATION, PING, fragments, frame } from './lib/raw.js';
import { eventually, within } from './lib/wait.js';

const LIMIT = 65_536;
const MAX_FRAGMENTS = 64;

/** A node without Redis, and two clients on it who must not notice anything. */
function useWitnessedNode(options = {}) {
    const cluster = useCluster({ nodes: 1, redis: false, options });
    const witnesses = { channel: newChannel(), clients: [] };
    beforeEach(async () => {
        [witnesses.node] = cluster.nodes;
        const connect = () => witnesses.node.connect(witnesses.channel);
        witnesses.clients = [await connect(), await connect()];
    });
    afterEach(() => everyoneHears(witnesses.clients[0], witnesses.clients, 'still here'));
    return witnesses;
}

/** A connection that says the given bytes before any handshake, and the promise of its end. */
function talk(port, bytes) {
    const socket = net.connect(port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.on('close', resolve).on('error', () => {}));
    socket.resume();
    socket.write(bytes);
    return { socket, closed };
}

const inMessage = (members) => JSON.stringify({ message: { userid: '1', ...members } });
const nested = (open, close, depth) => open.repeat(depth) + close.repeat(depth);

const REFUSED = {
    'an empty frame': '',
    words: 'hello',
    'a ping with a space': 'ping ',
    'half an object': '{"message":',
    'two objects': message('1', 'a') + message('1', 'b'),
    'an array': '[]',
    'a string': '"ping"',
    'a number': '42',
    null: 'null',
    'an empty object': '{}',
    'a message that is a string': '{"message":"hello"}',
    'an empty message': '{"message":{}}',
    'a message of nobody': '{"message":{"message":"hello"}}',
    'a message without words or file': inMessage({ time: '12:00' }),
    'a userid that is true': inMessage({ userid: true, message: 'a' }),
    'a userid that is null': inMessage({ userid: null, message: 'a' }),
    'a userid that is a fraction': inMessage({ userid: 1.5, message: 'a' }),
    'a userid that is empty': inMessage({ userid: '', message: 'a' }),
    'a userid of 129 bytes': inMessage({ userid: 'x'.repeat(129), message: 'a' }),
    'a userid with a control character': inMessage({ userid: 'a\u0007b', message: 'a' }),
    'a userid with a zero byte': inMessage({ userid: 'a\u0000b', message: 'a' }),
    'a userphone that is an array': inMessage({ userphone: [], message: 'a' }),
    'words that are a number': inMessage({ message: 5 }),
    'a filelink that is a number': inMessage({ message: 'a', filelink: 5 }),
    'a time that is an object': inMessage({ message: 'a', time: {} }),
    'half a surrogate pair': '{"message":{"userid":"1","message":"\\ud800"}}',
    'an online that is a string': '{"online":"1"}',
    'an online of nobody': '{"online":{"userphone":"555"}}',
    'an online with a userid that is true': online(true),
    'a message and an online at once':
        '{"message":{"userid":"1","message":"a"},"online":{"userid":"1"}}',
    'a key twice': '{"message":{"userid":"1","userid":"2","message":"a"}}',
    'a message twice':
        '{"message":{"userid":"1","message":"a"},"message":{"userid":"1","message":"b"}}',
    '5,000 arrays in each other': nested('[', ']', 5000),
    '5,000 objects in each other': `${'{"message":'.repeat(5000)}1${'}'.repeat(5000)}`,
    '30,000 brackets never closed': '['.repeat(30_000),
};

const UNKNOWN_KEYS = {
    'of a frame': ['shout', '{"shout":{"userid":"1"}}'],
    'of a message': ['colour', inMessage({ message: 'a', colour: 'red' })],
    'of an online': ['status', '{"online":{"userid":"1","status":"busy"}}'],
};

describe('frames that make no sense', () => {
    const witnesses = useWitnessedNode();
    let client;

    beforeEach(async () => {
        client = await witnesses.node.connect(witnesses.channel);
    });

    for (const [what, text] of Object.entries(REFUSED)) {
        it(`${what} is answered with 400`, async () => {
            client.send(text);
            await client.next(isError(400), 'the error');
        });
    }

    for (const [where, [key, text]] of Object.entries(UNKNOWN_KEYS)) {
        it(`an unknown key ${where} is answered with 400 and named`, async () => {
            client.send(text);
            const error = errorOf(await client.next(isError(400), 'the error'));
            assert.match(error.message, new RegExp(key));
        });
    }

    it('what is refused is heard by nobody else', async () => {
        const [witness] = witnesses.clients;
        await witness.settle();
        const before = witness.frames.items.length;
        Object.values(REFUSED).forEach((text) => client.send(text));
        await witness.hears(client.say('1', 'after all that'));
        assert.equal(witness.frames.items.length, before + 1);
    });

    it('who sent it is still connected and heard', async () => {
        client.send('nonsense');
        await client.next(isError(400), 'the error');
        await everyoneHears(client, [client, ...witnesses.clients], 'sorry');
    });
});

/** A text frame with bytes that are no UTF-8 at the given place. */
const badText = (bytes) => Buffer.concat([Buffer.from('{"message":"'), Buffer.from(bytes)]);

const ONE_BYTE_AT_A_TIME = Array.from({ length: MAX_FRAGMENTS + 1 }, () => 'x');

const CLOSED = {
    1002: {
        'a reserved bit': [frame('ping', { reserved: 4 })],
        'another reserved bit': [frame('ping', { reserved: 1 })],
        'a reserved opcode': [frame('ping', { opcode: 3 })],
        'a reserved control opcode': [frame('', { opcode: 11 })],
        'a frame without a mask': [frame('ping', { isMasked: false })],
        'a continuation of nothing': [frame('ping', { opcode: CONTINUATION })],
        'a message inside a fragmented message': [
            frame('pi', { isFinal: false }),
            frame('ping'),
        ],
        'a ping in fragments': [frame('a', { opcode: PING, isFinal: false })],
        'a close of one byte': [frame('x', { opcode: CLOSE })],
        'a close with a code nobody may send': [frame([0x03, 0xed], { opcode: CLOSE })],
        'a close with a code that does not exist': [frame([0x00, 0x01], { opcode: CLOSE })],
    },
    1003: {
        'a binary message': [frame([1, 2, 3], { opcode: BINARY })],
        'a binary fragment': [frame([1, 2, 3], { opcode: BINARY, isFinal: false })],
    },
    1007: {
        'a byte that is no UTF-8': [frame(badText([0xff]))],
        'an overlong form': [frame(badText([0xc0, 0xaf]))],
        'a surrogate in UTF-8': [frame(badText([0xed, 0xa0, 0x80]))],
        'half a character at the end': [frame(badText([0xf0, 0x9f]))],
        'half a character at the end of fragments': fragments([badText([0xf0]), [0x9f]]),
    },
    1008: {
        'a message of 65 fragments': fragments(ONE_BYTE_AT_A_TIME),
        'a message of 65 empty fragments': fragments(ONE_BYTE_AT_A_TIME.map(() => '')),
    },
    1009: {
        'an announced length of 64 kB and one': [frame('begins', { announced: LIMIT + 1 })],
        'an announced length of a terabyte': [frame('begins', { announced: 2 ** 40 })],
        'fragments of more than 64 kB together': fragments(['x'.repeat(LIMIT), 'y']),
    },
};

describe('frames against the protocol', () => {
    const witnesses = useWitnessedNode();

    for (const [code, cases] of Object.entries(CLOSED)) {
        for (const [what, frames] of Object.entries(cases)) {
            it(`${what} closes with ${code}`, async () => {
                const raw = await witnesses.node.connectRaw();
                raw.write(...frames);
                assert.equal((await raw.end()).code, Number(code));
            });
        }
    }

    it('a ping of 126 bytes ends the connection', async () => {
        const raw = await witnesses.node.connectRaw();
        raw.write(frame('x'.repeat(126), { opcode: PING }));
        await raw.end();
    });

    it('a message of 64 fragments is heard', async () => {
        const raw = await witnesses.node.connectRaw(witnesses.channel);
        const text = message('1', 'x'.repeat(MAX_FRAGMENTS));
        const pieces = [...text.slice(0, MAX_FRAGMENTS - 1), text.slice(MAX_FRAGMENTS - 1)];
        raw.write(...fragments(pieces));
        await witnesses.clients[0].hears(text);
    });

    it('a client that vanishes inside a message is forgotten', async () => {
        const raw = await witnesses.node.connectRaw();
        raw.write(frame('half', { isFinal: false }));
        await raw.drop();
        const isForgotten = async () =>
            (await witnesses.node.metric('parley_connections')) === 2;
        await eventually(isForgotten, 'only the witnesses to be connected');
    });
});

const CHANNELS = {
    'a name of 129 bytes': 'x'.repeat(129),
    'a name of 65 characters of two bytes': '%C3%A9'.repeat(65),
    'a name with a control character': 'a%01b',
    'a name with a zero byte': 'a%00b',
    'a name with a delete character': 'a%7Fb',
    'a name with a newline': 'a%0Ab',
    'a name with a space': 'a%20b',
    'a name with an opening brace': 'a%7Bb',
    'a name with a closing brace': 'a%7Db',
    'a name that is no UTF-8': 'a%FFb',
};

// as a browser offers, and a proxy adds to it; longer than 200 bytes
const LONG_EXTENSIONS =
    'permessage-deflate; client_max_window_bits=15; server_max_window_bits=15; ' +
    'client_no_context_takeover; server_no_context_takeover, ' +
    'permessage-deflate; client_max_window_bits, x-webkit-deflate-frame, mux; max-channels=4';

describe('handshakes', () => {
    const witnesses = useWitnessedNode();
    const shake = (how) => handshake(witnesses.node.port, how);
    const own = () => `127.0.0.1:${witnesses.node.port}`;

    async function answers(status, how) {
        const answer = await shake(how);
        answer.socket?.destroy();
        assert.equal(answer.status, status, answer.body);
        return answer;
    }

    for (const [what, name] of Object.entries(CHANNELS)) {
        it(`${what} is answered with 400`, () => answers(400, { path: `/ws?channel=${name}` }));
    }

    it('a wrong path is answered with 404', () => answers(404, { path: '/socket' }));

    it('a plain request for a wrong path is answered with 404 and why', async () => {
        const { status, body } = await request(witnesses.node.port, '/nothing/here');
        assert.equal(status, 404);
        const { code, message: why } = JSON.parse(body).error;
        assert.deepEqual([code, typeof why], [404, 'string']);
    });

    it('a method other than GET is answered with 405', () => answers(405, { method: 'POST' }));

    it('a plain GET of /ws is refused', async () => {
        const { status } = await request(witnesses.node.port, '/ws');
        assert.ok(status >= 400 && status < 500, `answered ${status}`);
    });

    it('another version is answered with 426 and the one we speak', async () => {
        const { headers } = await answers(426, { headers: { 'Sec-WebSocket-Version': '8' } });
        assert.equal(headers['sec-websocket-version'], '13');
    });

    it('a missing key is answered with 400', () =>
        answers(400, { headers: { 'Sec-WebSocket-Key': null } }));

    it('a key that is not 16 bytes is answered with 400', () =>
        answers(400, { headers: { 'Sec-WebSocket-Key': 'c2hvcnQ=' } }));

    it('an unknown subprotocol is answered with 400', () =>
        answers(400, { headers: { 'Sec-WebSocket-Protocol': 'smoke-signals' } }));

    it('a foreign origin is answered with 403', () =>
        answers(403, { headers: { Origin: 'https://evil.example' } }));

    it('an origin on another port is answered with 403', () =>
        answers(403, { headers: { Origin: 'http://127.0.0.1:1' } }));

    it('an origin that only begins like ours is answered with 403', () =>
        answers(403, { headers: { Origin: `http://${own()}.evil.example` } }));

    it('the null origin is answered with 403', () =>
        answers(403, { headers: { Origin: 'null' } }));

    it('the same origin is welcome', () =>
        answers(101, { headers: { Origin: `http://${own()}` } }));

    it('no origin at all is welcome', () => answers(101));

    it('the long headers of browsers and proxies are welcome', () =>
        answers(101, {
            headers: {
                Cookie: `session=${'c'.repeat(1000)}`,
                'Sec-WebSocket-Extensions': LONG_EXTENSIONS,
                'User-Agent': 'Mozilla/5.0 '.repeat(20),
                'X-Forwarded-For': '203.0.113.7, '.repeat(10) + '203.0.113.8',
            },
        }));

    it('headers without end are refused', async () => {
        const headers = { Cookie: 'c'.repeat(200_000) };
        const status = await shake({ headers }).then(
            (answer) => answer.status,
            () => 'cut off',
        );
        assert.ok(
            status === 'cut off' || (status >= 400 && status < 500),
            `answered ${status}`,
        );
    });

    it('what is no HTTP at all is refused', async () => {
        const noHttp = '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 no, this is TLS\r\n\r\n';
        const { closed } = talk(witnesses.node.port, noHttp);
        await within(closed, 'the end of the connection', 15_000);
    });
});

describe('handshakes that never finish', () => {
    const witnesses = useWitnessedNode({ 'handshake-timeout-ms': 1000 });

    const BEGINNINGS = {
        'a client that says nothing': '',
        'a client that says half a request': 'GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgr',
    };

    for (const [who, beginning] of Object.entries(BEGINNINGS)) {
        it(`${who} is closed at the deadline`, async () => {
            const { closed } = talk(witnesses.node.port, beginning);
            await within(closed, 'the end of the connection');
        });
    }

    it('a client that drips its request does not last longer', async () => {
        const { socket, closed } = talk(witnesses.node.port, 'GET /ws HTTP/1.1\r\nX-Drip: ');
        const dripping = setInterval(() => socket.write('x'), 100);
        await within(closed, 'the end of the connection').finally(() =>
            clearInterval(dripping),
        );
    });
});

describe('allowed origins', () => {
    const cluster = useCluster({ nodes: 0, redis: false });

    async function statusFor(allowed, origin) {
        const node = await cluster.startNode({ options: { 'allowed-origins': allowed } });
        const { status, socket } = await handshake(node.port, { headers: { Origin: origin } });
        socket?.destroy();
        return status;
    }

    const LIST = 'https://chat.example,https://www.chat.example:8443';

    it('each of the list is welcome', async () => {
        assert.equal(await statusFor(LIST, 'https://www.chat.example:8443'), 101);
    });

    it('one that is not on the list is not', async () => {
        assert.equal(await statusFor(LIST, 'http://chat.example'), 403);
    });

    it('one that is refused is in the log, once a second at most, and counted', async () => {
        const node = await cluster.startNode({ options: { 'allowed-origins': LIST } });
        const headers = { Origin: 'https://elsewhere.example' };
        for (let i = 0; i < 5; i++) await handshake(node.port, { headers });
        await node.process.line(/level=info event=page_refused origin=https:\/\/elsewhere.example /);
        assert.equal(await node.metric('parley_origins_refused_total'), 5);
        const lines = node.process.lines.items.filter((line) => /page_refused/.test(line));
        assert.ok(lines.length < 5, lines.join('\n'));
    });

    it('a star stands for all', async () => {
        assert.equal(await statusFor('*', 'https://anywhere.example'), 101);
    });
});

describe('a client that never reads', () => {
    const cluster = useCluster({
        nodes: 0,
        redis: false,
        options: { 'max-backlog-bytes': 262_144, 'publish-bytes-per-s': 0, 'publishes-per-s': 0 },
    });
    const PUBLISHED = 1000; // times 64 kB
    const large = message('1', 'x'.repeat(64_000));

    const kilobytesOf = (node) =>
        Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${node.process.pid}/status`))[1]);

    /** Says a lot, always waiting for its echo, in a room where somebody does not read. */
    async function talkToTheDeaf() {
        const node = await cluster.startNode(); // whose memory is still small
        const channel = newChannel();
        const deaf = await node.connectRaw(channel);
        deaf.stopReading();
        const speaker = await node.connect(channel);
        const before = kilobytesOf(node);
        let most = 0;
        for (let i = 0; i < PUBLISHED; i++) {
            speaker.send(large);
            await speaker.hears(large);
            if (i % 50 === 0) most = Math.max(most, kilobytesOf(node));
        }
        return { node, grownKilobytes: most - before };
    }

    it('is closed, while others hear everything', async () => {
        const { node } = await talkToTheDeaf();
        const isGone = async () => (await node.metric('parley_connections')) === 1;
        await eventually(isGone, 'only the speaker to be connected');
    });

    it('costs bounded memory', async () => {
        const { grownKilobytes } = await talkToTheDeaf();
        assert.ok(grownKilobytes < 32_768, `grown by ${grownKilobytes} kB`);
    });
});

describe('a full node', () => {
    const cluster = useCluster({ nodes: 1, redis: false, options: { 'max-connections': 3 } });
    let node;

    beforeEach(async () => {
        [node] = cluster.nodes;
        for (let i = 0; i < 3; i++) await node.connect(newChannel());
    });

    it('answers the next with 503 and when to come again', async () => {
        const { status, headers } = await handshake(node.port);
        assert.deepEqual([status, headers['retry-after']], [503, '5']);
    });

    it('takes the next when one has left', async () => {
        await node.dropClients();
        const isWelcome = async () => {
            const { status, socket } = await handshake(node.port);
            socket?.destroy();
            return status === 101;
        };
        await eventually(isWelcome, 'a handshake to succeed');
    });

    it('still tells that it is healthy', async () => {
        assert.equal((await node.get('/health')).status, 200);
    });
});

describe('a node that runs out of descriptors', () => {
    const cluster = useCluster({ nodes: 0, redis: false });
    const DESCRIPTORS = 64;
    const FLOOD = 150;
    let node;
    let channel;
    let chatters;

    beforeEach(async () => {
        node = await cluster.startNode({ descriptors: DESCRIPTORS });
        channel = newChannel();
        chatters = [await node.connect(channel), await node.connect(channel)];
    });

    /** Handshakes one after the other until one does not get in: its answer and the others. */
    async function fill() {
        const admitted = [];
        while (admitted.length < DESCRIPTORS) {
            const answer = await handshake(node.port);
            if (answer.status !== 101) return { admitted, refused: answer };
            admitted.push(answer.socket.on('error', () => {}));
        }
        throw new Error(
            `${DESCRIPTORS} descriptors are enough for ${admitted.length} connections`,
        );
    }

    /** Connections that say nothing, whether they are accepted or not. */
    async function flood() {
        const sockets = Array.from({ length: FLOOD }, () =>
            net.connect(node.port, '127.0.0.1'),
        );
        const isSettled = (socket) =>
            new Promise((resolve) => socket.on('connect', resolve).on('error', resolve));
        await within(Promise.all(sockets.map(isSettled)), 'the flood');
        return sockets;
    }

    it('answers 503 to those it has no room for', async () => {
        const { refused } = await fill();
        assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '5']);
    });

    it('lets those who are there go on chatting', async () => {
        await fill();
        await flood();
        for (let i = 0; i < 20; i++) await everyoneHears(chatters[i % 2], chatters, `${i}`);
    });

    it('does not fill its log', async () => {
        await fill();
        await flood();
        for (let i = 0; i < 100; i++) await everyoneHears(chatters[i % 2], chatters, `${i}`);
        const lines = node.process.lines.items.length;
        assert.ok(lines < 2 * FLOOD, `${lines} lines`);
    });

    it('takes new clients when there is room again', async () => {
        const { admitted } = await fill();
        const flooding = await flood();
        [...admitted, ...flooding].forEach((socket) => socket.destroy());
        const isWelcome = async () => (await handshake(node.port, { ms: 1000 })).status === 101;
        await eventually(isWelcome, 'a handshake to succeed', 20_000);
    });
});
