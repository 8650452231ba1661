/*
 * config - options by flag, environment and file, and what a wrong one gets.
 */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { useCluster } from './lib/cluster.js';
import { PARLEYD, run, temporaryFolder } from './lib/process.js';
import { freePort } from './lib/ports.js';
import { flags } from './lib/gateway.js';

const DEFAULTS = {
    listen: '127.0.0.1:8000',
    internal: '127.0.0.1:9000',
    redis: '',
    redis_prefix: 'parley',
    redis_timeout_ms: 5000,
    lease_ttl_ms: 8000,
    lease_renew_ms: 2000,
    allowed_origins: '',
    max_connections: 0,
    max_message_bytes: 65_536,
    max_backlog_bytes: 1_048_576,
    backlog_bytes: 0,
    idle_timeout_ms: 60_000,
    handshake_timeout_ms: 10_000,
    drain_timeout_ms: 5000,
    history_size: 50,
    history_ttl_s: 3600,
    presence_limit: 1000,
    namespaces: {},
    log_level: 'info',
    log_format: 'logfmt',
};

const parleyd = (args, env) => run(PARLEYD, args, env);

describe('configuration', () => {
    function file(text) {
        const name = path.join(temporaryFolder(), 'parley.json');
        fs.writeFileSync(name, typeof text === 'string' ? text : JSON.stringify(text));
        return name;
    }

    async function effective(args, env) {
        const { code, stdout, stderr } = await parleyd([...args, '--print-config'], env);
        assert.equal(code, 0, stderr);
        return JSON.parse(stdout);
    }

    /** That it was refused with one line that names what was wrong. */
    async function refusal(named, args, env) {
        const { code, stdout, stderr } = await parleyd(args, env);
        assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
        assert.match(stderr, /^[^\n]+\n$/);
        assert.ok(stderr.includes(named), `"${named}" is not in: ${stderr}`);
    }

    it('--help lists every option', async () => {
        const { code, stdout } = await parleyd(['--help']);
        const named = [
            ...Object.keys(DEFAULTS).map((key) => key.replaceAll('_', '-')),
            'config',
        ];
        named.push('node', 'redis-ca', 'check-config', 'print-config', 'version', 'help');
        const missing = named.filter((name) => !new RegExp(`--${name}\\b(?!-)`).test(stdout));
        assert.deepEqual({ code, missing }, { code: 0, missing: [] });
    });

    it('--version names the program and its version', async () => {
        const { code, stdout } = await parleyd(['--version']);
        assert.equal(code, 0);
        assert.match(stdout, /^parley\w* v?\d+\.\d+\S*\n$/);
    });

    it('--print-config without anything prints the defaults', async () => {
        const printed = await effective([]);
        const known = Object.keys(DEFAULTS).map((key) => [key, printed[key]]);
        assert.deepEqual(Object.fromEntries(known), DEFAULTS);
    });

    it('--print-config does not print the password of Redis', async () => {
        const { redis } = await effective([
            '--redis',
            'redis://chat:s3cret@redis.example:6379/2',
        ]);
        assert.ok(!redis.includes('s3cret'), redis);
        assert.match(redis, /redis\.example:6379\/2/);
    });

    it('--check-config finds nothing wrong with a good configuration', async () => {
        const name = file({
            listen: '[::1]:8000',
            redis: 'redis://127.0.0.1:6379',
            history_size: 10,
        });
        const { code, stderr } = await parleyd(['--config', name, '--check-config']);
        assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    });

    it('--check-config finds what is wrong with a bad one', () =>
        refusal('history_size', [
            '--config',
            file({ history_size: 'many' }),
            '--check-config',
        ]));

    it('the file beats the default', async () => {
        const { history_size } = await effective(['--config', file({ history_size: 11 })]);
        assert.equal(history_size, 11);
    });

    it('the environment beats the file', async () => {
        const args = ['--config', file({ history_size: 11 })];
        const { history_size } = await effective(args, { PARLEY_HISTORY_SIZE: '12' });
        assert.equal(history_size, 12);
    });

    it('a flag beats the environment', async () => {
        const args = ['--config', file({ history_size: 11 }), '--history-size', '13'];
        const { history_size } = await effective(args, { PARLEY_HISTORY_SIZE: '12' });
        assert.equal(history_size, 13);
    });

    const BAD_FLAGS = {
        'an unknown option': ['--shout', 'yes'],
        'a word that is no option': ['shout'],
        'an option without its value': ['--history-size'],
        'a number that is none': ['--history-size', 'many'],
        'a number with a tail': ['--history-size', '50x'],
        'a number below zero': ['--history-size', '-1'],
        'a number beyond all limits': ['--history-size', '99999999999999999999'],
        'a message limit of nothing': ['--max-message-bytes', '0'],
        'an address without a port': ['--listen', '127.0.0.1'],
        'a port that does not exist': ['--listen', '127.0.0.1:65536'],
        'an internal address that is none': ['--internal', 'nowhere'],
        'a Redis of another kind': ['--redis', 'http://127.0.0.1:6379'],
        'a level of the log that does not exist': ['--log-level', 'chatty'],
        'a format of the log that does not exist': ['--log-format', 'xml'],
        'a node name with a space': ['--node', 'node one'],
        'an origin without a scheme': ['--allowed-origins', 'chat.example'],
        'an origin with a slash at the end': ['--allowed-origins', 'https://chat.example/'],
    };

    for (const [what, args] of Object.entries(BAD_FLAGS)) {
        it(`${what} is refused by name`, () => refusal(args[0], [...args, '--check-config']));
    }

    it('no protocol at all is refused by name', () =>
        refusal('--centrifuge off', flags({ luchat: 'off', centrifuge: 'off' })));

    it('a lease that is renewed too late is refused by name', () =>
        refusal('--lease-renew-ms', flags({ 'lease-ttl-ms': 1000, 'lease-renew-ms': 1000 })));

    it('a bad value in the environment is refused by name', () =>
        refusal('PARLEY_IDLE_TIMEOUT_MS', ['--check-config'], {
            PARLEY_IDLE_TIMEOUT_MS: 'soon',
        }));

    it('an unknown variable is refused by name', () =>
        refusal('did you mean PARLEY_HISTORY_SIZE?', ['--check-config'], {
            PARLEY_HISTROY_SIZE: '5',
        }));

    it('a file that is not there is refused by name', () =>
        refusal('/nowhere/parley.json', ['--config', '/nowhere/parley.json']));

    it('a file that is not JSON is refused by name', () => {
        const name = file('{"history_size": ');
        return refusal(name, ['--config', name]);
    });

    it('a file that is not an object is refused by name', () => {
        const name = file('[1, 2]');
        return refusal(name, ['--config', name]);
    });

    it('an unknown key in the file is refused by name', () =>
        refusal('shout', ['--config', file({ shout: true })]));

    it('a key of the wrong type in the file is refused by name', () =>
        refusal('listen', ['--config', file({ listen: 8000 })]));

    it('an address of another machine is said on stderr', async () => {
        const { code, stderr } = await run(PARLEYD, ['--listen', '192.0.2.1:8000']);
        assert.equal(code, 1);
        assert.match(stderr, /^parleyd: --listen: cannot listen on 192\.0\.2\.1:8000: .+\n$/m);
    });

    it('a port that is taken is said on stderr', async () => {
        const port = await freePort();
        const taken = net.createServer().listen(port, '127.0.0.1');
        const internal = `127.0.0.1:${await freePort()}`;
        const args = flags({ listen: `127.0.0.1:${port}`, internal });
        const { code, stderr } = await parleyd(args).finally(() => taken.close());
        assert.notEqual(code, 0);
        assert.ok(stderr.includes(`127.0.0.1:${port}`), stderr);
    });
});

describe('the log', () => {
    const cluster = useCluster({ nodes: 0, redis: false });

    /** Every line of a node that came, chatted and went. */
    async function logOf(options) {
        const node = await cluster.launchNode({ options });
        await node.readiness(200);
        const client = await node.connect();
        await client.hears(client.say('ann', 'top secret'));
        await node.stop();
        return node.process.lines.items;
    }

    it('is logfmt, each line with time, level and event', async () => {
        const line =
            /^time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=(error|warn|info|debug) event=\w+( \w+=("([^"\\]|\\.)*"|[^" ]*))*$/;
        const lines = await logOf({ 'log-level': 'debug' });
        assert.deepEqual(
            lines.filter((text) => !line.test(text)),
            [],
        );
    });

    it('is JSON, line by line, with --log-format json', async () => {
        const lines = await logOf({ 'log-format': 'json' });
        const events = lines
            .map((text) => JSON.parse(text))
            .filter((entry) => entry.time && entry.level);
        assert.ok(
            events.some(({ event }) => event === 'ready'),
            lines.join('\n'),
        );
        assert.equal(events.length, lines.length);
    });

    it('is silent about good news with --log-level error', async () => {
        assert.deepEqual(await logOf({ 'log-level': 'error' }), []);
    });

    it('never tells what was said', async () => {
        const lines = await logOf({ 'log-level': 'debug' });
        assert.deepEqual(
            lines.filter((text) => text.includes('top secret')),
            [],
        );
    });
});
