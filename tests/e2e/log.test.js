/*
 * log - the events that parleyd logs: the table of them, and the lines that follow one connection
 * from its first octet to its last.
 */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { hasOpenssl, makeCertificate } from './lib/certificate.js';
import { Client } from './lib/client.js';
import { newChannel, useCluster } from './lib/cluster.js';
import { request } from './lib/http.js';
import { PARLEYD, run } from './lib/process.js';
import { SECRET, tokenOf } from './lib/token.js';
import { eventually } from './lib/wait.js';

const top = path.resolve(import.meta.dirname, '../..');

const printed = async () => (await run(PARLEYD, ['--print-log-events'])).stdout;

describe('the table of events', () => {
    it('stands in README.md as the program prints it', async () => {
        const readme = fs.readFileSync(path.join(top, 'README.md'), 'utf8');
        const table = await printed();
        assert.ok(table.split('\n').length > 30, table);
        const first = table.split('\n')[0];
        const shown = readme.slice(readme.indexOf(first));
        assert.equal(shown.slice(0, shown.indexOf('\n\n') + 1), table);
    });

    it('has no event that nobody logs', async () => {
        const folder = path.join(top, 'gateway');
        const sources = fs
            .readdirSync(folder, { recursive: true })
            .filter((name) => name.endsWith('.c'))
            .map((name) => fs.readFileSync(path.join(folder, name), 'utf8'))
            .join('\n');
        for (const [, name] of (await printed()).matchAll(/^\| `(\w+)`/gm)) {
            const use = new RegExp(`\\b(log_\\w+\\(\\s*${name},|LOG_EVENT_${name}\\b)`);
            assert.ok(use.test(sources), name);
        }
    });
});

/** A line of logfmt as an object; values with blanks are in quotes. */
const fieldsOf = (line) =>
    Object.fromEntries(
        [...line.matchAll(/(\w+)=("(?:[^"\\]|\\.)*"|\S*)/g)].map(([, key, value]) => [
            key,
            value.startsWith('"') ? JSON.parse(value) : value,
        ]),
    );

describe('the life of a connection in the log', () => {
    const options = {
        'log-level': 'debug',
        'token-secret': SECRET,
        'api-key': 'a key that is in no log',
    };
    const cluster = useCluster({ nodes: 1, redis: false, options });

    const logged = (node = cluster.nodes[0]) =>
        node.process.lines.items.filter((line) => /^time=/.test(line)).map(fieldsOf);

    /** The lines of one connection, when it is gone. */
    async function lifeOf(isMine, node) {
        const own = await eventually(() => logged(node).find(isMine)?.connection, 'its line');
        const life = () => logged(node).filter((line) => line.connection === own);
        await eventually(() => life().at(-1).event === 'connection_closed', 'its last line');
        return life();
    }

    const eventsOf = (life) => life.map((line) => line.event);

    it('is followed by one number, from the first line to the last', async () => {
        const [node] = cluster.nodes;
        const channel = newChannel();
        const token = tokenOf('ann');
        const client = await node.connect(channel, token);
        await client.hears(client.say('ann', 'for no eyes but yours'));
        client.socket.close(4321, 'bye');
        await client.end();
        const life = await lifeOf((line) => line.channel === channel);
        assert.deepEqual(eventsOf(life), [
            'connection_accepted',
            'handshake_read',
            'session_opened',
            'subscribed',
            'close_received',
            'unsubscribed',
            'session_closed',
            'connection_closed',
        ]);
        const opened = life.find((line) => line.event === 'session_opened');
        assert.equal(opened.dialect, 'luchat');
        assert.match(opened.client, new RegExp(`^${node.name}-`));
        assert.equal(life.find((line) => line.event === 'close_received').code, '4321');
        assert.ok(life.every((line) => line.level === 'debug'));
        for (const secret of ['for no eyes but yours', token, SECRET, options['api-key']])
            assert.ok(!node.process.lines.items.some((line) => line.includes(secret)), secret);
    });

    it('says why the gateway ends it', async () => {
        const channel = newChannel();
        const client = await cluster.nodes[0].connect(channel, tokenOf('ben'));
        client.send(Buffer.from('no text'), { binary: true });
        assert.equal((await client.end()).code, 1003);
        const life = await lifeOf((line) => line.channel === channel);
        const closing = life.find((line) => line.event === 'session_closing');
        assert.deepEqual([closing.code, closing.reason], ['1003', 'text frames only']);
        const events = eventsOf(life);
        assert.ok(events.indexOf('session_closing') < events.indexOf('session_closed'));
    });

    it('is that of an SDK, too, with each channel', async () => {
        const channel = newChannel();
        const sdk = await cluster.nodes[0].connectSdk({ token: tokenOf('eve') });
        await sdk.subscribe(channel);
        await sdk.drop();
        const life = await lifeOf((line) => line.channel === channel);
        assert.equal(life.find((line) => line.event === 'session_opened').dialect, 'centrifuge');
        const events = eventsOf(life);
        assert.ok(events.indexOf('subscribed') < events.indexOf('unsubscribed'), events.join(' '));
    });

    it('is no other over TLS', { skip: !hasOpenssl && 'no openssl here' }, async () => {
        const channel = newChannel();
        const { cert, key } = makeCertificate('localhost');
        const node = await cluster.startNode({ options: { 'tls-cert': cert, 'tls-key': key } });
        const url = `wss://127.0.0.1:${node.port}/ws?channel=${channel}&token=${tokenOf('joe')}`;
        const client = await Client.open(url, { rejectUnauthorized: false });
        client.socket.close(1000);
        await client.end();
        const events = eventsOf(await lifeOf((line) => line.channel === channel, node));
        assert.equal(events[0], 'connection_accepted');
        assert.ok(events.includes('close_received'), events.join(' '));
        assert.equal(events.at(-1), 'connection_closed');
    });

    it('of plain HTTP is short, and of a handshake that is refused it says why', async () => {
        await request(cluster.nodes[0].port, '/health');
        const headers = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Version': '7' };
        await request(cluster.nodes[0].port, '/ws', { headers });
        const life = await lifeOf((line) => line.event === 'handshake_refused');
        assert.deepEqual(eventsOf(life), [
            'connection_accepted',
            'handshake_refused',
            'connection_closed',
        ]);
        const plain = await lifeOf(
            (line) => Number(line.connection) === Number(life[0].connection) - 1,
        );
        assert.deepEqual(eventsOf(plain), ['connection_accepted', 'connection_closed']);
    });
});
