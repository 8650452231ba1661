/*
 * files - what clients share: sent to one node, told to the channel, read from any node, and
 * bounded in every way that a stranger could stretch.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import http from 'node:http';
import net from 'node:net';
import { once } from 'node:events';
import { Client } from './lib/client.js';
import { newChannel, useCluster } from './lib/cluster.js';
import { request } from './lib/http.js';
import { isMessage } from './lib/luchat.js';
import { eventually, within } from './lib/wait.js';

const MIB = 1 << 20;
const PNG = 'image/png';
const FILES = { files: 'on', 'files-per-minute': 100_000, 'files-share-percent': 0 };
const NO_SUCH_FILE = `/files/${'0'.repeat(32)}/x`;

const addressOf = (query) => `/files?${new URLSearchParams(query)}`;

/** POST of a file: {status, headers, body}. */
function post(node, query, bytes, headers = {}) {
    const all = { 'Content-Type': PNG, 'Content-Length': bytes.length, ...headers };
    const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
    return request(node.port, addressOf(query), {
        method: 'POST',
        headers: given,
        sent: bytes,
    });
}

const get = (node, path, headers, method) => request(node.port, path, { headers, method });
const reasonOf = ({ body }) => JSON.parse(body).error.message;
const noise = (length) => crypto.randomBytes(length);

function fileTests(setup, hasRedis) {
    const cluster = useCluster(setup);
    let channel;
    let here;
    let there;

    beforeEach(() => {
        channel = newChannel();
        [here, there = here] = cluster.nodes;
    });

    /** A file that was taken; what was answered. */
    async function share(bytes, query = {}, headers = {}) {
        const answer = await post(
            here,
            { channel, userid: 'ann', name: 'a.png', ...query },
            bytes,
            headers,
        );
        assert.equal(answer.status, 201, answer.body);
        return JSON.parse(answer.body);
    }

    async function refusal(query, bytes = noise(10), headers = {}) {
        const all = { channel, userid: 'ann', name: 'a.png', ...query };
        const given = Object.fromEntries(
            Object.entries(all).filter(([, value]) => value !== null),
        );
        const answer = await post(here, given, bytes, headers);
        return [answer.status, reasonOf(answer)];
    }

    it('the channel is told at once, on every node, with the link', async () => {
        const clients = await cluster.connectToAll(channel);
        const answer = await share(noise(1000), { name: 'photo of us.png' });
        for (const client of clients) {
            const notice = JSON.parse(
                await client.next((f) => f.includes('filelink":"/files'), 'notice'),
            );
            const { time, ...rest } = notice.message;
            assert.deepEqual(rest, {
                userid: 'ann',
                message: 'photo of us.png',
                filelink: answer.filelink,
            });
            assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000, time);
        }
    });

    it('what is read from any node is what was sent, whatever its length', async () => {
        for (const length of [1, 1000, 65_000, 65_536, 262_144, 300_000, 8 * MIB]) {
            const bytes = noise(length);
            const { filelink } = await share(bytes);
            const answer = await get(there, filelink);
            assert.equal(answer.status, 200);
            assert.equal(Number(answer.headers['content-length']), length);
            assert.ok(answer.bytes.equals(bytes), `${length} bytes`);
        }
    });

    it('the answer says what was kept', async () => {
        const { filelink, ...rest } = await share(noise(77), { name: 'ü ber.png' });
        assert.deepEqual(rest, { name: 'ü ber.png', type: PNG, bytes: 77 });
        assert.match(filelink, /^\/files\/[0-9a-f]{32}\/%C3%BC%20ber\.png$/);
    });

    it('a file is a download, and nothing in it is run', async () => {
        const { filelink } = await share(Buffer.from('<script>alert(1)</script>'), {
            name: 'ü.png',
        });
        const { headers } = await get(there, filelink);
        assert.equal(headers['content-type'], PNG);
        assert.equal(
            headers['content-disposition'],
            `attachment; filename="__.png"; filename*=UTF-8''%C3%BC.png`,
        );
        assert.equal(headers['x-content-type-options'], 'nosniff');
        assert.equal(headers['content-security-policy'], "default-src 'none'; sandbox");
        assert.match(headers['cache-control'], /^private/);
    });

    it('HEAD tells the length without the file', async () => {
        const { filelink } = await share(noise(300_000));
        const answer = await get(there, filelink, {}, 'HEAD');
        assert.deepEqual([answer.status, answer.bytes.length], [200, 0]);
        assert.equal(answer.headers['content-length'], '300000');
    });

    it('one connection carries many transfers', async () => {
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        const { filelink } = await share(noise(500_000));
        const sockets = new Set();
        for (const method of ['GET', 'HEAD', 'GET', 'POST', 'GET']) {
            const path =
                method === 'POST'
                    ? addressOf({ channel, userid: 'ann', name: 'b.png' })
                    : filelink;
            const asked = http.request({
                port: here.port,
                host: '127.0.0.1',
                path,
                method,
                agent,
            });
            asked.setHeader('Content-Type', PNG);
            asked.end(method === 'POST' ? noise(1000) : undefined);
            const [response] = await within(once(asked, 'response'), method);
            sockets.add(response.socket);
            response.resume();
            await once(response, 'end');
            assert.ok([200, 201].includes(response.statusCode));
        }
        assert.equal(sockets.size, 1);
        agent.destroy();
    });

    it('names are made harmless', async () => {
        for (const [name, clean] of [
            ['../../etc/passwd', 'passwd'],
            ['C:\\boot.ini', 'boot.ini'],
            ['.htaccess', '_htaccess'],
            ['a"b<c>.png', 'a_b_c_.png'],
            ['a\tb\x7fc: x', 'a_b_c_ x'],
            ['photo\u202egnp.exe', 'photo___gnp.exe'],
            ['', 'file'],
            [`${'x'.repeat(200)}.png`, `${'x'.repeat(96)}.png`],
            [`${'ü'.repeat(100)}.png`, `${'ü'.repeat(48)}.png`],
        ]) {
            const answer = await share(noise(5), { name });
            assert.equal(answer.name, clean);
            assert.equal((await get(there, answer.filelink)).status, 200, clean);
        }
    });

    it('ids cannot be guessed from one another', async () => {
        const ids = new Set();
        for (let i = 0; i < 20; i++)
            ids.add((await share(noise(1))).filelink.split('/')[2].slice(0, 8));
        assert.equal(ids.size, 20);
    });

    it('what is wrong is refused by name', async () => {
        for (const [query, status, reason, ...more] of [
            [{ channel: 'a b' }, 400, /channel/],
            [{ userid: null }, 400, /userid/],
            [{ userid: 'x'.repeat(129) }, 400, /userid/],
            [{ userid: 'a\tb' }, 400, /userid/],
            [{}, 400, /empty/, Buffer.alloc(0)],
            [{}, 415, /Content-Type/, noise(1), { 'Content-Type': null }],
            [{}, 415, /Content-Type/, noise(1), { 'Content-Type': 'text/html' }],
            [{}, 415, /Content-Type/, noise(1), { 'Content-Type': 'image/png\u00ff' }],
            [{}, 413, /longer/, noise(8 * MIB + 1)],
        ]) {
            const [was, why] = await refusal(query, ...more);
            assert.equal(was, status, `${JSON.stringify(query)}: ${why}`);
            assert.match(why, reason);
        }
    });

    it('parameters of the type do not count', async () => {
        const { type } = await share(
            noise(3),
            {},
            { 'Content-Type': 'text/plain; charset=utf-8' },
        );
        assert.equal(type, 'text/plain');
    });

    it('a body without a length is refused', async () => {
        const headers = { 'Transfer-Encoding': 'chunked', 'Content-Length': null };
        const answer = await post(here, { channel, userid: 'ann' }, noise(10), headers);
        assert.equal(answer.status, 411);
    });

    it('a body that is far too long is refused before it is read', async () => {
        const socket = net.connect(here.port, '127.0.0.1');
        socket.write(
            `POST ${addressOf({ channel, userid: 'ann' })} HTTP/1.1\r\nHost: x\r\n` +
                `Content-Type: ${PNG}\r\nContent-Length: 9000000000000\r\n\r\n`,
        );
        const [data] = await within(once(socket, 'data'), 'an answer');
        assert.match(String(data), /^HTTP\/1\.1 413 /);
        socket.destroy();
    });

    it('a client that asks first is told to go on', async () => {
        const socket = net.connect(here.port, '127.0.0.1');
        socket.write(
            `POST ${addressOf({ channel, userid: 'ann' })} HTTP/1.1\r\nHost: x\r\n` +
                `Expect: 100-continue\r\nContent-Type: ${PNG}\r\nContent-Length: 5\r\n\r\n`,
        );
        const [word] = await within(once(socket, 'data'), 'a word');
        assert.equal(String(word), 'HTTP/1.1 100 Continue\r\n\r\n');
        socket.write('12345');
        const [answer] = await within(once(socket, 'data'), 'the answer');
        assert.match(String(answer), /^HTTP\/1\.1 201 /);
        socket.destroy();
    });

    it('of one address so many are on their way at once, and what is given up counts no longer', async () => {
        const begin = () => {
            const socket = net.connect(here.port, '127.0.0.1');
            socket.write(
                `POST ${addressOf({ channel, userid: 'ann' })} HTTP/1.1\r\nHost: x\r\n` +
                    `Expect: 100-continue\r\nContent-Type: ${PNG}\r\n` +
                    `Content-Length: ${8 * MIB}\r\n\r\n`,
            );
            return socket;
        };
        const slow = Array.from({ length: 4 }, begin);
        for (const socket of slow) await within(once(socket, 'data'), 'the word to go on');
        const answer = await post(here, { channel, userid: 'ann' }, noise(1));
        assert.deepEqual([answer.status, answer.headers['retry-after']], [429, '5']);
        assert.match(reasonOf(answer), /at once/);
        slow.forEach((socket) => socket.destroy());
        await eventually(
            async () => (await post(here, { channel, userid: 'ann' }, noise(1))).status === 201,
            'room for files again',
        );
    });

    it('an upload that is given up leaves nothing behind', async () => {
        const socket = net.connect(here.port, '127.0.0.1');
        socket.write(
            `POST ${addressOf({ channel, userid: 'ann' })} HTTP/1.1\r\nHost: x\r\n` +
                `Content-Type: ${PNG}\r\nContent-Length: 100000\r\n\r\nonly this`,
        );
        await once(socket, 'connect');
        socket.destroy();
        const client = await here.connect(channel);
        await client.settle();
        assert.equal(client.count(isMessage), 1);
    });

    it('a client that asks for more before it has all gets one after the other', async () => {
        const bytes = noise(4 * MIB);
        const { filelink } = await share(bytes);
        const socket = net.connect(here.port, '127.0.0.1');
        const ask = (more = '') =>
            socket.write(`GET ${filelink} HTTP/1.1\r\nHost: x\r\n${more}\r\n`);
        const parts = [];
        socket.on('data', (data) => parts.push(data));
        socket.pause();
        ask();
        ask('Connection: Upgrade\r\nUpgrade: websocket\r\n');
        ask('Connection: close\r\n');
        socket.resume();
        await within(once(socket, 'close'), 'the end');
        const heard = Buffer.concat(parts);
        const [first, second, third] = [0, 1, 2].map((i) => heard.length - (3 - i) * bytes.length);
        assert.ok(first > 0 && heard.subarray(third).equals(bytes));
        assert.equal(heard.toString('latin1').split('HTTP/1.1 200 ').length, 4, `${second}`);
    });

    it('a download that is given up harms nobody', async () => {
        const { filelink } = await share(noise(8 * MIB));
        for (let i = 0; i < 10; i++) {
            const socket = net.connect(here.port, '127.0.0.1');
            socket.write(`GET ${filelink} HTTP/1.1\r\nHost: x\r\n\r\n`);
            await within(once(socket, 'data'), 'the begin of it');
            socket.destroy();
        }
        assert.equal((await get(here, filelink)).bytes.length, 8 * MIB);
    });

    it('messages go on while a long file is written and read', async () => {
        const client = await here.connect(channel);
        const upload = share(noise(8 * MIB));
        for (let i = 0; i < 20; i++) await client.settle();
        const { filelink } = await upload;
        const download = get(here, filelink);
        for (let i = 0; i < 20; i++) await client.settle();
        assert.equal((await download).bytes.length, 8 * MIB);
    });

    it('an address that is no file is 404', async () => {
        for (const path of [
            NO_SUCH_FILE,
            '/files/',
            '/files/abc/x',
            `/files/${'G'.repeat(32)}/x`,
        ])
            assert.equal((await get(here, path)).status, 404, path);
    });

    it('files are posted and read, nothing else', async () => {
        for (const [method, path, allow] of [
            ['GET', '/files', 'POST'],
            ['PUT', '/files', 'POST'],
            ['DELETE', NO_SUCH_FILE, 'GET, HEAD'],
            ['POST', NO_SUCH_FILE, 'GET, HEAD'],
        ]) {
            const answer = await get(here, path, {}, method);
            assert.deepEqual(
                [answer.status, answer.headers.allow],
                [405, allow],
                `${method} ${path}`,
            );
        }
    });

    it('a page of a strange origin may not post', async () => {
        const headers = { Origin: 'https://evil.example', 'Content-Type': 'text/plain' };
        assert.equal((await refusal({}, noise(1), headers))[0], 403);
        await share(noise(1), {}, { Origin: `http://127.0.0.1:${here.port}` });
    });

    it('its end comes by itself', async () => {
        const brief = await cluster.startNode({ options: { 'files-ttl-s': 1 } });
        const answer = await post(brief, { channel, userid: 'ann', name: 'a.png' }, noise(10));
        const { filelink } = JSON.parse(answer.body);
        await eventually(async () => (await get(brief, filelink)).status === 404, 'its end');
    });

    it('what all files take together is bounded, and given back', async () => {
        const options = {
            'files-total-bytes': 131_072,
            'files-share-percent': 0,
            'files-max-bytes': 131_072,
            'files-ttl-s': 1,
        };
        const small = await cluster.startNode({
            options: { ...options, 'redis-prefix': newChannel() },
        });
        const send = (length) =>
            post(small, { channel, userid: 'ann', name: 'a.png' }, noise(length));
        assert.equal((await send(70_000)).status, 201);
        assert.equal((await send(70_000)).status, 507);
        await eventually(async () => (await send(70_000)).status === 201, 'room again');
    });

    it('small files count for more than they are, so that there are not too many', async () => {
        const options = {
            'files-total-bytes': 196_608,
            'files-max-bytes': 1000,
            'files-share-percent': 0,
        };
        const small = await cluster.startNode({
            options: { ...options, 'redis-prefix': newChannel() },
        });
        const statuses = [];
        for (let i = 0; i < 4; i++)
            statuses.push((await post(small, { channel, userid: 'ann' }, noise(1))).status);
        assert.deepEqual(statuses, [201, 201, 201, 507]);
    });

    it('one address has a share of it, others have theirs', async () => {
        const small = await cluster.startNode({
            options: {
                'files-total-bytes': 655_360,
                'files-max-bytes': 1000,
                'files-share-percent': 20, // two files
                'trusted-proxies': '127.0.0.1',
                'redis-prefix': newChannel(),
            },
        });
        const from = (address) => ({ 'X-Forwarded-For': address });
        const keep = (address) => post(small, { channel, userid: 'ann' }, noise(5), from(address));
        const statuses = [];
        for (const address of ['1.1.1.1', '1.1.1.1', '1.1.1.1', '2.2.2.2'])
            statuses.push((await keep(address)).status);
        assert.deepEqual(statuses, [201, 201, 507, 201]);
        assert.match(reasonOf(await keep('1.1.1.1')), /of yours/);
        assert.equal(await small.metric('parley_limit_hits_total{limit="files_share_percent"}'), 2);
    });

    it('the hello says what may be sent', async () => {
        const url = `ws://127.0.0.1:${here.port}/ws?channel=${channel}&hello=1`;
        const client = await Client.open(url);
        const { files } = JSON.parse(await client.next(() => true)).hello;
        assert.equal(files.max_bytes, 8 * MIB);
        assert.ok(files.types.includes(PNG));
        await client.drop();
    });

    if (!hasRedis) return;

    it('a file is one key in Redis that ends by itself', async () => {
        const redis = cluster.redis.client();
        const { filelink } = await share(Buffer.from('hello'), { name: 'a.png' });
        const id = filelink.split('/')[2];
        const text = await redis.get(`parley:file:${id}`);
        assert.equal(
            text,
            `{"name":"a.png","type":"image/png","bytes":5,"channel":"${channel}","user":"ann"}\nhello`,
        );
        const ttl = await redis.pttl(`parley:file:${id}`);
        assert.ok(ttl > 86_000_000 && ttl <= 86_400_000, `${ttl}`);
        assert.ok(Number(await redis.zscore('parley:files', `${id} 65536`)) > Date.now());
        assert.ok((await redis.pttl('parley:files')) > 86_000_000);
    });

    it('while Redis is away files are refused, and kept again afterwards', async () => {
        await cluster.loseRedis();
        const [status, reason] = await refusal({});
        assert.deepEqual([status, reason], [503, 'not kept: try again later']);
        assert.equal((await get(here, NO_SUCH_FILE)).status, 503);
        await cluster.bringBackRedis();
        await share(noise(1000));
    });
}

describe('files in Redis', () => fileTests({ nodes: 2, options: FILES }, true));
describe('files in memory', () => fileTests({ nodes: 1, redis: false, options: FILES }, false));

describe('who may send files', () => {
    const SECRET = 'a secret of the tests';
    const options = { ...FILES, 'token-secret': SECRET };
    const cluster = useCluster({ nodes: 1, redis: false, options });

    function token(claims, secret = SECRET) {
        const encode = (data) => Buffer.from(JSON.stringify(data)).toString('base64url');
        const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
        const signature = crypto
            .createHmac('sha256', secret)
            .update(signed)
            .digest('base64url');
        return `${signed}.${signature}`;
    }

    const ann = { sub: 'ann', exp: 4_000_000_000 };
    const ask = async (query, authorization, node = cluster.nodes[0]) => {
        const headers = authorization ? { Authorization: `Bearer ${authorization}` } : {};
        return (
            await post(node, { channel: 'room', name: 'a.png', ...query }, noise(5), headers)
        ).status;
    };

    it('where tokens are asked for, one is needed', async () => {
        assert.equal(await ask({ userid: 'ann' }), 401);
        assert.equal(await ask({}, token(ann)), 201);
        assert.equal(await ask({ token: token(ann) }), 201);
    });

    it('a token that is forged or over is none', async () => {
        assert.equal(await ask({}, token(ann, 'another secret')), 401);
        assert.equal(await ask({}, token({ ...ann, exp: 1_000_000_000 })), 401);
        assert.equal(await ask({}, 'nonsense'), 401);
    });

    it('nobody sends under the name of another', async () => {
        assert.equal(await ask({ userid: 'ben' }, token(ann)), 403);
        const client = await Client.open(
            `ws://127.0.0.1:${cluster.nodes[0].port}/ws?channel=room2&token=${token(ann)}`,
        );
        await ask({ channel: 'room2' }, token(ann));
        const notice = await client.next(isMessage, 'the notice');
        assert.equal(JSON.parse(notice).message.userid, 'ann');
        await client.drop();
    });

    it('a channel with # takes files of its users alone', async () => {
        assert.equal(await ask({ channel: 'inbox#ann' }, token(ann)), 201);
        assert.equal(await ask({ channel: 'inbox#ben' }, token(ann)), 403);
    });

    it('who may publish by the rules of a namespace may send files, and nobody else', async () => {
        const namespaces = JSON.stringify({
            open: { publish: 'anyone' },
            users: { publish: 'authenticated' },
            token: { publish: 'token' },
            members: { subscribe: 'authenticated', publish: 'subscriber' },
        });
        const node = await cluster.startNode({ options: { namespaces, anonymous: 'on' } });
        const named = token({ ...ann, channel: 'token:x' });
        for (const [channel, authorization, status] of [
            ['open:x', null, 201],
            ['users:x', null, 403],
            ['users:x', token(ann), 201],
            ['members:x', null, 403],
            ['members:x', token(ann), 201],
            ['token:x', token(ann), 403],
            ['token:x', named, 201],
            ['token:y', named, 401],
            ['unknown:x', token(ann), 403],
        ]) {
            const query = authorization ? { channel } : { channel, userid: 'guest' };
            assert.equal(
                await ask(query, authorization, node),
                status,
                `${channel} ${authorization && 'token'}`,
            );
        }
    });
});

describe('the rate of files', () => {
    const options = { files: 'on', 'files-per-minute': 3 };
    const cluster = useCluster({ nodes: 1, redis: false, options });
    const PROXY = { 'trusted-proxies': '10.0.0.0/8, 127.0.0.1' };

    const send = (node, forwarded) =>
        post(
            node,
            { channel: 'room', userid: 'ann' },
            noise(5),
            forwarded ? { 'X-Forwarded-For': forwarded } : {},
        );
    const statuses = async (node, ...addresses) => {
        const found = [];
        for (const address of addresses) found.push((await send(node, address)).status);
        return found;
    };

    it('an address may send so many in a minute, and is told when again', async () => {
        const node = await cluster.startNode();
        assert.deepEqual(await statuses(node, null, null, null, null), [201, 201, 201, 429]);
        const answer = await send(node);
        const wait = Number(answer.headers['retry-after']);
        assert.ok(wait > 10 && wait <= 20, `${wait}`);
        assert.match(reasonOf(answer), /too many files/);
    });

    it('what a stranger writes into X-Forwarded-For does not count', async () => {
        const node = await cluster.startNode();
        assert.deepEqual(
            await statuses(node, '1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4'),
            [201, 201, 201, 429],
        );
    });

    it('behind a trusted proxy each of its clients counts for itself', async () => {
        const node = await cluster.startNode({ options: PROXY });
        const mine = ['1.1.1.1', '1.1.1.1', '1.1.1.1', '1.1.1.1'];
        assert.deepEqual(await statuses(node, ...mine, '2.2.2.2'), [201, 201, 201, 429, 201]);
    });

    it('only what the nearest proxy wrote counts, whatever it is', async () => {
        const node = await cluster.startNode({ options: PROXY });
        const spoofed = ['1.1.1.1, 10.2.3.4', '2.2.2.2, 10.2.3.4', '3.3.3.3,10.2.3.4', '10.2.3.4'];
        assert.deepEqual(await statuses(node, ...spoofed), [201, 201, 201, 429]);
    });

    it('an address may be written with a port, in brackets and quotes', async () => {
        const node = await cluster.startNode({ options: PROXY });
        const one = ['1.1.1.1:5000', '"1.1.1.1:5001"', '1.1.1.1, ', '1.1.1.1:5002'];
        assert.deepEqual(
            await statuses(node, ...one, '[2001:db8::1]:443'),
            [201, 201, 201, 429, 201],
        );
    });

    it('behind several proxies, the last address that none of them is counts', async () => {
        const node = await cluster.startNode({ options: { ...PROXY, 'trusted-hops': 2 } });
        const spoofed = [
            '8.8.8.8, 1.1.1.1',
            '9.9.9.9,1.1.1.1',
            '1.1.1.1, 10.2.3.4',
            '7.7.7.7, 1.1.1.1 , 10.0.0.1',
        ];
        assert.deepEqual(await statuses(node, ...spoofed), [201, 201, 201, 429]);
    });

    it('the customers of an IPv6 provider count by their networks', async () => {
        const node = await cluster.startNode({ options: PROXY });
        const one = [
            '2001:db8:1:2::1',
            '2001:db8:1:2::2',
            '2001:db8:1:2:ffff::3',
            '2001:db8:1:2::4',
        ];
        assert.deepEqual(
            await statuses(node, ...one, '2001:db8:1:3::1'),
            [201, 201, 201, 429, 201],
        );
    });
});

describe('without --files', () => {
    const cluster = useCluster({ nodes: 1, redis: false });

    it('the address is 404, and the hello says so', async () => {
        const [node] = cluster.nodes;
        assert.equal((await get(node, NO_SUCH_FILE)).status, 404);
        assert.equal((await get(node, '/files', {}, 'POST')).status, 404);
        const client = await Client.open(`ws://127.0.0.1:${node.port}/ws?hello=1`);
        assert.equal(JSON.parse(await client.next(() => true)).hello.files, null);
        await client.drop();
    });
});
