/*
 * http_limits - how slow a client of plain HTTP may be, and how much one address may have under
 * way; and that others are served meanwhile.
 */
import { afterEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { KEY } from './lib/api.js';
import { useCluster } from './lib/cluster.js';
import { Exchange } from './lib/exchange.js';
import { eventually, within } from './lib/wait.js';

const MIB = 1 << 20;
const OTHER = '127.0.0.2'; // an honest client at another address
const upload = (length, body = '') =>
    'POST /files?userid=a&name=b HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\n' +
    `Content-Length: ${length}\r\n\r\n${body}`;
const get = (path, more = '') => `GET ${path} HTTP/1.1\r\nHost: h\r\n${more}\r\n`;

describe('limits of HTTP', () => {
    const cluster = useCluster({ redis: false });
    const open = [];
    let node;

    const start = async (options) => {
        const all = { files: 'on', 'api-key': KEY, 'files-per-minute': '1000', ...options };
        node = await cluster.startNode({ options: all });
    };
    const begin = (bytes, { port = node.port, ...options } = {}) => {
        const exchange = Exchange.begin(port, bytes, options);
        open.push(exchange);
        return exchange;
    };
    const ask = (bytes, options) => begin(bytes, options).answer();
    const hits = (name) => node.metric(`parley_limit_hits_total{limit="${name}"}`);
    /** Writes an octet again and again until the connection has ended. */
    const drip = async (exchange) => {
        const timer = setInterval(() => exchange.write('z'), 50);
        await exchange.end().finally(() => clearInterval(timer));
        return exchange.statuses.at(-1) ?? 'none';
    };

    afterEach(() => open.splice(0).forEach((exchange) => exchange.close()));

    it('what drips does not last, whatever it is', async () => {
        await start({ 'handshake-timeout-ms': '1000' });
        const { internalPort: port } = node;
        const head = (line, more) => `${line} HTTP/1.1\r\nHost: h\r\n${more}\r\n`;
        const long = 'Content-Length: 1000000\r\n';
        const key = `X-API-Key: ${KEY}\r\n`;
        const drips = [
            begin('GET /health HTTP/1.1\r\nHost: h\r\nX: '),
            begin(head('GET /health', long)),
            begin(head('POST /files?userid=a', `Content-Type: text/html\r\n${long}`)),
            begin(head('POST /files?userid=a&name=b', `Content-Type: text/plain\r\n${long}`)),
            begin(head('POST /api/info', `X-API-Key: bad\r\n${long}`), { port }),
            begin(head('POST /api/info', key + long), { port }),
        ];
        assert.deepEqual(await Promise.all(drips.map(drip)), [408, 200, 415, 408, 401, 408]);
        assert.ok((await hits('http_min_bytes_per_s')) >= 2);
    });

    it('a body that comes steadily has its time', async () => {
        await start({ 'handshake-timeout-ms': '1000', 'http-min-bytes-per-s': '1000' });
        const exchange = begin(upload(8000));
        const timer = setInterval(() => exchange.write('x'.repeat(200)), 60);
        assert.equal(await exchange.answer().finally(() => clearInterval(timer)), 201);
    });

    it('who asks nothing more is let go', async () => {
        await start({ 'http-idle-timeout-ms': '300' });
        const exchange = begin(get('/health'));
        assert.equal(await exchange.answer(), 200);
        await within(exchange.closed, 'the end of an idle connection');
    });

    it('who reads nothing is let go, and others are served meanwhile', async () => {
        await start({ 'handshake-timeout-ms': '1000', 'downloads-per-address': '2' });
        const stored = begin(upload(8 * MIB, 'x'.repeat(8 * MIB)));
        assert.equal(await stored.answer(), 201);
        const { filelink } = JSON.parse(stored.text.split('\r\n\r\n')[1]);
        const slow = [begin(get(filelink)), begin(get(filelink))];
        for (const { socket } of slow) socket.pause();
        await eventually(async () => (await ask(get(filelink))) === 429, 'two to be under way');
        assert.equal(await ask(get(filelink), { from: OTHER }), 200);
        await eventually(async () => (await hits('http_min_bytes_per_s')) === 2, 'their end');
        assert.equal(await ask(get(filelink)), 200);
        assert.ok((await hits('downloads_per_address')) >= 1);
    });

    it('one address has so many uploads at once, and the next has its own', async () => {
        await start({});
        const held = Array.from({ length: 4 }, () => begin(upload(8 * MIB, 'x')));
        await Promise.all(held.map(({ socket }) => new Promise((done) => socket.write('x', done))));
        await eventually(async () => (await ask(upload(5, 'hello'))) === 429, 'four to be held');
        assert.equal(await ask(upload(5, 'hello'), { from: OTHER }), 201);
        assert.ok((await hits('uploads_per_address')) >= 1);
    });

    it('what is announced and does not come takes nothing from others', async () => {
        await start({ 'uploads-per-address': '0' });
        const held = Array.from({ length: 20 }, () => begin(upload(8 * MIB, 'x')));
        await Promise.all(held.map(({ socket }) => new Promise((done) => socket.write('x', done))));
        assert.equal(await ask(upload(5, 'hello'), { from: OTHER }), 201);
    });
});
