/*
 * redis_auth - the ways to reach a Redis: passwords, users, databases, sockets and TLS.
 */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { everyoneHears, newChannel, useCluster } from './lib/cluster.js';
import { Ctl } from './lib/ctl.js';
import { temporaryFolder } from './lib/process.js';

const PASSWORD = 's3cret/with:odd@letters';
const IN_URL = encodeURIComponent(PASSWORD);

/** Two nodes at the given URL hear each other. */
async function chatAcross(cluster, options) {
    const channel = newChannel();
    const nodes = [await cluster.startNode({ options }), await cluster.startNode({ options })];
    const clients = [await nodes[0].connect(channel), await nodes[1].connect(channel)];
    await everyoneHears(clients[0], clients, 'hello');
}

/** parleyctl sees a node through the given URL. */
async function isSeenBy(cluster, options) {
    const node = await cluster.startNode({ options });
    const ctl = new Ctl(() => options.redis);
    const ca = options['redis-ca'] ? ['--redis-ca', options['redis-ca']] : [];
    const rows = await ctl.json(['nodes', ...ca]);
    assert.ok(rows.some((row) => row.node === node.name && row.state === 'alive'));
}

/** The log of a node that is not let in, up to when it said why. */
async function logOfRefused(cluster, options, why) {
    const node = await cluster.launchNode({ options });
    await node.process.line(why);
    const { status } = await node.get('/ready');
    await node.stop();
    return { status, log: node.process.lines.items.join('\n') };
}

describe('a Redis with a password', () => {
    const cluster = useCluster({ nodes: 0, redis: { args: ['--requirepass', PASSWORD] } });
    const url = (password) => `redis://:${password}@127.0.0.1:${cluster.redis.port}`;

    it('is reached with the password in the URL', () =>
        chatAcross(cluster, { redis: url(IN_URL) }));

    it('is reached by parleyctl, too', () => isSeenBy(cluster, { redis: url(IN_URL) }));

    it('parleyctl says why it is not let in, and no password', async () => {
        const ctl = new Ctl(() => url('gu3ss3d'));
        const stderr = await ctl.refusal('WRONGPASS', ['nodes']);
        assert.ok(!stderr.includes('gu3ss3d'), stderr);
    });

    it('is not reached without it', async () => {
        const { status } = await logOfRefused(cluster, {}, /NOAUTH/);
        assert.equal(status, 503);
    });

    it('is not reached with another one', async () => {
        const { status } = await logOfRefused(cluster, { redis: url('guess') }, /WRONGPASS/);
        assert.equal(status, 503);
    });

    it('the password is never logged', async () => {
        const node = await cluster.startNode({
            options: { redis: url(IN_URL), 'log-level': 'debug' },
        });
        await (await node.connect()).settle();
        await node.stop();
        const log = node.process.lines.items.join('\n');
        assert.ok(!log.includes(PASSWORD) && !log.includes(IN_URL), log);
    });

    it('a wrong password is never logged either', async () => {
        const options = { redis: url('gu3ss3d'), 'log-level': 'debug' };
        const { log } = await logOfRefused(cluster, options, /WRONGPASS/);
        assert.ok(!log.includes('gu3ss3d'), log);
    });
});

describe('a Redis with users', () => {
    const args = [
        '--user',
        'default',
        'off',
        '--user',
        'chat',
        'on',
        `>${PASSWORD}`,
        '~*',
        '&*',
        '+@all',
    ];
    const cluster = useCluster({ nodes: 0, redis: { args } });

    it('is reached with user and password in the URL', () =>
        chatAcross(cluster, {
            redis: `redis://chat:${IN_URL}@127.0.0.1:${cluster.redis.port}`,
        }));

    it('is reached by parleyctl, too', () =>
        isSeenBy(cluster, {
            redis: `redis://chat:${IN_URL}@127.0.0.1:${cluster.redis.port}`,
        }));
});

describe('a database of Redis', () => {
    const cluster = useCluster({ nodes: 0 });

    it('is the one in the URL', async () => {
        const node = await cluster.startNode({ options: { redis: `${cluster.redis.url}/3` } });
        const key = `parley:node:${node.name}`;
        const inDatabase = (db) => cluster.redis.client({ db }).exists(key);
        assert.deepEqual([await inDatabase(0), await inDatabase(3)], [0, 1]);
    });

    it('is looked at by parleyctl, too', () =>
        isSeenBy(cluster, { redis: `${cluster.redis.url}/3` }));
});

describe('a Redis on a Unix socket', () => {
    const cluster = useCluster({
        nodes: 0,
        redis: { args: ['--unixsocket', '{dir}/redis.sock'] },
    });

    it('is reached by its path', () =>
        chatAcross(cluster, { redis: `unix://${cluster.redis.dir}/redis.sock` }));

    it('is reached by parleyctl, too', () =>
        isSeenBy(cluster, { redis: `unix://${cluster.redis.dir}/redis.sock` }));
});

/** A certificate authority and, signed by it, a certificate for 127.0.0.1; null if no openssl. */
function makeCertificates() {
    if (spawnSync('openssl', ['version']).status !== 0) return null;
    const dir = temporaryFolder();
    const openssl = (...args) => {
        const { status, stderr } = spawnSync('openssl', args, { cwd: dir });
        assert.equal(status, 0, String(stderr));
    };
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const authority = (name) =>
        openssl(
            'req',
            '-x509',
            ...newKey,
            '-keyout',
            `${name}.key`,
            '-out',
            `${name}.crt`,
            '-days',
            '2',
            '-subj',
            `/CN=${name}`,
        );
    authority('ca');
    authority('stranger');
    fs.writeFileSync(path.join(dir, 'san'), 'subjectAltName=IP:127.0.0.1,DNS:localhost');
    openssl(
        'req',
        ...newKey,
        '-keyout',
        'redis.key',
        '-out',
        'redis.csr',
        '-subj',
        '/CN=redis',
    );
    openssl(
        'x509',
        '-req',
        '-in',
        'redis.csr',
        '-CA',
        'ca.crt',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-days',
        '2',
        '-extfile',
        'san',
        '-out',
        'redis.crt',
    );
    return (name) => path.join(dir, name);
}

const certificate = makeCertificates();

describe('a Redis with TLS', { skip: certificate ? false : 'there is no openssl' }, () => {
    const args = ['--port', '0', '--tls-port', '{port}', '--tls-auth-clients', 'no'];
    for (const [option, name] of [
        ['cert', 'redis.crt'],
        ['key', 'redis.key'],
        ['ca-cert', 'ca.crt'],
    ]) {
        args.push(`--tls-${option}-file`, certificate?.(name) ?? '');
    }
    const cluster = useCluster({ nodes: 0, redis: { args } });
    const at = (ca) => ({
        redis: `rediss://127.0.0.1:${cluster.redis.port}`,
        'redis-ca': certificate(ca),
    });

    it('is reached by rediss:// and the certificate of its authority', () =>
        chatAcross(cluster, at('ca.crt')));

    it('is reached by parleyctl, too', () => isSeenBy(cluster, at('ca.crt')));

    it('is followed by parleyctl watch', async () => {
        const { redis, 'redis-ca': ca } = at('ca.crt');
        const node = await cluster.startNode({ options: at('ca.crt') });
        const channel = newChannel();
        const watching = await new Ctl(() => redis).watch([channel, '--redis-ca', ca]);
        const client = await node.connect(channel);
        const text = 'x'.repeat(40_000); // of several TLS records
        await client.hears(client.say('ann', text));
        await watching.line(new RegExp(`"message":"${text}"`));
        watching.signal('SIGINT');
        assert.equal((await watching.exit()).code, 0);
    });

    it('is not trusted by parleyctl when another authority signed it', async () => {
        const { redis, 'redis-ca': ca } = at('stranger.crt');
        await new Ctl(() => redis).refusal('ertificate', ['nodes', '--redis-ca', ca]);
    });

    it('is not trusted when another authority signed it', async () => {
        const { status } = await logOfRefused(
            cluster,
            at('stranger.crt'),
            /certificate|verify/i,
        );
        assert.equal(status, 503);
    });

    it('is not reached without TLS', async () => {
        const { status } = await logOfRefused(cluster, {}, /event=redis_down/);
        assert.equal(status, 503);
    });
});
