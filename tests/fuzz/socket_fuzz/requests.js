/*
 * requests - HTTP by grammar, and past it.
 */
import { KEY } from '../../e2e/lib/api.js';
import { apiCall, NAMES, perhapsWrong, token } from './words.js';

const METHODS = [
    'GET',
    'GET',
    'GET',
    'HEAD',
    'POST',
    'POST',
    'OPTIONS',
    'PUT',
    'DELETE',
    'CONNECT',
    'TRACE',
    'PATCH',
    'get',
    'G',
    '',
    'PRI',
];
const PATHS = [
    ...[
        '/',
        '/health',
        '/ready',
        '/metrics',
        '/api',
        '/api/',
        '/api/info',
        '/api/publish',
        '/files',
        '/files/',
    ],
    ...[
        '/ws',
        '/connection/websocket',
        '/web/',
        '/web/x/page.js',
        '/favicon.ico',
        '/nothing',
        '*',
        '',
    ],
    ...[
        '/files/0123456789abcdef0123456789abcdef/a.txt',
        '/../etc/passwd',
        '/%',
        '/%00',
        '/%2e%2e/',
        '//',
        '/?',
        '/a%0d%0ab: c',
    ],
    ...['http://a/health', 'http://a', '/health#x', '/x'.repeat(300), `/${'x'.repeat(9000)}`],
];
const VERSIONS = [
    'HTTP/1.1',
    'HTTP/1.1',
    'HTTP/1.1',
    'HTTP/1.1',
    'HTTP/1.0',
    'HTTP/2.0',
    'HTTP/0.9',
    'http/1.1',
    'HTTP/1.',
    '',
];

const HEADERS = [
    [
        'Connection',
        ['keep-alive', 'close', 'Upgrade', 'upgrade, keep-alive', '', ',', 'Transfer-Encoding'],
    ],
    ['Upgrade', ['websocket', 'h2c', 'WebSocket', 'x', 'websocket, h2c', '']],
    ['HTTP2-Settings', ['AAMAAABkAAQCAAAAAAIAAAAA']],
    ['Expect', ['100-continue', 'x', '']],
    [
        'Transfer-Encoding',
        ['chunked', 'gzip, chunked', 'identity', 'chunked, chunked', ' chunked ', 'xchunked'],
    ],
    [
        'Content-Length',
        [
            '0',
            '1',
            '5',
            '10',
            '-1',
            '+5',
            '0x5',
            '5, 5',
            '5,6',
            '',
            '18446744073709551617',
            '99999999999',
            '5 ',
            '1e3',
        ],
    ],
    [
        'Content-Type',
        ['application/json', 'text/plain', 'image/png', 'multipart/form-data; boundary=x', ''],
    ],
    ['Host', ['127.0.0.1', 'localhost', 'evil.example', '', 'a b', '[::1]:80', 'a,b']],
    ['Origin', ['http://127.0.0.1', 'http://evil.example', 'null', '', 'x']],
    ['X-API-Key', [KEY, '', 'wrong', ` ${KEY} `]],
    ['Authorization', [`apikey ${KEY}`, 'Bearer x', '']],
    [
        'X-Forwarded-For',
        [
            '203.0.113.7',
            '203.0.113.7:80, 10.0.0.1',
            '[::1]:5',
            'unknown',
            ',,',
            '',
            '1.2.3.4.5',
            'x'.repeat(2000),
        ],
    ],
    ['X-File-Name', ['a.txt', '../a', '%00', '\u00e9', 'x'.repeat(300), '']],
    ['Range', ['bytes=0-', 'bytes=5-1', 'bytes=-1', 'bytes=0-0,2-3', 'x']],
    ['If-None-Match', ['*', '"x"', 'W/"x"']],
    ['Accept-Encoding', ['gzip', 'br, gzip', 'identity;q=0', '']],
    ['Access-Control-Request-Method', ['POST', 'GET', '']],
    ['Sec-WebSocket-Version', ['13', '8', '13, 8', '']],
    ['Sec-WebSocket-Key', ['dGhlIHNhbXBsZSBub25jZQ==', 'x', '']],
    ['Sec-WebSocket-Protocol', ['centrifuge-json', 'centrifuge-protobuf', 'x', '', 'a, b']],
    [
        'Sec-WebSocket-Extensions',
        [
            'permessage-deflate',
            'x'.repeat(300),
            '',
            'permessage-deflate; client_max_window_bits=99',
        ],
    ],
    ['Cookie', ['a=b', 'x'.repeat(4000), 'x'.repeat(9000)]],
    ['X', ['', ' ', '\t', 'x']],
];

function headerLine(chance) {
    const [name, values] = chance.pick(HEADERS);
    const separator = chance.pick([': ', ': ', ': ', ':', ' : ', ':\t', ':  ']);
    const end = chance.oneIn(30) ? chance.pick(['\n', '\r', '', '\r\r\n', '\r\n ']) : '\r\n';
    return `${chance.oneIn(10) ? name.toLowerCase() : name}${separator}${chance.pick(values)}${chance.pick(['', '', '', ' ', '\t'])}${end}`;
}

function chunked(chance, body) {
    const parts = [];
    for (let at = 0; at < body.length;) {
        const piece = body.subarray(at, at + chance.between(1, 100));
        const size = chance.oneIn(20)
            ? chance.pick(['x', '-1', 'ffffffffffffffff', '', '0x5'])
            : piece.length.toString(16);
        parts.push(
            Buffer.from(`${size}${chance.oneIn(10) ? ';a=b' : ''}\r\n`),
            piece,
            Buffer.from(chance.oneIn(20) ? '\n' : '\r\n'),
        );
        at += piece.length;
    }
    parts.push(Buffer.from(chance.oneIn(10) ? '0\r\nTrailer: x\r\n\r\n' : '0\r\n\r\n'));
    return Buffer.concat(parts);
}

/** A request with a body and headers that say how long it is, mostly in truth. */
function withBody(chance, line, headers, body) {
    const head = `${line} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}`;
    if (chance.oneIn(5))
        return Buffer.concat([
            Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`),
            chunked(chance, body),
        ]);
    const length = chance.oneIn(12) ? body.length + chance.between(-5, 20) : body.length;
    const more = chance.oneIn(8) ? 'Expect: 100-continue\r\n' : '';
    return Buffer.concat([
        Buffer.from(`${head}Content-Length: ${length}\r\n${more}\r\n`),
        body,
    ]);
}

export function api(chance) {
    const { method, text } = apiCall(chance);
    const key = chance.oneIn(8) ? '' : `X-API-Key: ${KEY}\r\n`;
    return withBody(chance, `POST /api/${method}`, key, perhapsWrong(chance, text));
}

export function upload(chance) {
    const query = new URLSearchParams({
        channel: chance.pick(NAMES),
        name: chance.pick(['a.txt', '../a', 'x'.repeat(300), '']),
        userid: chance.pick(['ann', '']),
        ...(chance.oneIn(3) ? { token: token(chance) } : {}),
    });
    const type = chance.pick(['text/plain', 'image/png', 'text/html', '', 'x']);
    const body = Buffer.alloc(chance.oneIn(10) ? chance.below(300_000) : chance.length(), 'f');
    return withBody(
        chance,
        `POST /files?${query}`,
        `Content-Type: ${type}\r\n${chance.oneIn(4) ? headerLine(chance) : ''}`,
        body,
    );
}

export function odd(chance) {
    const lines = chance.some(0, chance.oneIn(20) ? 60 : 6, () => headerLine(chance)).join('');
    const host = chance.oneIn(6) ? '' : 'Host: 127.0.0.1\r\n';
    const head = `${chance.pick(METHODS)} ${chance.pick(PATHS)} ${chance.pick(VERSIONS)}\r\n${host}${lines}\r\n`;
    const body = chance.oneIn(3) ? chance.bytes(chance.below(50)) : Buffer.alloc(0);
    return Buffer.concat([
        Buffer.from(chance.oneIn(20) ? '\r\n' : ''),
        Buffer.from(head, 'latin1'),
        body,
    ]);
}

export const plain = (chance, paths) =>
    Buffer.from(
        `${chance.pick(['GET', 'HEAD', 'OPTIONS'])} ${chance.pick(paths)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
    );

/** A handshake that is let in; path with its query. */
export const handshake = (path) =>
    Buffer.from(
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
            'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
        'latin1',
    );
