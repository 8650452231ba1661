/*
 * deploy_local - a cluster keeps the options that it was given, takes others only when it is told
 * to, and nothing that it has not made is touched.
 */
import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { freePort, freeRange } from './lib/ports.js';
import { cleanEnvironment, temporaryFolder } from './lib/process.js';
import { within } from './lib/wait.js';

const top = path.resolve(import.meta.dirname, '../..');
const UP_MS = 600_000; // builds first
const KEY = 'a key of sixteen octets and more';
const OTHER = 'another key that is long enough, too';

/** deploy/local with these words: {code, output}. */
async function local(dir, words, env = {}) {
    const child = spawn('deploy/local', [...words, '--dir', dir], {
        cwd: top,
        env: cleanEnvironment(env),
        stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
    const ended = new Promise((resolve) => child.on('close', resolve));
    const code = await within(ended, `deploy/local ${words.join(' ')}`, UP_MS);
    return { code, output };
}

describe('deploy/local', () => {
    const dir = path.join(temporaryFolder(), 'a cluster');
    const ports = {};
    let words;

    before(async () => {
        // node i has the base's port plus i
        ports.base = (await freeRange(2)) - 1;
        ports.internal = (await freeRange(2)) - 1;
        ports.lb = await freePort();
        ports.redis = await freePort();
        words = Object.entries(ports).map(([name, port]) => `--${name}-port=${port}`);
    });

    after(() => local(dir, ['down']));

    async function does(...args) {
        const { code, output } = await local(dir, ...args);
        assert.equal(code, 0, output);
        return output;
    }

    /** What the server API of a node says to a key. */
    async function statusFor(node, key) {
        const { status } = await fetch(`http://127.0.0.1:${ports.internal + node}/api/info`, {
            method: 'POST',
            headers: { 'X-API-Key': key },
            body: '{}',
        });
        return status;
    }

    it('starts nodes with the options of the environment', { timeout: UP_MS }, async () => {
        await does(['up', '--nodes', '1', ...words], { PARLEY_API_KEY: KEY });
        assert.equal(await statusFor(1, KEY), 200);
    });

    it('keeps them to itself', () => {
        assert.equal(fs.statSync(path.join(dir, 'options')).mode & 0o77, 0);
    });

    it('adds nodes with the same options', async () => {
        await does(['scale', '2']);
        assert.equal(await statusFor(2, KEY), 200);
    });

    it('says that a running cluster has other options', async () => {
        for (const [args, env, named] of [
            [['up'], { PARLEY_API_KEY: OTHER }, 'PARLEY_API_KEY'],
            [['up'], { PARLEY_HISTORY_SIZE: '7' }, 'PARLEY_HISTORY_SIZE'],
            [['up', '--tls'], {}, '--tls'],
            [['up', `--lb-port=${ports.lb + 1}`], {}, '--lb-port'],
        ]) {
            const { code, output } = await local(dir, args, env);
            assert.equal(code, 1, output);
            assert.ok(output.includes(named), output);
            assert.match(output, /deploy\/local restart/);
        }
        assert.equal(await statusFor(1, KEY), 200);
    });

    it('has nothing to say to the same ones, or to none', async () => {
        assert.match(await does(['up'], { PARLEY_API_KEY: KEY }), /^already up$/m);
        assert.match(await does(['up']), /^already up$/m);
    });

    it('refuses options that the gateways do not take, and stops nothing', async () => {
        const { code, output } = await local(dir, ['restart'], { PARLEY_HISTROY_SIZE: '5' });
        assert.equal(code, 1);
        assert.match(output, /did you mean PARLEY_HISTORY_SIZE\?/);
        assert.equal(await statusFor(1, KEY), 200);
    });

    it('takes other options with restart, on all nodes', async () => {
        await does(['restart'], { PARLEY_API_KEY: OTHER });
        for (const node of [1, 2]) {
            assert.equal(await statusFor(node, OTHER), 200);
            assert.equal(await statusFor(node, KEY), 401);
        }
    });

    it('keeps the options with a restart that is given none, and has TLS', async () => {
        const output = await does(['restart', '--tls']);
        assert.match(output, new RegExp(`^chat +https://127.0.0.1:${ports.lb}/$`, 'm'));
        assert.match(output, new RegExp(`^load balancer +wss://127.0.0.1:${ports.lb}/ws$`, 'm'));
        assert.equal(await statusFor(1, OTHER), 200);
        const ca = fs.readFileSync(path.join(dir, 'tls/public.pem'));
        const asked = new Promise((resolve, reject) => {
            const options = { host: '127.0.0.1', port: ports.lb, path: '/health', ca };
            https.get(options, resolve).on('error', reject);
        });
        assert.equal((await within(asked, 'an answer over TLS')).statusCode, 200);
    });

    it('has nodes that ask for tokens', async () => {
        const secret = { PARLEY_TOKEN_SECRET: KEY };
        assert.match(await does(['restart', '--no-tls'], secret), /^tokens are asked for: /m);
        const guests = await does(['restart'], { ...secret, PARLEY_ANONYMOUS: 'on' });
        assert.match(guests, /heard 3 of 3/);
    });

    it('leaves TLS to the load balancer', async () => {
        const { code, output } = await local(dir, ['restart'], { PARLEY_TLS_CERT: 'cert.pem' });
        assert.equal(code, 1);
        assert.match(output, /--tls/);
    });

    it('leaves the files of others alone when it goes down', async () => {
        fs.writeFileSync(path.join(dir, 'my.pid'), '1\n');
        await does(['down']);
        assert.equal(fs.readFileSync(path.join(dir, 'my.pid'), 'utf8'), '1\n');
        for (const name of ['env', 'options', 'node-1.pid'])
            assert.ok(!fs.existsSync(path.join(dir, name)), name);
    });
});

describe('deploy/local and a directory that it has not made', () => {
    const trap = path.join(temporaryFolder(), 'trap');

    function foreign() {
        const dir = path.join(temporaryFolder(), 'project');
        fs.mkdirSync(dir);
        fs.writeFileSync(path.join(dir, 'env'), `nodes=settings[$(touch ${trap})0]\n`);
        fs.writeFileSync(path.join(dir, 'node-1.pid'), 'a[$(touch ${trap})]\n');
        return dir;
    }

    for (const words of [['up'], ['down'], ['status'], ['restart'], ['scale', '2'], ['kill', '1']])
        it(`${words[0]} touches nothing and runs nothing in it`, async () => {
            const dir = foreign();
            const { code, output } = await local(dir, words);
            assert.equal(code, 1, output);
            assert.deepEqual(fs.readdirSync(dir).sort(), ['env', 'node-1.pid']);
            assert.ok(!fs.existsSync(trap));
        });

    it('takes no settings that are none, even where the mark is there', async () => {
        const dir = foreign();
        fs.writeFileSync(path.join(dir, 'parley-cluster'), '');
        const { code, output } = await local(dir, ['status']);
        assert.equal(code, 1);
        assert.match(output, /is no setting/);
        assert.ok(!fs.existsSync(trap));
    });
});
