/*
 * http_corners - what RFC 9110 and RFC 9112 ask for and few clients do; which names of ours and
 * which forms of an address are taken.
 */
import { before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { KEY } from './lib/api.js';
import { useCluster } from './lib/cluster.js';
import { Exchange } from './lib/exchange.js';

const MIB = 1 << 20;
const get = (path, more = '', host = 'h') => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;
const post = (path, body, more = '') =>
    `POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
const handshake = ({
    path = '/ws',
    connection = 'Connection: Upgrade',
    upgrade = 'Upgrade: websocket',
    end = '',
    more = '',
    host = 'h',
} = {}) =>
    get(
        path,
        `${connection}\r\n${upgrade}\r\nSec-WebSocket-Version: 13${end}\r\n` +
            `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==${end}\r\n${more}`,
        host,
    );

describe('corners of HTTP', () => {
    const cluster = useCluster({
        redis: false,
        options: { files: 'on', 'api-key': KEY, 'files-per-minute': '1000' },
    });
    const key = `X-API-Key: ${KEY}\r\n`;
    const file = (body, more = '') =>
        post('/files?userid=a&name=b', body, `Content-Type: text/plain\r\n${more}`);
    let node;

    before(() => {
        [node] = cluster.nodes;
    });

    async function status(bytes, port = node.port, from) {
        const exchange = Exchange.begin(port, bytes, { from });
        const code = await exchange.answer();
        exchange.close();
        return code;
    }

    it('a client that ends before its request does is told so at once', async () => {
        for (const part of ['G', 'GET / HT', get('/health').slice(0, -2)]) {
            const exchange = Exchange.begin(node.port, part);
            exchange.socket.end();
            assert.deepEqual(await exchange.end(3000), [400], part);
        }
    });

    it('files that are refused do not fill the log', async () => {
        const COUNT = 50;
        const begun = Date.now();
        const exchange = Exchange.begin(node.port, post('/files', '').repeat(COUNT));
        assert.equal(new Set(await exchange.answers(COUNT)).has(200), false);
        exchange.close();
        const lines = node.process.lines.items.filter((line) => line.includes('event=file_refused'));
        assert.ok(lines.length <= 1 + Math.ceil((Date.now() - begun) / 1000), `${lines.length} lines`);
    });

    describe('an offer of another protocol is passed over', () => {
        const offers = {
            h2c: 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n',
            'an unknown one': 'Connection: Upgrade\r\nUpgrade: foo/2\r\n',
            'a WebSocket where there is none': 'Connection: Upgrade\r\nUpgrade: websocket\r\n',
            'an Upgrade that Connection does not name': 'Upgrade: h2c\r\n',
        };
        for (const [what, offer] of Object.entries(offers)) {
            it(what, async () => {
                assert.equal(await status(get('/health', offer)), 200);
                assert.equal(await status(get('/', offer)), 200);
                assert.equal(await status(file('hi', offer)), 201);
                const { internalPort } = node;
                assert.equal(await status(get('/health', offer), internalPort), 200);
                assert.equal(await status(post('/api/info', '{}', key + offer), internalPort), 200);
            });
        }

        it('but a WebSocket address asks for its own', async () => {
            assert.equal(await status(handshake({ upgrade: 'Upgrade: h2c' })), 426);
            assert.equal(await status(handshake({ connection: 'Connection: close' })), 426);
            assert.equal(await status(get('/connection/websocket')), 426);
        });
    });

    describe('handshakes may be written in other ways', () => {
        const forms = {
            'white space behind values': { end: ' \t', upgrade: 'Upgrade: websocket ' },
            'empty elements in lists': { connection: 'Connection: ,keep-alive,, Upgrade,' },
            'lists over several lines': { connection: 'Connection: keep-alive\r\nConnection: Upgrade' },
            'several protocols': { upgrade: 'Upgrade: h2c, websocket' },
            'another case': { connection: 'CONNECTION: UPGRADE', upgrade: 'upgrade: WebSocket' },
            'a whole address': { path: 'http://h/ws?channel=a' },
            'more arguments than anybody needs': { path: `/ws?${'a=b&'.repeat(300)}channel=c` },
            'more headers than anybody needs': { more: 'X-A: b\r\n'.repeat(90) },
        };
        for (const [what, form] of Object.entries(forms)) {
            it(what, async () => {
                assert.equal(await status(handshake(form)), 101);
            });
        }

        it('and the first frames may come right behind', async () => {
            const text = Buffer.from('{"message":{"userid":"a","message":"hi","time":"1"}}');
            const frame = Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]);
            for (const form of [{}, forms['white space behind values']]) {
                const exchange = new Exchange(node.port);
                exchange.write(Buffer.concat([Buffer.from(handshake(form)), frame]));
                assert.equal(await exchange.answer(), 101);
                while (!exchange.text.includes('"message":"hi"')) await new Promise(setImmediate);
                exchange.close();
            }
        });

        it('one with a body is refused', async () => {
            assert.equal(await status(handshake({ more: 'Content-Length: 3\r\n' })), 400);
            assert.equal(await status(handshake({ more: 'Transfer-Encoding: chunked\r\n' })), 400);
        });
    });

    describe('requests', () => {
        for (const [what, bytes, expected] of [
            ['an empty line before one is nothing', `\r\n${get('/health')}`, 200],
            ['a whole address is taken', get('http://host/health'), 200],
            ['OPTIONS of all is answered', 'OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n', 204],
            ['a head of more than 8 kB is 431', get('/health', `A: ${'x'.repeat(9000)}\r\n`), 431],
            ['more than 100 headers are 431', get('/health', 'A: b\r\n'.repeat(101)), 431],
            ['no Host is 400', 'GET /health HTTP/1.1\r\n\r\n', 400],
            ['no Host is well in HTTP/1.0', 'GET /health HTTP/1.0\r\n\r\n', 200],
            ['another protocol is 400', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
            ['another version is 505', 'GET / HTTP/2.0\r\nHost: h\r\n\r\n', 505],
            ['an unknown method is 405', 'BREW /health HTTP/1.1\r\nHost: h\r\n\r\n', 405],
            ['a tunnel is 400', 'CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n', 400],
            ['length and chunks are 400', get('/health', 'Content-Length: 1\r\nTransfer-Encoding: chunked\r\n'), 400],
            ['an unknown coding is 501', get('/health', 'Transfer-Encoding: gzip\r\n'), 501],
            ['an encoded line end in a path is 400', get('/health%0d%0aX:y'), 400],
            ['an encoded line end in an argument is 400', get('/health?a=b%0aX:y'), 400],
            ['an encoded line end in a handshake is 400', handshake({ path: '/ws?channel=a%0D%0AX:y' }), 400],
        ])
            it(what, async () => assert.equal(await status(bytes), expected));

        it('in HTTP/1.0 the connection ends, unless it is to be kept', async () => {
            const once = 'GET /health HTTP/1.0\r\n';
            const kept = `${once}Connection: keep-alive\r\n\r\n`;
            const exchange = Exchange.begin(node.port, `${kept}${kept}${once}\r\n`);
            assert.deepEqual(await exchange.end(), [200, 200, 200]);
            assert.match(exchange.text, /keep-alive[^]*keep-alive[^]*Connection: close/);
        });

        it('white space around values does not count', async () => {
            const body = post('/api/info', '{}', `X-API-Key:\t ${KEY} \t\r\n`);
            assert.equal(await status(body, node.internalPort), 200);
        });

        it('a call that asks first is told to go on at once', async () => {
            const exchange = new Exchange(node.internalPort);
            const head = post('/api/info', '{}', `${key}Expect: 100-continue\r\n`).slice(0, -2);
            exchange.write(head);
            assert.equal(await exchange.answer(), 100);
            exchange.write('{}');
            assert.deepEqual(await exchange.answers(2), [100, 200]);
            exchange.close();
        });

        it('a call in chunks may not be longer than another', async () => {
            const head = `POST /api/info HTTP/1.1\r\nHost: h\r\n${key}Transfer-Encoding: chunked\r\n\r\n`;
            const exchange = Exchange.begin(node.internalPort, head);
            for (let i = 0; i < 20; i++) exchange.write(`10000\r\n${'x'.repeat(0x10000)}\r\n`);
            assert.equal(await exchange.answer(), 413);
            exchange.close();
        });
    });

    describe('a refusal reaches who is still sending', () => {
        for (const [what, path, more, expected] of [
            ['404', '/nope', '', 404],
            ['405', '/health', '', 405],
            ['403', '/files', 'Origin: http://evil.example\r\n', 403],
            ['413', '/files?userid=a', 'Content-Type: text/plain\r\n', 413],
            ['415', '/files?userid=a', 'Content-Type: text/html\r\n', 415],
        ])
            it(what, async () => {
                const length = expected === 415 ? 6 * MIB : 9 * MIB;
                const exchange = new Exchange(node.port);
                exchange.socket.pause();
                exchange.write(
                    `POST ${path} HTTP/1.1\r\nHost: h\r\n${more}Content-Length: ${length}\r\n\r\n`,
                );
                exchange.write(Buffer.alloc(length));
                exchange.socket.resume();
                assert.deepEqual(await exchange.end(), [expected]);
            });
    });

    describe('a foreign name that points at this machine', () => {
        const evil = () => `evil.example:${node.port}`;
        const page = () => `Origin: http://${evil()}\r\n`;

        it('opens no WebSocket', async () => {
            for (const path of ['/ws', '/connection/websocket'])
                assert.equal(await status(handshake({ path, host: evil(), more: page() })), 421);
        });

        it('gets nothing else', async () => {
            for (const path of ['/', '/health', '/files/x/y', 'http://evil.example/health'])
                assert.equal(await status(get(path, page(), evil())), 421);
            const bytes = file('hi', page()).replace('Host: h', `Host: ${evil()}`);
            assert.equal(await status(bytes), 421);
            const exchange = Exchange.begin(node.port, get('/health', page(), evil()));
            await exchange.answer();
            assert.doesNotMatch(exchange.text, /Access-Control/i);
            exchange.close();
        });

        it('names of this machine are welcome', async () => {
            for (const host of ['localhost:1', 'a.localhost', '127.0.0.1', '[::1]:8', '10.1.2.3:9'])
                assert.equal(await status(get('/health', '', host)), 200, host);
        });

        it('so are the hosts of allowed origins, and those that are listed', async () => {
            const listed = await cluster.startNode({
                options: {
                    'allowed-origins': 'https://chat.example',
                    'allowed-hosts': 'talk.example',
                },
            });
            for (const [host, expected] of [
                ['chat.example', 200],
                ['talk.example:8080', 200],
                ['localhost', 200],
                ['10.1.2.3', 421],
                ['evil.example', 421],
            ])
                assert.equal(await status(get('/health', '', host), listed.port), expected, host);
        });

        it('who comes through a trusted proxy from elsewhere may use any name', async () => {
            const behind = await cluster.startNode({
                options: { 'trusted-proxies': '127.0.0.1' },
            });
            const from = (address) => `X-Forwarded-For: ${address}\r\n`;
            const ask = (more) => status(get('/health', more, 'chat.example'), behind.port);
            assert.equal(await ask(from('203.0.113.7')), 200);
            assert.equal(await ask(from('127.0.0.1')), 421);
            assert.equal(await ask(''), 421);
        });
    });

    it('behind a proxy that says https, a page of http is another origin', async () => {
        const behind = await cluster.startNode({ options: { 'trusted-proxies': '127.0.0.1' } });
        const ask = (scheme, said) =>
            status(
                handshake({ more: `Origin: ${scheme}://h\r\nX-Forwarded-Proto: ${said}\r\n` }),
                behind.port,
            );
        assert.equal(await ask('https', 'https'), 101);
        assert.equal(await ask('http', 'https'), 403);
        assert.equal(await ask('https', 'http'), 403);
    });
});
