/*
 * secrets - from files, out of the sight of others, and not too short.
 */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { post } from './lib/api.js';
import { useCluster } from './lib/cluster.js';
import { Ctl } from './lib/ctl.js';
import { flags } from './lib/gateway.js';
import { freePort } from './lib/ports.js';
import { PARLEYD, Process, run, temporaryFolder } from './lib/process.js';
import { SECRET, sign } from './lib/token.js';

const PASSWORD = 's3cret/with:odd@letters';
const API_KEY = 'a key of sixteen octets and more';

function secretFile(text, mode = 0o600) {
    const file = path.join(temporaryFolder(), 'secret');
    fs.writeFileSync(file, text, { mode });
    return file;
}

/** All of a program's processes: itself and its workers. */
function pidsOf(node) {
    const { pid } = node.process;
    const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], {
        encoding: 'utf8',
    }).split('\n');
    return [pid, ...children.map(Number).filter(Boolean)];
}

const read = (pid, what) => fs.readFileSync(`/proc/${pid}/${what}`, 'utf8');

describe('secrets in files', () => {
    const args = ['--requirepass', PASSWORD];
    const cluster = useCluster({ nodes: 0, redis: { args } });

    it('are those of tokens, of the API and of Redis', async () => {
        const options = {
            'token-secret-file': secretFile(`${SECRET}\n`),
            'api-key-file': secretFile(API_KEY),
            'redis-password-file': secretFile(`${PASSWORD}\r\n`),
        };
        const node = await cluster.startNode({ options });
        await node.readiness(200);
        await node.connectSdk({ token: sign({ sub: 'ann' }) });
        const { status } = await post(node, 'info', '{}', { 'X-API-Key': API_KEY });
        assert.equal(status, 200);
    });

    it('may be named in the environment, for parleyctl as well', async () => {
        const env = { PARLEY_REDIS_PASSWORD_FILE: secretFile(PASSWORD) };
        const node = await cluster.startNode({ env });
        await node.readiness(200);
        const ctl = new Ctl(() => cluster.redis.url);
        const rows = await ctl.json(['nodes', '--redis-password-file', secretFile(PASSWORD)]);
        assert.ok(rows.some((row) => row.node === node.name));
    });

    it('are not taken beside one in the URL', async () => {
        const { code, stderr } = await run(PARLEYD, [
            '--check-config',
            '--redis=redis://:a@127.0.0.1',
            `--redis-password-file=${secretFile('b')}`,
        ]);
        assert.equal(code, 2);
        assert.match(stderr, /^parleyd: --redis and --redis-password both give a password\n$/);
    });
});

describe('secrets on the command line and in the environment', () => {
    const cluster = useCluster({ nodes: 0, redis: { args: ['--requirepass', PASSWORD] } });
    const options = () => ({
        redis: `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${cluster.redis.port}`,
        'token-secret': SECRET,
        workers: 2,
    });
    const env = { PARLEY_API_KEY: API_KEY };

    it('are seen by nobody once it runs, and work', async () => {
        const node = await cluster.startNode({ options: options(), env });
        await node.readiness(200);
        const pids = pidsOf(node);
        assert.equal(pids.length, 3);
        for (const pid of pids) {
            const seen = read(pid, 'cmdline') + read(pid, 'environ');
            assert.match(seen, /--token-secret\0\*+\0/);
            assert.match(seen, /--redis\0redis:\/\/:\*+@127\.0\.0\.1/);
            assert.match(seen, /PARLEY_API_KEY=\*+\0/);
            for (const secret of [SECRET, API_KEY, encodeURIComponent(PASSWORD)])
                assert.ok(!seen.includes(secret), `${secret} is seen`);
        }
        await node.connectSdk({ token: sign({ sub: 'ann' }) });
        const { status } = await post(node, 'info', '{}', { 'X-API-Key': API_KEY });
        assert.equal(status, 200);
    });

    it('do not come into the hands of what is started from here', async () => {
        const node = await cluster.startNode({ options: options(), env });
        for (const pid of pidsOf(node)) assert.match(read(pid, 'status'), /^NoNewPrivs:\t1$/m);
    });
});

describe('a core file', { skip: process.getuid() !== 0 && 'needs root' }, () => {
    /** Whose files in /proc are: root's where a process leaves no core (proc(5), dumpable). */
    async function ownerOf(...options) {
        const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
        const ports = flags({
            listen: `127.0.0.1:${await freePort()}`,
            internal: `127.0.0.1:${await freePort()}`,
        });
        const parleyd = new Process('nobody', 'setpriv', [
            ...[...nobody, PARLEYD, ...ports, ...options],
        ]);
        await parleyd.line(/event=ready\b/);
        const { uid } = fs.statSync(`/proc/${parleyd.pid}/environ`);
        await parleyd.kill();
        return uid;
    }

    it('is not left', async () => assert.equal(await ownerOf(), 0));

    it('is left with --core-dumps on', async () =>
        assert.equal(await ownerOf('--core-dumps=on'), 65534));
});

describe('a weak secret', () => {
    const cluster = useCluster({ nodes: 0, redis: false });
    const weak = { 'token-secret': 'a' };

    it('is warned of at the start', async () => {
        const node = await cluster.startNode({ options: weak });
        const warnings = node.process.lines.items.filter((line) =>
            /level=warn event=unwise_configuration err="--token-secret is weak/.test(line),
        );
        assert.equal(warnings.length, 1);
    });

    it('is warned of by --check-config', async () => {
        const { code, stderr } = await run(PARLEYD, ['--check-config', '--token-secret=a']);
        assert.equal(code, 0);
        assert.match(stderr, /^parleyd: warning: --token-secret is weak: .*\n$/);
    });

    it('is refused with --strict', async () => {
        for (const args of [
            ['--token-secret=a'],
            ['--api-key=a'],
            ['--anonymous=on'],
            ['--listen=0.0.0.0:1'],
            [`--api-key-file=${secretFile(API_KEY, 0o644)}`],
        ]) {
            const { code, stderr } = await run(PARLEYD, ['--strict', ...args]);
            assert.equal(code, 2, args);
            assert.match(stderr, /^parleyd: .*\(refused by --strict\)\n$/);
        }
    });

    it('is not what a good configuration has', async () => {
        const good = ['--strict', `--token-secret=${SECRET}`, `--api-key=${API_KEY}`];
        const { code, stderr } = await run(PARLEYD, [...good, '--check-config']);
        assert.deepEqual([code, stderr], [0, '']);
    });
});
