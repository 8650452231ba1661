/*
 * http_page - the page as it is served: compressed, cached under its version, with headers that
 * leave nothing to chance; and which pages of other origins may read what is answered.
 */
import { before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { useCluster } from './lib/cluster.js';
import { request } from './lib/http.js';

const web = path.resolve(import.meta.dirname, '../../gateway/web');
const LASTING = 'public, max-age=31536000, immutable';

const get = (port, address, headers, method) => request(port, address, { headers, method });

describe('the page as it is served', () => {
    const cluster = useCluster({ nodes: 1, redis: false });
    let port;
    let page;
    let root; // /web/VERSION/

    before(async () => {
        ({ port } = cluster.nodes[0]);
        page = await get(port, '/');
        [root] = page.body.match(/\/web\/[0-9a-f]+\//);
    });

    it('/ is a page of HTML that is asked for again each time', () => {
        assert.equal(page.status, 200);
        assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
        assert.equal(page.headers['cache-control'], 'no-cache');
    });

    it('all that it names is there, and kept for good', async () => {
        const names = [...page.body.matchAll(/(?:href|src)="(\/[^"]+)"/g)].map((m) => m[1]);
        assert.ok(names.length >= 4);
        for (const name of names) {
            const { status, headers } = await get(port, name);
            assert.deepEqual([status, headers['cache-control']], [200, LASTING], name);
        }
    });

    it('files are served byte for byte, as they are and compressed', async () => {
        for (const name of fs.readdirSync(web).filter((file) => /\.(js|css|svg)$/.test(file))) {
            const expected = fs.readFileSync(path.join(web, name));
            const plain = await get(port, root + name);
            const packed = await get(port, root + name, { 'Accept-Encoding': 'br, gzip' });
            assert.deepEqual(plain.bytes, expected, name);
            assert.equal(plain.headers['content-encoding'], undefined);
            assert.equal(packed.headers['content-encoding'], 'gzip');
            assert.deepEqual(gunzipSync(packed.bytes), expected, name);
            assert.match(packed.headers.vary, /Accept-Encoding/);
            assert.notEqual(packed.headers.etag, plain.headers.etag);
        }
    });

    for (const [accepted, isPacked] of [
        ['gzip', true],
        ['GZIP;q=1.0', true],
        ['deflate, gzip ;q=0.001', true],
        ['gzip;q=0', false],
        ['gzip; q=0.000', false],
        ['xgzip, gzipx', false],
        ['identity', false],
    ]) {
        it(`Accept-Encoding "${accepted}" is ${isPacked ? '' : 'not '}answered with gzip`, async () => {
            const { headers } = await get(port, '/', { 'Accept-Encoding': accepted });
            assert.equal(headers['content-encoding'] === 'gzip', isPacked);
        });
    }

    it('who has it already is told so, without a body', async () => {
        const answer = await get(port, '/', { 'If-None-Match': `"x", ${page.headers.etag}` });
        assert.deepEqual([answer.status, answer.body.length], [304, 0]);
        assert.equal(answer.headers.etag, page.headers.etag);
        assert.equal((await get(port, '/', { 'If-None-Match': '"x"' })).status, 200);
    });

    it('HEAD has the headers of GET and no body', async () => {
        const answer = await get(port, '/', {}, 'HEAD');
        assert.deepEqual(answer.body.length, 0);
        assert.equal(answer.headers['content-length'], page.headers['content-length']);
    });

    it('a page of another version gets what there is, and does not keep it', async () => {
        const { status, headers } = await get(port, '/web/0123456789abcdef/page.js');
        assert.deepEqual([status, headers['cache-control']], [200, 'no-cache']);
    });

    it('there is nothing else', async () => {
        for (const name of [
            '',
            'index.html',
            'embed.cmake',
            '../page.js',
            'page.js/',
            '%2e%2e/page.js',
        ])
            assert.equal((await get(port, root + name)).status, 404, name);
        for (const name of ['/web', '/web/', '/web/page.js', '/index.html'])
            assert.equal((await get(port, name)).status, 404, name);
    });

    it('it is only read', async () => {
        const answer = await get(port, '/', { 'Content-Length': '0' }, 'POST');
        assert.deepEqual([answer.status, answer.headers.allow], [405, 'GET, HEAD']);
    });

    it('its policy allows no script and no style but its own files', () => {
        const policy = page.headers['content-security-policy'];
        assert.match(policy, /default-src 'none'/);
        assert.match(policy, /script-src 'self';/);
        assert.match(policy, /frame-ancestors 'none'/);
        assert.doesNotMatch(policy, /unsafe|\*|data:/);
        assert.doesNotMatch(page.body, /<script(?![^>]*src=)|<style|\son\w+=|style=/);
    });

    it('it is what its type says, and gives no referrer', () => {
        assert.equal(page.headers['x-content-type-options'], 'nosniff');
        assert.equal(page.headers['referrer-policy'], 'no-referrer');
    });

    it('it is for people: the internal port does not have it', async () => {
        assert.equal((await get(cluster.nodes[0].internalPort, '/')).status, 404);
    });

    for (const [option, value] of [
        ['page', 'off'],
        ['luchat', 'off'],
    ]) {
        it(`--${option} ${value} leaves no page`, async () => {
            const node = await cluster.startNode({ options: { [option]: value } });
            assert.equal((await get(node.port, '/')).status, 404);
            assert.equal((await get(node.port, root + 'page.js')).status, 404);
        });
    }
});

describe('pages of other origins', () => {
    const FRIEND = 'https://chat.example';
    const options = { 'allowed-origins': `${FRIEND},https://other.example` };
    const cluster = useCluster({ nodes: 1, redis: false, options });
    const ask = (Origin, method = 'GET', where = '/health', more = {}) =>
        get(cluster.nodes[0].port, where, { ...(Origin ? { Origin } : {}), ...more }, method);
    const preflight = (Origin) =>
        ask(Origin, 'OPTIONS', '/files', {
            'Access-Control-Request-Method': 'POST',
            'Access-Control-Request-Headers': 'authorization',
        });

    it('an allowed one may read answers, with credentials', async () => {
        const { headers } = await ask(FRIEND);
        assert.equal(headers['access-control-allow-origin'], FRIEND);
        assert.equal(headers['access-control-allow-credentials'], 'true');
        assert.match(headers.vary, /Origin/);
    });

    it('another may not', async () => {
        for (const origin of [
            'https://evil.example',
            'null',
            `${FRIEND}.evil.example`,
            'http://chat.example',
        ]) {
            const { headers } = await ask(origin);
            assert.equal(headers['access-control-allow-origin'], undefined, origin);
            assert.match(headers.vary, /Origin/);
        }
    });

    it('answers differ by origin even where none is named, and say so', async () => {
        const { headers } = await ask(null);
        assert.equal(headers['access-control-allow-origin'], undefined);
        assert.match(headers.vary, /Origin/);
    });

    it('refusals can be read, too', async () => {
        const { status, headers } = await ask(FRIEND, 'GET', '/nothing');
        assert.deepEqual([status, headers['access-control-allow-origin']], [404, FRIEND]);
    });

    it('a preflight is answered with what may be asked', async () => {
        const { status, headers, body } = await preflight(FRIEND);
        assert.deepEqual([status, body.length], [204, 0]);
        assert.equal(headers['access-control-allow-origin'], FRIEND);
        assert.match(headers['access-control-allow-methods'], /POST/);
        assert.match(headers['access-control-allow-headers'], /Authorization/i);
        assert.ok(Number(headers['access-control-max-age']) > 0);
    });

    it('a preflight of a stranger allows nothing', async () => {
        const { status, headers } = await preflight('https://evil.example');
        assert.equal(status, 204);
        for (const name of Object.keys(headers)) assert.doesNotMatch(name, /^access-control/);
    });

    it('the page of the gateway itself needs no list', async () => {
        const own = `http://127.0.0.1:${cluster.nodes[0].port}`;
        assert.equal((await ask(own)).headers['access-control-allow-origin'], own);
    });

    it('with * any page may read, but without credentials', async () => {
        const node = await cluster.startNode({ options: { 'allowed-origins': '*' } });
        const { headers } = await get(node.port, '/health', { Origin: 'https://any.example' });
        assert.equal(headers['access-control-allow-origin'], '*');
        assert.equal(headers['access-control-allow-credentials'], undefined);
    });

    it('the internal port is not for pages', async () => {
        const { headers } = await get(cluster.nodes[0].internalPort, '/health', {
            Origin: FRIEND,
        });
        assert.equal(headers['access-control-allow-origin'], undefined);
    });
});
