/*
 * tls - wss:// and https:// from the gateway itself.
 */
import { after, before, beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { makeCertificate, hasOpenssl } from './lib/certificate.js';
import { Client } from './lib/client.js';
import { everyoneHears, newChannel, useCluster } from './lib/cluster.js';
import { message } from './lib/luchat.js';
import { PARLEYD, run } from './lib/process.js';
import { fragments, frame } from './lib/raw.js';
import { fileOf, rsaPair, sign } from './lib/token.js';
import { eventually, within } from './lib/wait.js';

const ASK =
    'GET /ws?channel=CHANNEL HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n' +
    'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const trusting = { rejectUnauthorized: false };

/** GET: {status, body}. */
function get(port, path) {
    const answered = new Promise((resolve, reject) => {
        const options = { host: '127.0.0.1', port, path, agent: false, ...trusting };
        https
            .get(options, (response) => {
                let body = '';
                response.on('data', (data) => (body += data));
                response.on('end', () => resolve({ status: response.statusCode, body }));
            })
            .on('error', reject);
    });
    return within(answered, `an answer to GET ${path}`);
}

/** Once the handshake of TLS is done. */
async function connectTls(port, options = {}) {
    const socket = tls.connect({ host: '127.0.0.1', port, ...trusting, ...options });
    await within(
        new Promise((resolve, reject) => {
            // with TLS 1.3 the certificate is there before the server's word that all is well
            socket.on('secureConnect', resolve);
            socket.on('error', reject);
        }),
        'a handshake of TLS',
    );
    return socket;
}

async function nameOf(port) {
    const socket = await connectTls(port);
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return CN;
}

describe('TLS', { skip: hasOpenssl ? false : 'there is no openssl' }, () => {
    const first = hasOpenssl && makeCertificate('first');
    const second = hasOpenssl && makeCertificate('second', 'rsa');
    const files = hasOpenssl && makeCertificate('to be replaced');
    const replaceBy = ({ cert, key }) => {
        fs.copyFileSync(cert, files.cert);
        fs.copyFileSync(key, files.key);
    };
    const options = { 'tls-cert': files.cert, 'tls-key': files.key };

    describe('on the public port', () => {
        before(() => replaceBy(first));
        const cluster = useCluster({ redis: false, options });
        const clients = [];
        let node;
        let channel;

        beforeEach(() => {
            [node] = cluster.nodes;
            channel = newChannel();
        });
        after(() => Promise.all(clients.map((client) => client.drop())));

        async function connect() {
            const url = `wss://127.0.0.1:${node.port}/ws?channel=${channel}`;
            const client = await Client.open(url, trusting);
            clients.push(client);
            return client;
        }

        it('the page and /health are served by https', async () => {
            assert.equal((await get(node.port, '/health')).status, 200);
            const page = await get(node.port, '/');
            assert.match(page.body, /<\/html>\s*$/);
            const [, script] = page.body.match(/src="([^"]+\.js)"/);
            assert.equal((await get(node.port, new URL(script, 'https://a/').pathname)).status, 200);
        });

        it('clients of wss:// hear each other, whatever the length', async () => {
            const all = [await connect(), await connect()];
            for (const length of [1, 200, 255, 256, 300, 4000, 16_300, 16_384, 50_000, 65_000])
                await everyoneHears(all[0], all, 'x'.repeat(length));
        });

        it('a message in fragments, and octet by octet, arrives', async () => {
            const listener = await connect();
            const socket = await connectTls(node.port);
            const text = message('a', 'y'.repeat(300));
            socket.write(ASK.replace('CHANNEL', channel));
            const pieces = text.match(/.{1,50}/gs);
            for (const piece of fragments(pieces)) socket.write(piece);
            for (const octet of frame(text)) socket.write(Buffer.from([octet]));
            await listener.hears(text);
            await listener.hears(text);
            socket.destroy();
        });

        it('a message that comes in one record with the handshake arrives whole', async () => {
            const listener = await connect();
            const socket = await connectTls(node.port);
            const text = message('a', 'z'.repeat(3000));
            socket.write(Buffer.concat([Buffer.from(ASK.replace('CHANNEL', channel)), frame(text)]));
            await listener.hears(text);
            socket.destroy();
        });

        it('a frame without a mask is refused, also octet by octet', async () => {
            for (const isWhole of [true, false]) {
                const socket = await connectTls(node.port);
                const closed = new Promise((resolve) => socket.on('close', resolve));
                const bytes = frame('ping', { isMasked: false });
                let heard = Buffer.alloc(0);
                socket.on('data', (data) => (heard = Buffer.concat([heard, data])));
                socket.on('error', () => {});
                socket.write(ASK.replace('CHANNEL', channel));
                await eventually(() => heard.includes('\r\n\r\n'), 'the answer to a handshake');
                if (isWhole) socket.write(bytes);
                else for (const octet of bytes.subarray(0, 3)) socket.write(Buffer.from([octet]));
                await eventually(() => heard.includes('without a mask'), 'the close frame');
                socket.destroy();
                await within(closed, 'the end');
            }
        });

        it('one who reads slowly gets all of it', async () => {
            const [speaker, slow] = [await connect(), await connect()];
            const COUNT = 300;
            slow.socket.pause();
            const said = Array.from({ length: COUNT }, (_, i) =>
                speaker.say('s', `${i} ${'w'.repeat(2000)}`),
            );
            await speaker.hears(said.at(-1));
            slow.socket.resume();
            for (const text of said) await slow.hears(text);
        });

        it('a ping is answered', async () => {
            const client = await connect();
            const answered = new Promise((resolve) => client.socket.on('pong', resolve));
            client.socket.ping('are you there');
            assert.equal(String(await within(answered, 'a pong')), 'are you there');
        });

        it('a client that renews its keys is heard on', async () => {
            const client = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${node.port}`]);
            let heard = '';
            for (const stream of [client.stdout, client.stderr])
                stream.on('data', (data) => (heard += data));
            await eventually(() => heard.includes('Verify return code'), 'a handshake of TLS');
            for (let i = 1; i <= 5; i++) {
                client.stdin.write('K\n');
                await eventually(() => heard.split('KEYUPDATE').length > i, 'new keys');
            }
            client.stdin.write('GET /health HTTP/1.0\n\n');
            await eventually(() => heard.includes('200 OK'), 'an answer');
            client.kill();
        });

        it('a token with a wrong signature ends nobody else', async () => {
            const keys = rsaPair();
            const strict = await cluster.startNode({
                options: { 'token-rsa-key': fileOf(keys.publicPem) },
            });
            const open = (key) =>
                Client.open(
                    `wss://127.0.0.1:${strict.port}/ws?channel=${channel}` +
                        `&token=${sign({ sub: 'ann' }, { alg: 'RS256', key })}`,
                    trusting,
                );
            const ann = await open(keys.privateKey);
            await ann.hears(ann.say('ann', 'before'));
            const stranger = await open(rsaPair().privateKey);
            ann.socket.ping();
            await stranger.end();
            await ann.hears(ann.say('ann', 'after'));
            await ann.drop();
        });

        for (const version of ['TLSv1', 'TLSv1.1'])
            it(`${version} is refused`, async () => {
                await assert.rejects(
                    connectTls(node.port, {
                        minVersion: version,
                        maxVersion: version,
                        ciphers: 'ALL:@SECLEVEL=0',
                    }),
                );
            });

        for (const version of ['TLSv1.2', 'TLSv1.3'])
            it(`${version} is spoken, with forward secrecy, and HTTP/1.1 within`, async () => {
                const socket = await connectTls(node.port, {
                    minVersion: version,
                    maxVersion: version,
                    ALPNProtocols: ['h2', 'http/1.1'],
                });
                assert.equal(socket.getProtocol(), version);
                assert.equal(socket.alpnProtocol, 'http/1.1');
                assert.match(socket.getCipher().name, /^(TLS_|ECDHE)/);
                socket.destroy();
            });

        it('a client without forward secrecy is refused', async () => {
            await assert.rejects(
                connectTls(node.port, { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:AES256-SHA' }),
            );
        });

        it('who does not speak TLS gets nothing, and harms nobody', async () => {
            const socket = net.connect(node.port, '127.0.0.1');
            const closed = new Promise((resolve) => socket.on('close', resolve));
            let heard = '';
            socket.on('data', (data) => (heard += data.toString('latin1')));
            socket.on('error', () => {});
            socket.write('GET /health HTTP/1.1\r\nHost: a\r\n\r\n');
            await within(closed, 'the end of the connection');
            assert.doesNotMatch(heard, /HTTP/);
            assert.equal((await get(node.port, '/health')).status, 200);
        });

        it('who begins with TLS and says no more is ended in time', async () => {
            const quick = await cluster.startNode({ options: { 'handshake-timeout-ms': 1000 } });
            const silent = net.connect(quick.port, '127.0.0.1');
            const closed = new Promise((resolve) => silent.on('close', resolve));
            silent.on('error', () => {}).resume();
            silent.write(Buffer.from([0x16, 0x03]));
            await within(closed, 'the end of the connection');
        });

        it('SIGHUP brings a new certificate of another kind, and drops nobody', async () => {
            const all = [await connect(), await connect()];
            assert.equal(await nameOf(node.port), 'first');
            replaceBy(second);
            node.signal('SIGHUP');
            await node.process.line(/event=certificate_reloaded/);
            assert.equal(await nameOf(node.port), 'second');
            await everyoneHears(all[0], all, 'still here');
        });

        it('files that are of no use leave the certificate as it was', async () => {
            const before = await nameOf(node.port);
            fs.writeFileSync(files.cert, 'no certificate');
            node.signal('SIGHUP');
            await node.process.line(/level=error event=certificate_not_reloaded .*no certificate/);
            assert.equal(await nameOf(node.port), before);
            replaceBy(first);
            node.signal('SIGHUP');
            await node.process.line(/event=certificate_reloaded/);
        });
    });

    it('the internal port can have a certificate of its own', async (context) => {
        const port = { 'internal-tls-cert': second.cert, 'internal-tls-key': second.key };
        port['handshakes-per-s'] = '1'; // strangers' alone
        const cluster = { node: null };
        const { Gateway } = await import('./lib/gateway.js');
        cluster.node = await Gateway.launch('internal-tls', { options: port });
        context.after(() => cluster.node.stop());
        await cluster.node.ready();
        for (const path of ['/health', '/ready', '/metrics'])
            assert.equal((await get(cluster.node.internalPort, path)).status, 200, path);
        assert.equal(await nameOf(cluster.node.internalPort), 'second');
    });

    describe('with workers', () => {
        before(() => replaceBy(first));
        const cluster = useCluster({ options: { ...options, workers: 2 } });

        /** The names that new connections see: those of every worker, as good as surely. */
        const namesOf = async (node) => {
            const names = await Promise.all(Array.from({ length: 12 }, () => nameOf(node.port)));
            return [...new Set(names)].join(' and ');
        };
        const untilAll = (node, name) =>
            eventually(async () => (await namesOf(node)) === name, `${name} at every worker`);

        it('SIGHUP reaches each of them, also one that is only starting', async () => {
            const [node] = cluster.nodes;
            replaceBy(second);
            node.signal('SIGHUP');
            await untilAll(node, 'second');
        });

        it('one that starts anew has the certificate of the others', async () => {
            const [node] = cluster.nodes;
            await untilAll(node, 'second');
            const started = () =>
                node.process.lines.items.filter((line) => /worker=1 event=started/.test(line));
            process.kill(Number(/pid=(\d+)/.exec(started()[0])[1]), 'SIGKILL');
            await eventually(() => started().length === 2, 'another worker 1');
            await untilAll(node, 'second');
        });
    });

    describe('files of no use', () => {
        const check = (cert, key) =>
            run(PARLEYD, ['--check-config', '--tls-cert', cert, '--tls-key', key]);
        const REFUSED = {
            'a certificate that is not there': [() => ['/none.pem', first.key], /none\.pem: No such file/],
            'a key that is not there': [() => [first.cert, '/none.pem'], /none\.pem: No such file/],
            'a key of another certificate': [() => [first.cert, second.key], /is not that of the key/],
            'a key in place of the certificate': [() => [first.key, first.key], /no certificate/],
            'a certificate in place of the key': [() => [first.cert, first.cert], /no private key/],
        };
        for (const [name, [given, expected]] of Object.entries(REFUSED))
            it(`${name} is refused at the start with one line`, async () => {
                const { code, stderr } = await check(...given());
                assert.equal(code, 2);
                assert.match(stderr, expected);
                assert.match(stderr, /^parleyd: --tls-cert: [^\n]+\n$/);
            });

        it('a certificate without a key is refused', async () => {
            const { code, stderr } = await run(PARLEYD, ['--tls-cert', first.cert]);
            assert.equal(code, 2);
            assert.match(stderr, /need each other/);
        });

        it('files that fit are found good', async () => {
            assert.equal((await check(first.cert, first.key)).code, 0);
        });
    });
});
