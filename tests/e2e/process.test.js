/*
 * process - what parleyd is to the system that runs it: signals that were set or blocked before
 * it started, signals that ask for what it does not do, a log whose reader stands still, names
 * of machines.
 */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { useCluster } from './lib/cluster.js';
import { flags } from './lib/gateway.js';
import { freePort } from './lib/ports.js';
import { PARLEYD, Process, temporaryFolder } from './lib/process.js';
import { handshake, request } from './lib/http.js';
import { eventually } from './lib/wait.js';

const DEAF = "trap '' TERM INT CHLD HUP USR1 USR2 QUIT; exec \"$@\"";
const BLOCKED =
    'import os, signal, sys\n' +
    'signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))\n' +
    'os.execv(sys.argv[1], sys.argv[1:])';
const RENAMED =
    'import os, socket, sys\n' +
    'socket.sethostname(sys.argv[1])\n' +
    'os.execv(sys.argv[2], sys.argv[2:])';
const IGNORED = ['bash', '-c', DEAF, 'bash'];
const MASKED = ['python3', '-c', BLOCKED];

/** A parleyd that is started by another program: {process, internal}. */
async function startBy(command, options = {}) {
    const internal = await freePort();
    const args = flags({
        listen: `127.0.0.1:${await freePort()}`,
        internal: `127.0.0.1:${internal}`,
        'drain-timeout-ms': 500,
        ...options,
    });
    const [program, ...words] = [...command, PARLEYD, ...args];
    const process = new Process('parleyd', program, words);
    await process.line(/event=ready\b/);
    return { process, internal };
}

const pidOfWorker = (parleyd, number) =>
    Number(
        parleyd.lines.items
            .map((line) => new RegExp(`worker=${number} event=started .*pid=(\\d+)`).exec(line))
            .findLast(Boolean)?.[1],
    );

describe('signals that were ignored or blocked before the start', () => {
    const cluster = useCluster({ nodes: 0 });

    for (const [what, command] of [
        ['ignored', IGNORED],
        ['blocked', MASKED],
    ]) {
        it(`${what}: SIGTERM ends it`, async () => {
            const { process: parleyd } = await startBy(command);
            parleyd.signal('SIGTERM');
            assert.deepEqual(await parleyd.exit(), { code: 0, signal: null });
        });

        it(`${what}: a worker that dies is replaced, and SIGTERM ends all`, async () => {
            const options = { workers: 2, redis: cluster.redis.url, node: `w-${what}` };
            const { process: parleyd } = await startBy(command, options);
            const first = await eventually(() => pidOfWorker(parleyd, 1), 'worker 1');
            process.kill(first, 'SIGKILL');
            await eventually(() => pidOfWorker(parleyd, 1) !== first, 'another worker 1');
            await parleyd.line(/event=ready\b/);
            parleyd.signal('SIGTERM');
            assert.deepEqual(await parleyd.exit(20_000), { code: 0, signal: null });
        });
    }
});

describe('a signal', () => {
    const cluster = useCluster({ nodes: 0, redis: false });

    async function signalled(name, event) {
        const node = await cluster.startNode({});
        const client = await node.connect();
        node.signal(name);
        await node.process.line(new RegExp(`event=${event}\\b`));
        await client.hears(client.say('ann', 'still here'));
    }

    it('SIGHUP says what is read anew, and ends nothing', () => signalled('SIGHUP', 'reload'));

    it('SIGUSR1 ends nothing', () => signalled('SIGUSR1', 'signal_passed_over'));

    it('SIGUSR2 ends nothing', () => signalled('SIGUSR2', 'signal_passed_over'));

    it('SIGQUIT says goodbye to all', async () => {
        const node = await cluster.startNode({});
        const client = await node.connect();
        node.signal('SIGQUIT');
        assert.equal((await client.end()).code, 1001);
        assert.equal(await node.exitCode(), 0);
    });
});

describe('a log that nobody reads', () => {
    it('does not stop the node, and what is lost is counted', async () => {
        const fifo = path.join(temporaryFolder(), 'log');
        execFileSync('mkfifo', [fifo]);
        const reader = fs.openSync(fifo, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
        const [port, internal] = [await freePort(), await freePort()];
        const args = flags({
            listen: `127.0.0.1:${port}`,
            internal: `127.0.0.1:${internal}`,
            'log-level': 'debug',
        });
        const command = ['-c', 'exec "$@" 2>"$0"', fifo, PARLEYD, ...args];
        const parleyd = new Process('stuck', 'bash', command);
        try {
            const isUp = async () => (await request(internal, '/ready')).status === 200;
            await eventually(isUp, 'the node to be ready');
            const lost = async () => {
                const refused = Array.from({ length: 50 }, () =>
                    handshake(port, { headers: { 'Sec-WebSocket-Version': '7' } }),
                );
                await Promise.all(refused);
                const { body } = await request(internal, '/metrics');
                return Number(/^parley_log_lines_lost_total (\d+)$/m.exec(body)[1]) > 0;
            };
            await eventually(lost, 'lines to be lost', 20_000);
            parleyd.signal('SIGTERM');
            assert.equal((await parleyd.exit()).code, 0);
        } finally {
            fs.closeSync(reader);
            await parleyd.kill().catch(() => {});
        }
    });
});

describe('a node without --node', () => {
    const canName = (() => {
        try {
            execFileSync('unshare', ['--uts', 'true'], { stdio: 'ignore' });
            return true;
        } catch {
            return false;
        }
    })();

    async function nameOn(host) {
        const command = ['unshare', '--uts', 'python3', '-c', RENAMED, host];
        const { process: parleyd } = await startBy(command);
        const line = parleyd.lines.items.find((text) => /event=started/.test(text));
        parleyd.signal('SIGTERM');
        assert.equal((await parleyd.exit()).code, 0);
        return /node=(\S+)-\d+/.exec(line)[1];
    }

    it('has the name of its machine, however long', { skip: !canName }, async () => {
        const longest = `parley-${'x'.repeat(57)}`;
        assert.equal(await nameOn(longest), longest);
    });

    it('has letters that a name may have', { skip: !canName }, async () => {
        assert.equal(await nameOn('my machine'), 'my-machine');
    });
});
