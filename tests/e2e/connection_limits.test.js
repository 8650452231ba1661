/*
 * connection_limits - how many may come, how fast, and for how long without saying anything;
 * and that honest clients are served meanwhile.
 */
import { after, beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';
import { once } from 'node:events';
import { everyoneHears, newChannel, useCluster } from './lib/cluster.js';
import { handshake, request } from './lib/http.js';
import { message } from './lib/luchat.js';
import { CONTINUATION, PING, TEXT, frame } from './lib/raw.js';
import { SECRET, sign } from './lib/token.js';
import { eventually, within } from './lib/wait.js';

const POLICY = 1008;
const TRY_AGAIN_LATER = 1013;

/** A connection that says nothing, and the promise of its end. */
function connectIdle(port) {
    const socket = net.connect(port, '127.0.0.1');
    const opened = new Promise((resolve) => socket.on('connect', resolve));
    const closed = new Promise((resolve) => socket.on('close', resolve).on('error', () => {}));
    socket.resume();
    return { socket, opened, closed };
}

async function connectManyIdle(port, count) {
    const all = Array.from({ length: count }, () => connectIdle(port));
    await Promise.all(all.map(({ opened }) => within(opened, 'a connection')));
    return all;
}

const hits = (node, name) => node.metric(`parley_limit_hits_total{limit="${name}"}`);

describe('limits of connections', () => {
    const cluster = useCluster({ redis: false });
    const sockets = [];
    let node;

    const keep = (answer) => {
        if (answer.socket) sockets.push(answer.socket);
        return answer;
    };
    const drop = () => sockets.splice(0).forEach((socket) => socket.destroy());
    /** An opening handshake whose connection lasts until the test is over. */
    const shakeHands = async (options) => keep(await handshake(node.port, options));

    async function start(options, setup = {}) {
        node = await cluster.startNode({ options, ...setup });
    }

    beforeEach(drop);
    after(drop);

    describe('from one address', () => {
        it('one too many is told 429 and when to try again, and gets in once another left', async () => {
            await start({ 'connections-per-address': 2 });
            const first = await shakeHands();
            assert.equal(first.status, 101);
            assert.equal((await shakeHands()).status, 101);
            const refused = await shakeHands();
            assert.equal(refused.status, 429);
            assert.match(refused.headers['retry-after'], /^\d+$/);
            assert.equal(await hits(node, 'connections_per_address'), 1);
            first.socket.destroy();
            await eventually(
                async () => (await shakeHands()).status === 101,
                'room for another connection',
            );
        });

        it('connections that say nothing count, too', async () => {
            await start({ 'connections-per-address': 2 });
            sockets.push(...(await connectManyIdle(node.port, 2)).map(({ socket }) => socket));
            assert.equal((await shakeHands()).status, 429);
            assert.equal((await request(node.port, '/health')).status, 429);
            assert.equal((await node.get('/health')).status, 200, 'on the internal port');
        });

        it('far too many are closed before they have asked', async () => {
            await start({ 'connections-per-address': 2 });
            const all = await connectManyIdle(node.port, 100);
            sockets.push(...all.map(({ socket }) => socket));
            await within(Promise.race(all.map(({ closed }) => closed)), 'the end of one');
        });

        it('behind a trusted proxy the addresses count that it names', async () => {
            await start({ 'connections-per-address': 1, 'trusted-proxies': '127.0.0.0/8' });
            const from = (address) => shakeHands({ headers: { 'X-Forwarded-For': address } });
            assert.equal((await from('203.0.113.1')).status, 101);
            assert.equal((await from('203.0.113.1')).status, 429);
            assert.equal((await from('203.0.113.2')).status, 101);
            assert.equal((await from('2001:db8:1:2::1')).status, 101);
            assert.equal((await from('2001:db8:1:2::2')).status, 429, 'the same /64');
            assert.equal((await from('2001:db8:1:3::1')).status, 101);
        });

        it('a trusted proxy that names none is not counted', async () => {
            await start({ 'connections-per-address': 1, 'trusted-proxies': '127.0.0.0/8' });
            for (let i = 0; i < 3; i++) assert.equal((await shakeHands()).status, 101);
        });

        it('with 0 there is no limit', async () => {
            await start({ 'connections-per-address': 0 });
            for (let i = 0; i < 5; i++) assert.equal((await shakeHands()).status, 101);
        });
    });

    describe('of one user', () => {
        const token = sign({ sub: 'ann' });
        const connectWire = async () => {
            const client = await node.openWire();
            client.send(JSON.stringify({ id: 1, connect: { token } }));
            return client;
        };

        beforeEach(() => start({ 'token-secret': SECRET, 'connections-per-user': 2 }));

        it('an SDK that is one too many is disconnected for good', async () => {
            const first = await connectWire();
            await first.reply(1);
            await (await connectWire()).reply(1);
            assert.equal((await (await connectWire()).end()).code, 3504);
            assert.equal(await hits(node, 'connections_per_user'), 1);
            await first.drop();
            await eventually(
                async () => (await node.metric('parley_connections')) === 1,
                'the end of the first',
            );
            await (await connectWire()).reply(1);
        });

        it('a LuChat client that is one too many is closed, and others get in', async () => {
            const channel = newChannel();
            await node.connect(channel, token);
            await (await connectWire()).reply(1);
            const { code } = await (await node.connect(channel, token)).end();
            assert.equal(code, POLICY);
            const other = await node.connect(channel, sign({ sub: 'bob' }));
            await other.hears(other.say('bob', 'in spite of ann'));
        });
    });

    describe('handshakes', () => {
        it('above the rate get 503 and are welcome a second later', async () => {
            await start({ 'handshakes-per-s': 4 });
            const answers = await Promise.all(Array.from({ length: 6 }, () => shakeHands()));
            const refused = answers.filter(({ status }) => status === 503);
            assert.ok(refused.length >= 3, `${refused.length} refused`);
            assert.equal(refused[0].headers['retry-after'], '1');
            await eventually(
                async () => (await shakeHands()).status === 101,
                'a handshake within the rate',
            );
        });

        it('of one address do not keep out another', async () => {
            await start({ 'handshakes-per-s': 10, 'trusted-proxies': '127.0.0.0/8' });
            const from = (address) => shakeHands({ headers: { 'X-Forwarded-For': address } });
            const answers = await Promise.all(
                Array.from({ length: 30 }, () => from('203.0.113.1')),
            );
            assert.ok(answers.some(({ status }) => status === 503));
            assert.equal((await from('203.0.113.2')).status, 101);
        });

        it('a crowd that says nothing does not keep out who does', async () => {
            await start({ 'handshakes-pending': 10, 'connections-per-address': 0 });
            const crowd = await connectManyIdle(node.port, 30);
            sockets.push(...crowd.map(({ socket }) => socket));
            await Promise.all(
                crowd.slice(0, 19).map(({ closed }) => within(closed, 'the end of the oldest')),
            );
            const channel = newChannel();
            const clients = [await node.connect(channel), await node.connect(channel)];
            await everyoneHears(clients[0], clients, 'in spite of them');
            assert.ok((await hits(node, 'handshakes_pending')) >= 20);
        });

        it('a crowd at one address does not push out who is slow at another', async () => {
            await start({ 'handshakes-pending': 10 });
            const slow = net.connect({ port: node.port, localAddress: '127.0.0.2' });
            sockets.push(slow);
            await once(slow, 'connect');
            const crowd = await connectManyIdle(node.port, 40);
            sockets.push(...crowd.map(({ socket }) => socket));
            await eventually(async () => (await hits(node, 'handshakes_pending')) >= 30, 'hits');
            slow.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
            const [answer] = await within(once(slow, 'data'), 'an answer');
            assert.match(answer.toString(), /^HTTP\/1\.1 200 /);
        });

        for (const [name, bytes] of Object.entries({
            nothing: [],
            'a head octet by octet': [...'GET /ws HTTP/1.1\r\nHost: a'.repeat(100)],
        }))
            it(`who says ${name} is ended at the handshake's deadline`, async () => {
                await start({ 'handshake-timeout-ms': 1000 });
                const { socket, closed } = connectIdle(node.port);
                const timer = setInterval(() => bytes.length && socket.write(bytes.shift()), 50);
                await within(closed, 'the end of the connection');
                clearInterval(timer);
            });
    });

    describe('descriptors', () => {
        it('taken by the public port are not those of the internal one', async () => {
            await start({ 'connections-per-address': 0 }, { descriptors: 200 });
            const crowd = await connectManyIdle(node.port, 250);
            sockets.push(...crowd.map(({ socket }) => socket));
            await eventually(async () => (await hits(node, 'internal_descriptors')) > 0, 'a hit');
            for (const path of ['/ready', '/health', '/metrics'])
                assert.equal((await node.get(path)).status, 200, path);
        });
    });

    describe('a message that has begun', () => {
        const text = message('slow', 'x'.repeat(600));

        beforeEach(() => start({ 'message-timeout-ms': 700 }));

        /** Says a piece again and again, until the connection is closed. */
        async function drip(client, next) {
            const timer = setInterval(() => client.write(next()), 50);
            const end = await client.end();
            clearInterval(timer);
            return end;
        }

        it('as a frame whose octets come one by one is ended in time', async () => {
            const client = await node.connectRaw(newChannel());
            const octets = [...frame(text)];
            client.write(Buffer.from(octets.splice(0, 400)));
            const { code, reason } = await drip(client, () => Buffer.from([octets.shift()]));
            assert.deepEqual({ code, reason }, { code: POLICY, reason: 'a message that is not complete in time' });
            assert.equal(await hits(node, 'message_timeout_ms'), 1);
        });

        it('as fragments with pings between them is ended in time', async () => {
            const client = await node.connectRaw(newChannel());
            client.write(frame('{"message":', { opcode: TEXT, isFinal: false }));
            const { code } = await drip(client, () => frame('', { opcode: PING }));
            assert.equal(code, POLICY);
        });

        for (const [name, bytes] of Object.entries({
            'as one octet': Buffer.from([0x81]),
            'as a head without a message': frame(text).subarray(0, 8),
            'as a ping whose end is missing': frame('ping', { opcode: PING }).subarray(0, 8),
        }))
            it(`${name} is ended in time`, async () => {
                const client = await node.connectRaw(newChannel());
                client.write(bytes);
                assert.equal((await client.end()).code, POLICY);
            });

        it('and is complete in time arrives; the memory it took is given back', async () => {
            const channel = newChannel();
            const client = await node.connectRaw(channel);
            const bytes = frame(text);
            client.write(bytes.subarray(0, 300));
            await eventually(
                async () => (await node.metric('parley_unfinished_bytes')) > 0,
                'the beginning of the message',
            );
            client.write(bytes.subarray(300));
            await client.hears(text);
            client.write(frame(text.slice(0, 20), { isFinal: false }));
            client.write(frame(text.slice(20), { opcode: CONTINUATION }));
            await client.hears(text);
            assert.equal(await node.metric('parley_unfinished_bytes'), 0);
        });

        it('takes no more memory, with all others, than may wait for those who are behind', async () => {
            await start({ 'backlog-bytes': 100_000, 'message-timeout-ms': 0 });
            const begin = async () => {
                const client = await node.connectRaw(newChannel());
                client.write(frame('x'.repeat(60_000), { announced: 65_000 }));
                return client;
            };
            const oldest = await begin();
            await eventually(
                async () => (await node.metric('parley_unfinished_bytes')) >= 60_000,
                'the beginning of a message',
            );
            await begin();
            assert.equal((await oldest.end()).code, TRY_AGAIN_LATER);
            const limit = await node.metric('parley_unfinished_bytes');
            assert.ok(limit <= 100_000, `${limit} bytes`);
        });
    });
});
