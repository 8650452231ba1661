/*
 * http_pipeline - requests that do not wait for the answer to the last: each is answered in its
 * turn, and nothing that comes behind a request is taken for a part of it.
 */
import { before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import tls from 'node:tls';
import { once } from 'node:events';
import { KEY } from './lib/api.js';
import { hasOpenssl, makeCertificate } from './lib/certificate.js';
import { useCluster } from './lib/cluster.js';
import { Exchange } from './lib/exchange.js';
import { within } from './lib/wait.js';

const CLOSE = 'Connection: close\r\n';
const get = (path, more = '') => `GET ${path} HTTP/1.1\r\nHost: h\r\n${more}\r\n`;
const post = (path, body, more = '') =>
    `POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
const chunked = (path, chunks, more = '') =>
    `POST ${path} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n${more}\r\n${chunks}`;
const call = (body = '{}', more = '') => post('/api/info', body, `X-API-Key: ${KEY}\r\n${more}`);
const last = get('/health', CLOSE);

describe('requests behind one another', () => {
    const options = { files: 'on', 'api-key': KEY, 'files-per-minute': '100000' };
    const cluster = useCluster({ redis: false, options });
    const upload = (body, more = '') =>
        post('/files?userid=a&name=b', body, `Content-Type: text/plain\r\n${more}`);
    let node;

    before(() => {
        [node] = cluster.nodes;
    });

    const all = (port, ...requests) => Exchange.begin(port, requests.join('')).end();

    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
        it(`${method} and an upload in one segment are both answered`, async () => {
            const first = get('/', '').replace('GET', method);
            const [one, two] = await all(node.port, first, upload('x', CLOSE));
            assert.deepEqual([one < 300, two], [true, 201]);
        });
    }

    it('GET and a call without a key in one segment are both answered', async () => {
        const statuses = await all(node.internalPort, get('/health'), post('/api/x', 'hello'), last);
        assert.deepEqual(statuses, [200, 401, 200]);
    });

    it('line ends without returns end them as well', async () => {
        const bytes = 'HEAD / HTTP/1.1\nHost: h\n\nPOST /files HTTP/1.1\nHost: h\nContent-Length:1\n\nx';
        const statuses = await all(node.port, bytes, last);
        assert.deepEqual(statuses, [200, 415, 200]);
    });

    it('many of all kinds are answered in their order', async () => {
        const requests = [];
        for (let i = 0; i < 20; i++) requests.push(get('/health'), call(), get('/nothing/api'));
        const answered = await all(node.internalPort, call(), ...requests.slice(0, 2), last);
        assert.deepEqual(answered, [200, 200, 200, 200]);
    });

    it('a refusal that closes leaves what is behind it unread', async () => {
        assert.deepEqual(await all(node.port, get('/nothing'), get('/health')), [404]);
    });

    it('a body that no one asked for is not taken for a request', async () => {
        const hidden = get('/nothing');
        const withBody = get('/health', `Content-Length: ${hidden.length}\r\n`) + hidden;
        assert.deepEqual(await all(node.port, withBody, last), [200, 200]);
        const inChunks = get('/health', 'Transfer-Encoding: chunked\r\n');
        const chunk = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
        assert.deepEqual(await all(node.port, inChunks, chunk, last), [200]);
    });

    it('an empty line behind a body is nothing', async () => {
        assert.deepEqual(await all(node.internalPort, call(), '\r\n', last), [200, 200]);
    });

    it('a chunked body ends where it says', async () => {
        const body = chunked('/api/info', '1\r\n{\r\n1;a=b\r\n}\r\n0\r\nA: b\r\n\r\n', `X-API-Key: ${KEY}\r\n`);
        assert.deepEqual(await all(node.internalPort, body, last), [200, 200]);
    });

    it('the pieces of a request may come one by one', async () => {
        const exchange = new Exchange(node.internalPort);
        exchange.socket.setNoDelay(true);
        for (const octet of call() + chunked('/api/info', '2\r\n{}\r\n0\r\n\r\n', `X-API-Key: ${KEY}\r\n`) + last) {
            exchange.write(octet);
            await new Promise(setImmediate);
        }
        assert.deepEqual(await exchange.end(), [200, 200, 200]);
    });

    it('a WebSocket may follow plain requests', async () => {
        const upgrade =
            'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
            'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
        const exchange = Exchange.begin(node.port, get('/health') + get('/ws', upgrade));
        assert.deepEqual(await exchange.answers(2), [200, 101]);
        exchange.close();
    });

    it('who waits for each answer keeps the connection', async () => {
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        const sockets = new Set();
        for (let i = 0; i < 20; i++) {
            const headers = { 'X-API-Key': i % 3 ? KEY : 'wrong', 'Content-Length': 2 };
            const to = { host: '127.0.0.1', port: node.internalPort, path: '/api/info' };
            const asked = http.request({ ...to, method: 'POST', agent, headers });
            asked.end('{}');
            const [response] = await within(once(asked, 'response'), 'an answer');
            assert.equal(response.statusCode, i % 3 ? 200 : 401);
            sockets.add(response.socket);
            await once(response.resume(), 'end');
        }
        agent.destroy();
        assert.equal(sockets.size, 1);
    });

    it('random requests in random pieces end no node', async () => {
        const pieces = [get('/'), get('/health'), upload('x'), call(), '\r\n', 'x', get('/ws'),
            post('/files', 'hello'), chunked('/files', '1\r\nx\r\n0\r\n\r\n'), get('/files/x/y'),
            post('/api/publish', '{"channel":"a","data":1}'), 'GET ', '\r\n\r\n', 'Content-Length: 5\r\n'];
        let seed = 7;
        const random = (most) => (seed = (seed * 48271) % 0x7fffffff) % most;
        for (let i = 0; i < 300; i++) {
            const port = random(2) ? node.port : node.internalPort;
            const bytes = Array.from({ length: 1 + random(5) }, () => pieces[random(pieces.length)]);
            const exchange = Exchange.begin(port, bytes.join(''));
            if (random(2)) exchange.socket.end();
            await Promise.race([exchange.ended, exchange.closed, new Promise((r) => setTimeout(r, 5))]);
            exchange.close();
        }
        assert.deepEqual(await all(node.port, last), [200]);
    });

    describe('over TLS', { skip: !hasOpenssl && 'openssl is not installed' }, () => {
        const connect = async () => {
            const { cert, key } = makeCertificate('here');
            const files = { 'tls-cert': cert, 'tls-key': key };
            const { port } = await cluster.startNode({ options: { ...options, ...files } });
            const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
            await within(once(socket, 'secureConnect'), 'TLS');
            return new Exchange(port, { socket });
        };

        it('requests in one record are answered in their order', async () => {
            const exchange = await connect();
            exchange.write(get('/health') + upload('x') + get('/health') + upload('y', CLOSE));
            assert.deepEqual(await exchange.end(), [200, 201, 200, 201]);
        });

        it('a request over several records is one', async () => {
            const exchange = await connect();
            for (const piece of (upload('hello') + last).match(/[^]{1,7}/g)) {
                exchange.write(piece);
                await new Promise(setImmediate);
            }
            const statuses = await exchange.end();
            assert.equal(statuses[0], 201);
        });
    });
});
