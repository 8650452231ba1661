/*
 * parley_bench - it notices what a server does wrong, and says well what it saw.
 *
 * The servers that do wrong are small ones made here; speed is nobody's concern.
 */
import fs from 'node:fs';
import path from 'node:path';
import { once } from 'node:events';
import { before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { WebSocketServer } from 'ws';
import { useCluster } from './lib/cluster.js';
import { UNLIMITED } from './lib/gateway.js';
import { PARLEYD, run, temporaryFolder } from './lib/process.js';

const BENCH = path.join(path.dirname(PARLEYD), 'parley-bench');
const SHORT = ['--connections', '6', '--duration', '0.3', '--warmup', '0', '--rate', '300'];
const LIMITED = 'ulimit -n "$1"; shift; exec "$@"';

/** Gives every message to everyone; deliver(send, text, count) decides what one of them gets. */
class Room {
    constructor(deliver) {
        this.server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
        const members = [];
        let count = 0;
        this.server.on('connection', (socket) => {
            members.push(socket);
            socket.on('message', (data) => {
                const text = data.toString();
                const [victim, ...others] = members;
                others.forEach((member) => member.send(text));
                deliver((item) => victim.send(item), text, ++count);
            });
        });
    }

    async open() {
        await once(this.server, 'listening');
        return `127.0.0.1:${this.server.address().port}`;
    }

    close() {
        this.server.clients.forEach((client) => client.terminate());
        this.server.close();
    }
}

/** Runs parley-bench against such a room: {code, result, stdout}. */
async function benchOf(deliver, extra = []) {
    const room = new Room(deliver);
    const address = await room.open();
    const json = path.join(temporaryFolder(), 'result.json');
    const args = ['--protocol', 'raw', ...SHORT, '--json', json, ...extra, address];
    try {
        const ended = await run(BENCH, args);
        return { ...ended, result: JSON.parse(fs.readFileSync(json, 'utf8')) };
    } finally {
        room.close();
    }
}

describe('what a server does wrong', () => {
    it('nothing: every message came once and in order, and it ends with 0', async () => {
        const { code, result } = await benchOf((send, text) => send(text));
        assert.equal(code, 0);
        assert.equal(result.totals.delivered, 6 * result.totals.published);
        assert.ok(result.totals.published > 50);
    });

    it('one message lost for one subscriber makes it end with 1', async () => {
        const { code, result } = await benchOf((send, text, n) => n !== 20 && send(text));
        assert.deepEqual([code, result.totals.lost], [1, 1]);
    });

    it('the last message lost is noticed too', async () => {
        const { code, result } = await benchOf((send, text, n) => n < 30 && send(text));
        assert.equal(code, 1);
        assert.equal(result.totals.lost, result.totals.published - 29);
    });

    it('a repeated message makes it end with 1', async () => {
        const { code, result } = await benchOf((send, text, n) => {
            send(text);
            if (n === 20) send(text);
        });
        assert.deepEqual([code, result.totals.lost, result.totals.duplicated], [1, 0, 1]);
    });

    it('a message out of order makes it end with 1, and is not lost', async () => {
        let held;
        const { code, result } = await benchOf((send, text, n) => {
            if (n === 20) held = text;
            else send(text);
            if (n === 22) send(held);
        });
        assert.deepEqual([code, result.totals.lost, result.totals.out_of_order], [1, 0, 1]);
    });

    it('a connection that nobody answers ends it with 1 and a reason', async () => {
        const { code, stdout } = await run(BENCH, [...SHORT, '127.0.0.1:1']);
        assert.equal(code, 1);
        assert.match(stdout, /problem .*127\.0\.0\.1:1: Connection refused/);
    });
});

describe('what it says', () => {
    it('the page holds all plots and needs no other file or script', async () => {
        const page = path.join(temporaryFolder(), 'page.html');
        await benchOf((send, text) => send(text), ['--html', page]);
        const html = fs.readFileSync(page, 'utf8');
        assert.equal(html.match(/<svg /g).length, 5);
        assert.doesNotMatch(html, /<script|src=|href=|url\(|@import/);
    });

    it('the words of a server do not become part of the page', async () => {
        const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
        server.on('connection', (socket) => socket.close(4000, '<b>no</b>'));
        await once(server, 'listening');
        const page = path.join(temporaryFolder(), 'page.html');
        const address = `127.0.0.1:${server.address().port}`;
        const { code } = await run(BENCH, [...SHORT, '--html', page, address]);
        server.close();
        assert.equal(code, 1);
        assert.match(fs.readFileSync(page, 'utf8'), /4000 &lt;b&gt;no&lt;\/b&gt;/);
    });

    it('a pipe gets no line of progress', async () => {
        const { stdout } = await benchOf((send, text) => send(text));
        assert.doesNotMatch(stdout, /\r|\x1b/);
    });

    for (const [args, complaint] of [
        [['--protocol', 'smtp', 'x:1'], /--protocol: "smtp" is unknown/],
        [['--rate', '5', '--window', '5', '127.0.0.1:1'], /--rate and --window/],
        [['--connections', '0', '127.0.0.1:1'], /--connections must be .* not "0"/],
        [['--channel', 'a b', '127.0.0.1:1'], /--channel must be .* not "a b"/],
        [['nowhere'], /"nowhere" is not an address/],
        [[], /no address/],
    ]) {
        it(`bad arguments are named: ${args.join(' ') || '(none)'}`, async () => {
            const { code, stderr } = await run(BENCH, args);
            assert.equal(code, 2);
            assert.match(stderr, complaint);
        });
    }
});

describe('parleyd, loaded', () => {
    const cluster = useCluster({ nodes: 2, options: UNLIMITED });
    let addresses;
    before(() => {
        addresses = cluster.nodes.map(({ port }) => `127.0.0.1:${port}`);
    });

    for (const protocol of ['luchat', 'centrifuge']) {
        it(`${protocol}: ten channels on two nodes, everything arrives`, async () => {
            const load = ['--connections', '40', '--channels', '10', '--publishers', '20'];
            const short = ['--protocol', protocol, '--duration', '0.5', '--warmup', '0'];
            const { code, stdout } = await run(BENCH, [...load, ...short, ...addresses]);
            assert.equal(code, 0, stdout);
        });

        it(`${protocol}: a message sent to one address is heard on the other`, async () => {
            const { code, stdout } = await run(BENCH, [
                ...['--check', '--protocol', protocol],
                ...addresses,
            ]);
            assert.equal(code, 0, stdout);
        });
    }

    it('too few descriptors for one process are made up for by more of them', async () => {
        const args = ['--connections', '100', '--duration', '0.3', '--warmup', '0'];
        const limited = ['-c', LIMITED, 'bash', '110', BENCH, ...args, ...addresses];
        const { code, stdout } = await run('bash', limited);
        assert.equal(code, 0, stdout);
        assert.match(stdout, /3 workers/);
    });

    it('the process of a server is measured', async () => {
        const pids = cluster.nodes.flatMap((node) => ['--pid', String(node.process.pid)]);
        const { code, stdout } = await run(BENCH, [...SHORT, ...pids, ...addresses]);
        assert.equal(code, 0, stdout);
        assert.match(stdout, /deliveries per CPU second, .* of memory a connection/);
    });
});
