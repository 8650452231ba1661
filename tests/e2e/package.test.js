/*
 * package - what deploy/package builds is installed into a root of its own, which holds nothing
 * but the system and the libraries that the package asks for; there it serves as its unit has
 * it started, and when it is purged not one file is left.
 *
 * Needs root, and mmdebstrap for the system; else it is skipped. The system is kept in build/package
 * for the next run.
 */
import { before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { Client } from './lib/client.js';
import { request } from './lib/http.js';
import { freePort } from './lib/ports.js';
import { cleanEnvironment, Process, temporaryFolder } from './lib/process.js';

const top = path.resolve(import.meta.dirname, '../..');
const BUILD_MS = 540_000;
const NOBODY = 65534; // in the place of the user that systemd makes up
const run = promisify(execFile);
const has = (program) => spawnSync('which', [program]).status === 0;

function whyNot() {
    if (process.getuid() !== 0) return 'only root can install a package';
    for (const program of ['dpkg-deb', 'dpkg-shlibdeps', 'chroot', 'mmdebstrap']) {
        if (!has(program)) return `there is no ${program} here`;
    }
    return false;
}

/** The suite that this machine runs, since the package was built for its libraries. */
const suite = () => /^VERSION_CODENAME=(\w+)/m.exec(fs.readFileSync('/etc/os-release', 'utf8'))[1];

/** A system in a folder, with the libraries that the package depends on. */
async function makeRoot(depends) {
    const names = depends.split(', ').map((one) => one.split(' ')[0]);
    const kept = path.join(top, `build/package/${suite()}-${names.join('-')}.tar`);
    if (!fs.existsSync(kept)) {
        const include = ['init-system-helpers', ...names].join(',');
        const args = ['--mode=root', '--variant=essential', `--include=${include}`, suite()];
        await run('mmdebstrap', [...args, `${kept}.new.tar`], { timeout: BUILD_MS });
        fs.renameSync(`${kept}.new.tar`, kept);
    }
    const root = temporaryFolder();
    await run('tar', ['-C', root, '--exclude=./dev/*', '-xf', kept]);
    for (const [name, minor] of Object.entries({ null: 3, urandom: 9 })) {
        await run('mknod', ['-m', '666', path.join(root, 'dev', name), 'c', '1', `${minor}`]);
    }
    return root;
}

/** Files, folders and links, but for what dpkg writes of itself. */
async function listing(root) {
    const own = /^\.\/var\/(lib\/dpkg\/|log\/|cache\/)/;
    const { stdout } = await run('find', ['.', '!', '-type', 's'], { cwd: root, maxBuffer: 1 << 26 });
    return stdout.split('\n').filter((line) => line && !own.test(line)).sort();
}

describe('the package', { skip: whyNot() }, () => {
    let root;
    let clean;
    let ports;
    const inside = (file) => path.join(root, file);
    const plain = {
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        LC_ALL: 'C',
        DEBIAN_FRONTEND: 'noninteractive',
    };
    const chroot = (...command) => run('chroot', [root, ...command], { env: plain });

    before(async () => {
        const env = cleanEnvironment();
        const built = await run('deploy/package', { cwd: top, timeout: BUILD_MS, env });
        const deb = path.join(top, built.stdout.trim());
        const { stdout: depends } = await run('dpkg-deb', ['-f', deb, 'Depends']);
        root = await makeRoot(depends.trim());
        clean = await listing(root);
        ports = { listen: await freePort(), internal: await freePort() };
        fs.copyFileSync(deb, inside('tmp/parley.deb'));
        await chroot('dpkg', '-i', '/tmp/parley.deb');
        fs.rmSync(inside('tmp/parley.deb'));
    });

    /** What systemd would start, with a copy of the configuration as systemd makes it. */
    function start() {
        const unit = fs.readFileSync(inside('usr/lib/systemd/system/parleyd.service'), 'utf8');
        const command = /^ExecStart=(.*)$/m.exec(unit)[1];
        const [, name, source] = /^LoadCredential=([^:]+):(.*)$/m.exec(unit);
        const credentials = inside('tmp/credentials');
        fs.mkdirSync(credentials);
        fs.copyFileSync(inside(source), path.join(credentials, name));
        fs.chownSync(path.join(credentials, name), NOBODY, NOBODY);
        const args = [`--userspec=${NOBODY}:${NOBODY}`, root, 'sh', '-c', `exec ${command}`];
        return new Process('parleyd', 'chroot', args, {
            ...plain,
            CREDENTIALS_DIRECTORY: '/tmp/credentials',
            PARLEY_LISTEN: `127.0.0.1:${ports.listen}`,
            PARLEY_INTERNAL: `127.0.0.1:${ports.internal}`,
        });
    }

    it('has its unit enabled, and its configuration for root alone', () => {
        const wanted = 'etc/systemd/system/multi-user.target.wants/parleyd.service';
        assert.ok(fs.lstatSync(inside(wanted)).isSymbolicLink());
        assert.equal(fs.statSync(inside('etc/parley/parley.json')).mode & 0o777, 0o640);
    });

    it('needs no library that is not there, and has the tools with it', async () => {
        const lists = fs.readFileSync(path.join(top, 'CMakeLists.txt'), 'utf8');
        const version = /^project\(parley VERSION ([\d.]+)/m.exec(lists)[1];
        for (const program of ['parleyd', 'parleyctl', 'parley-bench']) {
            const { stdout } = await chroot(program, '--version');
            assert.equal(stdout, `${program} ${version}\n`);
        }
    });

    it('serves as its unit starts it: health, WebSockets, an end in peace', async () => {
        const parleyd = start();
        await parleyd.line(/event=ready\b/);
        assert.equal((await request(ports.listen, '/health')).status, 200);
        const client = await Client.open(`ws://127.0.0.1:${ports.listen}/ws`);
        await client.hears(client.say('ann', 'from a package'));
        const check = await chroot('parley-bench', '--check', `127.0.0.1:${ports.listen}`);
        assert.match(check.stdout, /./);
        parleyd.signal('SIGTERM');
        assert.equal((await client.end()).code, 1001);
        assert.deepEqual(await parleyd.exit(), { code: 0, signal: null });
        fs.rmSync(inside('tmp/credentials'), { recursive: true });
    });

    it('removed, it leaves the configuration as it was edited and nothing else that works', async () => {
        fs.appendFileSync(inside('etc/parley/parley.json'), '\n');
        const edited = fs.readFileSync(inside('etc/parley/parley.json'), 'utf8');
        await chroot('dpkg', '-r', 'parley');
        assert.equal(fs.readFileSync(inside('etc/parley/parley.json'), 'utf8'), edited);
        assert.ok(!fs.existsSync(inside('usr/bin/parleyd')));
    });

    it('purged, it leaves no file', async () => {
        await chroot('dpkg', '-P', 'parley');
        const before = new Set(clean);
        const left = await listing(root);
        assert.deepEqual(left.filter((one) => !before.has(one)), []);
        assert.equal(left.length, clean.length); // nor has it taken anything away
        const { stdout } = await chroot('dpkg-query', '-f', '${Package}\n', '-W');
        assert.ok(!stdout.split('\n').includes('parley'), stdout);
    });
});
