/*
 * service - what a service manager hears of parleyd over NOTIFY_SOCKET (sd_notify(3)), and the
 * unit that deploy/parleyd.service gives it.
 */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { useCluster } from './lib/cluster.js';
import { flags } from './lib/gateway.js';
import { freePort } from './lib/ports.js';
import { request } from './lib/http.js';
import { cleanEnvironment, PARLEYD, Process, run, temporaryFolder } from './lib/process.js';

const top = path.resolve(import.meta.dirname, '../..');
const unit = path.join(top, 'deploy/parleyd.service');
const hasAnalyze = spawnSync('which', ['systemd-analyze']).status === 0;

/* Starts a program as a service manager does, and prints what it hears: "told LINE|LINE". */
const MANAGER = `
import socket, sys
own = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
name = sys.argv[1]
own.bind(chr(0) + name[1:] if name[0] == '@' else name)
print('bound', flush=True)
while True:
    print('told', own.recv(4096).decode().replace(chr(10), '|'), flush=True)
`;

/** {manager, parleyd, internal}: the one hears of the other. */
async function serve(name, options = {}) {
    const manager = new Process('manager', 'python3', ['-c', MANAGER, name]);
    await manager.line(/^bound$/);
    const internal = await freePort();
    const args = flags({
        listen: `127.0.0.1:${await freePort()}`,
        internal: `127.0.0.1:${internal}`,
        ...options,
    });
    const environment = cleanEnvironment({ NOTIFY_SOCKET: name });
    return { manager, internal, parleyd: new Process('parleyd', PARLEYD, args, environment) };
}

const lastsMs = (line) => Number(/EXTEND_TIMEOUT_USEC=(\d+)$/.exec(line)[1]) / 1000;

describe('a service manager', () => {
    const cluster = useCluster({ nodes: 0 });

    for (const [what, name] of [
        ['a path', () => path.join(temporaryFolder(), 'notify')],
        ['a name in no folder', () => `@parley-${process.pid}`],
    ]) {
        it(`hears at ${what} that it listens, reads anew and leaves`, async () => {
            const { manager, parleyd, internal } = await serve(name(), {
                'drain-timeout-ms': 1234,
            });
            await manager.line(/^told READY=1$/);
            assert.equal((await request(internal, '/health')).status, 200);
            parleyd.signal('SIGHUP');
            await manager.line(/^told RELOADING=1\|MONOTONIC_USEC=\d+$/);
            await manager.line(/^told READY=1$/);
            parleyd.signal('SIGTERM');
            const line = await manager.line(/^told STOPPING=1\|/);
            assert.ok(lastsMs(line) > 1234, line);
            assert.equal((await parleyd.exit()).code, 0);
            await manager.kill();
        });
    }

    it('hears of workers that they listen, and of the end once, from the supervisor', async () => {
        const { manager, parleyd } = await serve(path.join(temporaryFolder(), 'notify'), {
            workers: 2,
            redis: cluster.redis.url,
            node: 'service',
        });
        await manager.line(/^told READY=1$/);
        await manager.line(/^told READY=1$/);
        parleyd.signal('SIGTERM');
        assert.equal((await parleyd.exit(20_000)).code, 0);
        const stopping = manager.lines.items.filter((line) => /STOPPING=1/.test(line));
        assert.equal(stopping.length, 1, manager.lines.items.join('\n'));
        await manager.kill();
    });

    it('that is gone, or was never there, is not missed', async () => {
        const names = [path.join(temporaryFolder(), 'nobody'), 'no path', `/${'x'.repeat(200)}`];
        for (const name of names) {
            const args = flags({
                listen: `127.0.0.1:${await freePort()}`,
                internal: `127.0.0.1:${await freePort()}`,
            });
            const environment = cleanEnvironment({ NOTIFY_SOCKET: name });
            const parleyd = new Process('parleyd', PARLEYD, args, environment);
            await parleyd.line(/event=ready\b/);
            parleyd.signal('SIGTERM');
            assert.equal((await parleyd.exit()).code, 0);
        }
    });
});

describe('deploy/parleyd.service', { skip: !hasAnalyze && 'no systemd-analyze here' }, () => {
    it('has nothing that systemd does not know', async () => {
        const folder = temporaryFolder();
        const own = path.join(folder, 'parleyd.service');
        // what is not installed here is not the unit's fault
        const text = fs
            .readFileSync(unit, 'utf8')
            .replace('/usr/bin/parleyd', PARLEYD)
            .replace(/^Documentation=.*\n/m, '');
        fs.writeFileSync(own, text);
        const { code, stdout, stderr } = await run('systemd-analyze', ['verify', own]);
        assert.deepEqual({ code, said: stdout + stderr }, { code: 0, said: '' });
    });

    it('is little exposed', async () => {
        const args = ['security', '--offline=yes', '--threshold=20', '--no-pager', unit];
        const { code, stdout } = await run('systemd-analyze', args);
        assert.equal(code, 0, stdout.split('\n').at(-2));
    });
});

describe('deploy/parley.json', () => {
    it('is a configuration', async () => {
        const args = ['--strict', '--check-config', '--config', path.join(top, 'deploy/parley.json')];
        const { code, stderr } = await run(PARLEYD, args);
        assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    });
});
