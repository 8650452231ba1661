/*
 * parleyctl - what operators are shown of a running cluster, and what they can send it.
 */
import { afterEach, beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';
import { newChannel, useCluster } from './lib/cluster.js';
import { Ctl } from './lib/ctl.js';
import { message } from './lib/luchat.js';
import { freePort } from './lib/ports.js';
import { PARLEYCTL, run } from './lib/process.js';
import { eventually } from './lib/wait.js';

const LEASE_TTL_MS = 3000;
const HISTORY_SIZE = 100;
const FORCED_OUT = { code: 1008, reason: 'force disconnect' };

describe('parleyctl', () => {
    const options = {
        'lease-ttl-ms': LEASE_TTL_MS,
        'lease-renew-ms': 500,
        'history-size': HISTORY_SIZE,
    };
    const cluster = useCluster({ nodes: 2, options });
    const ctl = new Ctl(() => cluster.redis.url);
    let channel;

    beforeEach(() => {
        channel = newChannel();
    });

    /** Users by name, each a tab of its own on the node given. */
    async function goOnline(users) {
        const clients = [];
        for (const [user, node] of users) {
            const client = await cluster.nodes[node].connect(channel);
            await client.goOnline(user);
            clients.push(client);
        }
        return clients;
    }

    const ofMembers = (members) => members.map(({ user, node, state }) => [user, node, state]);

    describe('nodes', () => {
        it('tells of each node with a lease', async () => {
            await cluster.nodes[0].connect(channel);
            const [node] = cluster.nodes;
            const heartbeat = `parley:node:${node.name}`;
            const redis = cluster.redis.client();
            const isCounted = async () => (await redis.hget(heartbeat, 'connections')) === '1';
            await eventually(isCounted, 'a renewal that counts the connection');
            const rows = await ctl.json(['nodes']);
            const row = rows.find((one) => one.node === node.name);
            const { lease_left_ms: left, uptime_ms: uptime, version, generation, ...rest } = row;
            assert.ok(left > 0 && left <= LEASE_TTL_MS, `a lease of ${left} ms`);
            assert.ok(uptime > 0 && uptime < 600_000, `an uptime of ${uptime} ms`);
            assert.match(version, /^\d+\.\d+\.\d+$/);
            assert.equal(generation, Number(await redis.hget(heartbeat, 'generation')));
            const address = await redis.hget(heartbeat, 'address');
            const [state, connections] = ['alive', 1];
            assert.deepEqual(rest, { node: node.name, state, connections, channels: 1, address });
        });

        it('prints a table, and how many are alive', async () => {
            const lines = (await ctl.text(['nodes'])).trimEnd().split('\n');
            assert.match(lines[0], /^NODE +STATE +LEASE LEFT +GENERATION +CONNECTIONS/);
            assert.deepEqual(
                lines.slice(1, -1).map((line) => line.split(/ +/)[0]),
                cluster.nodes.map(({ name }) => name),
            );
            assert.equal(lines.at(-1), '2 nodes are alive');
        });
    });

    describe('channels', () => {
        it('counts who listens, who is present and what is kept', async () => {
            const [ann] = await goOnline([
                ['ann', 0],
                ['ann', 1],
                ['ben', 1],
            ]);
            await ann.hears(ann.say('ann', 'hello'));
            const [row] = await ctl.json(['channels', channel]);
            const { version, ...rest } = row;
            assert.ok(version >= 2, `version ${version}`);
            assert.deepEqual(rest, {
                channel,
                nodes: 2,
                users: 2,
                connections: 3,
                messages: 1,
                offset: 1,
            });
        });

        it('takes a pattern', async () => {
            await cluster.connectToAll(channel);
            await cluster.connectToAll(`other-${channel}`);
            const rows = await ctl.json(['channels', `${channel.slice(0, -1)}?`]);
            const names = rows.map((row) => row.channel);
            assert.ok(names.includes(channel) && !names.includes(`other-${channel}`), names);
        });

        it('lists no more than --limit, and says so', async () => {
            for (const name of ['a', 'b', 'c'])
                await cluster.nodes[0].connect(`${channel}-${name}`);
            const text = await ctl.text(['channels', `${channel}-*`, '--limit', '2']);
            assert.equal(text.trimEnd().split('\n').length, 1 + 2 + 1);
            assert.match(text, /2 channels, and more: --limit\n$/);
        });
    });

    describe('who', () => {
        it('names each connection, its node and since when', async () => {
            const before = Date.now();
            await goOnline([
                ['ben', 0],
                ['ann', 1],
            ]);
            const [first, second] = cluster.nodes.map(({ name }) => name);
            const { members, ...counts } = await ctl.json(['who', channel]);
            assert.deepEqual(counts, { channel, users: 2, connections: 2 });
            assert.deepEqual(ofMembers(members), [
                ['ann', second, 'present'],
                ['ben', first, 'present'],
            ]);
            for (const { since_ms: since, info, user } of members) {
                assert.ok(since >= before - 1000 && since <= Date.now() + 1000, `${since}`);
                assert.equal(info.userid, user);
            }
        });

        it('says of a user in the grace time that it is leaving', async () => {
            const [ann] = await goOnline([['ann', 0]]);
            await ann.close();
            const isLeaving = async () => {
                const { users, connections, members } = await ctl.json(['who', channel]);
                const [state] = members.map((member) => member.state);
                return users === 1 && connections === 0 && state === 'leaving';
            };
            await eventually(isLeaving, 'the grace time of ann');
            const rows = await ctl.json(['user', 'ann']);
            assert.ok(rows.some((row) => row.channel === channel && row.state === 'leaving'));
        });

        it('prints a table, and the counts', async () => {
            await goOnline([['ann', 0]]);
            const text = await ctl.text(['who', channel]);
            assert.match(text, /^USER +STATE +SINCE +NODE +CLIENT +INFO\nann +present +20\d\d-/);
            assert.match(text, /\n1 user, 1 connection\n$/);
        });

        it('lists no more than --limit, and says so', async () => {
            await goOnline([
                ['ann', 0],
                ['ben', 0],
            ]);
            const { members } = await ctl.json(['who', channel, '--limit', '1']);
            assert.equal(members.length, 1);
            const text = await ctl.text(['who', channel, '--limit', '1']);
            assert.match(text, /2 users, 2 connections; more: --limit\n$/);
        });
    });

    describe('user', () => {
        it('tells where the user is connected', async () => {
            const user = `u-${channel}`;
            await goOnline([
                [user, 0],
                ['another', 0],
                [user, 1],
            ]);
            const elsewhere = await cluster.nodes[0].connect(`${channel}-b`);
            await elsewhere.goOnline(user);
            const rows = await ctl.json(['user', user]);
            const [first, second] = cluster.nodes.map(({ name }) => name);
            const seen = rows.map((row) => `${row.channel} ${row.node}`);
            assert.deepEqual(seen.sort(), [
                `${channel} ${first}`,
                `${channel} ${second}`,
                `${channel}-b ${first}`,
            ]);
        });

        it('says so when the user is nowhere', async () => {
            assert.deepEqual(await ctl.json(['user', 'nobody']), []);
            const text = await ctl.text(['user', 'nobody']);
            assert.equal(text, 'nobody is not present in any channel\n');
        });
    });

    describe('watch', () => {
        it('follows joins, messages and leaves, and ends on SIGINT', async () => {
            const watching = await ctl.watch([channel]);
            const [ann] = await goOnline([['ann', 0]]);
            await watching.line(/join +.*user=ann /);
            const said = ann.say('ann', 'hello');
            await watching.line(/publication offset=1 .*"message":"hello"/);
            await ann.hears(said);
            await ann.close();
            await watching.line(/leave +.*user=ann /, 20_000);
            watching.signal('SIGINT');
            assert.equal((await watching.exit()).code, 0);
        });

        it('prints one JSON object an event with --json', async () => {
            const watching = await ctl.watch([channel, '--json']);
            const [ann] = await goOnline([['ann', 1]]);
            const said = ann.say('ann', 'hello');
            const joined = JSON.parse(await watching.line(/"event":"join"/));
            const heard = JSON.parse(await watching.line(/"event":"publication"/));
            assert.deepEqual(joined.info, { userid: 'ann', userphone: '555' });
            assert.deepEqual([joined.user, heard.offset], ['ann', 1]);
            assert.deepEqual(heard.data, JSON.parse(said));
            watching.signal('SIGTERM');
            assert.equal((await watching.exit()).code, 0);
        });

        it('says that members were put back', async () => {
            const watching = await ctl.watch([channel]);
            await goOnline([['ann', 0]]);
            await cluster.redis.client().flushall();
            await watching.line(/ sync +version=1 users=1$/);
            watching.signal('SIGINT');
            assert.equal((await watching.exit()).code, 0);
        });

        it('says so when Redis goes away', async () => {
            const watching = await ctl.watch([channel]);
            const redis = cluster.redis.client();
            await redis.client('KILL', 'TYPE', 'pubsub', 'SKIPME', 'no');
            await watching.line(/^parleyctl: Redis at 127\.0\.0\.1:\d+: /);
            assert.equal((await watching.exit()).code, 2);
            await cluster.readiness(200);
        });
    });

    describe('history', () => {
        it('shows the newest messages, oldest first', async () => {
            const [ann] = await cluster.connectToAll(channel);
            const said = ['one', 'two', 'three'].map((text) => ann.say('ann', text));
            await ann.hears(said[2]);
            const log = await ctl.json(['history', channel, '--limit', '2']);
            assert.deepEqual(log.publications, [
                { offset: 3, data: JSON.parse(said[1]) },
                { offset: 4, data: JSON.parse(said[2]) },
            ]);
            assert.equal(log.offset, 4);
            const redis = cluster.redis.client();
            assert.equal(log.epoch, await redis.hget(`parley:{${channel}}:meta`, 'epoch'));
            const text = await ctl.text(['history', channel, '--limit', '2']);
            assert.match(text, /^OFFSET +FROM +DATA\n3 +- +\{"message":/);
            assert.match(text, /\n2 of 4 messages, epoch \w+\n$/);
        });

        it('leaves a channel that keeps nothing as it is', async () => {
            const { publications } = await ctl.json(['history', channel]);
            assert.deepEqual(publications, []);
            const redis = cluster.redis.client();
            assert.equal(await redis.exists(`parley:{${channel}}:meta`), 0);
        });
    });

    describe('publish', () => {
        it('reaches the clients of every node, in both dialects', async () => {
            const [luchat] = await cluster.connectToAll(channel);
            const sdk = await cluster.nodes[1].connectSdk();
            const subscription = await sdk.subscribe(channel);
            const said = message('ops', 'back in five minutes');
            const { offset } = await ctl.json(['publish', channel, said]);
            await luchat.hears(said);
            await subscription.hears(JSON.parse(said));
            assert.equal(offset, 2);
        });

        it('publishes once, however often, with --key', async () => {
            const sdk = await cluster.nodes[0].connectSdk();
            const subscription = await sdk.subscribe(channel);
            const args = ['publish', channel, '{"n":1}', '--key', 'k1'];
            const first = await ctl.json(args);
            const second = await ctl.json(args);
            assert.deepEqual([first.deduplicated, second.deduplicated], [false, true]);
            assert.equal(second.offset, first.offset);
            await ctl.text(['publish', channel, '{"n":2}']);
            await subscription.hears({ n: 2 });
            assert.deepEqual(subscription.heard, [{ n: 1 }, { n: 2 }]);
        });

        it('refuses a key that was used for other data', async () => {
            await ctl.text(['publish', channel, '1', '--key', 'k']);
            const again = ['publish', channel, '2', '--key', 'k'];
            await ctl.refusal('was used for other data', again);
        });

        it('is shown to LuChat clients as a message whatever it is', async () => {
            const [luchat] = await cluster.connectToAll(channel);
            await ctl.text(['publish', channel, '{"offline":{"userid":"ann"}}']);
            const shown = JSON.parse(await luchat.next((frame) => frame.includes('offline')));
            assert.equal(shown.message.message, '{"offline":{"userid":"ann"}}');
        });

        it('puts JSON of several lines on one', async () => {
            const wire = await cluster.nodes[0].connectWire();
            await wire.ask('subscribe', { channel });
            await ctl.text(['publish', channel, '{"a":\n [1,\r\n 2]}']);
            assert.deepEqual(JSON.parse(await wire.push()).push.pub.data, { a: [1, 2] });
        });

        it('does not shorten a log that is longer than its own default', async () => {
            const sdk = await cluster.nodes[0].connectSdk();
            for (let n = 1; n <= 60; n++) await sdk.publish(channel, { n });
            await ctl.text(['publish', channel, '{"n":61}']);
            const redis = cluster.redis.client();
            assert.equal(await redis.xlen(`parley:{${channel}}:log`), 61);
            assert.ok((await redis.pttl(`parley:{${channel}}:log`)) > 0);
        });

        it('puts the log\'s lifetime forward only if told to', async () => {
            const redis = cluster.redis.client();
            const log = `parley:{${channel}}:log`;
            await ctl.text(['publish', channel, '1', '--history-ttl-s', '50']);
            await ctl.text(['publish', channel, '2']);
            assert.ok((await redis.ttl(log)) <= 50);
            await ctl.text(['publish', channel, '3', '--history-ttl-s', '500']);
            assert.ok((await redis.ttl(log)) > 50);
        });

        it('keeps nothing with --history-size 0', async () => {
            const text = await ctl.text(['publish', channel, '1', '--history-size', '0']);
            assert.equal(text, 'published; the channel keeps no history\n');
            const redis = cluster.redis.client();
            assert.equal(await redis.exists(`parley:{${channel}}:log`), 0);
        });

        it('refuses what is no JSON', () =>
            ctl.refusal('DATA must be JSON', ['publish', channel, 'hello']));

        it('refuses a channel that cannot be', () =>
            ctl.refusal('a channel is', ['publish', 'a{b}', '1']));
    });

    describe('disconnect', () => {
        it('ends the connections of the user on every node, and no others', async () => {
            const user = `u-${channel}`;
            const [first, second, other] = await goOnline([
                [user, 0],
                [user, 1],
                ['another', 0],
            ]);
            assert.deepEqual(await ctl.json(['disconnect', user]), { nodes: 2 });
            for (const client of [first, second])
                assert.deepEqual(await client.end(), FORCED_OUT);
            await other.ping();
        });

        it('says so when no node is there to be told', async () => {
            const args = ['disconnect', 'ann', '--prefix', 'nobody'];
            assert.deepEqual(await ctl.json(args, { code: 1 }), { nodes: 0 });
        });
    });

    describe('what strangers chose', () => {
        const NASTY = 'ev\u001b[31mil\u009b2J\u202e\u0007\u007f';
        const UNFIT = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;
        let redis;

        /** Such as no node writes, but as anybody could who reaches Redis. */
        beforeEach(async () => {
            redis ??= cluster.redis.client();
            const member = { user: NASTY, node: NASTY, generation: 1, since: 1 };
            const info = { name: NASTY };
            const json = JSON.stringify({ ...member, info }).replaceAll('\\u001b', '\u001b');
            await redis.hset(`parley:{${channel}}:members`, NASTY, JSON.stringify(member));
            await redis.hset(`parley:{${channel}}:members`, 'raw', json);
            await redis.hset(`parley:{${channel}}:users`, NASTY, 2);
            await redis.xadd(`parley:{${channel}}:log`, '1-0', 'd', NASTY, 'i', json);
            await redis.set(`parley:{${channel}${NASTY}}:meta`, NASTY);
        });

        afterEach(async () => {
            const keys = await redis.keys(`parley:{${channel}*`);
            await redis.del(keys);
        });

        const COMMANDS = [
            ['who', () => [channel], 0],
            ['user', () => [NASTY], 0],
            ['history', () => [channel], 0],
            ['channels', () => [`${channel}*`], 0],
            ['doctor', () => ['--settle-ms', '0'], 1],
        ];

        for (const [command, args, code] of COMMANDS) {
            it(`${command} shows it without obeying it`, async () => {
                const text = await ctl.text([command, ...args()], { code });
                assert.match(text, /ev(\\x1b|\\u001b)\[31mil/i);
                assert.doesNotMatch(text, UNFIT);
            });

            it(`${command} --json escapes it`, async () => {
                const text = await ctl.text([command, ...args(), '--json'], { code });
                assert.doesNotMatch(text, /[^\n\u0020-\u007e]/);
                JSON.parse(text);
            });
        }

        it('watch shows it without obeying it', async () => {
            const watching = await ctl.watch([channel]);
            await redis.publish(`parley:{${channel}}`, `p 7 - 0\n"${NASTY}"`);
            await redis.publish(`parley:{${channel}}`, NASTY);
            for (const pattern of [/offset=7/, /unknown/]) {
                const line = await watching.line(pattern);
                assert.match(line, /ev(\\x1b|\\u001b)\[31mil/i);
                assert.doesNotMatch(line, UNFIT);
            }
            watching.signal('SIGINT');
            await watching.exit();
        });

        it('an error names it without obeying it', async () => {
            const stderr = await ctl.refusal('a channel is', ['who', NASTY]);
            assert.doesNotMatch(stderr, UNFIT);
        });
    });

    describe('colours', () => {
        /** As typed on a terminal. */
        const typed = (env) =>
            run('script', ['-qec', `${PARLEYCTL} nodes`, '/dev/null'], {
                PARLEY_REDIS: cluster.redis.url,
                TERM: 'xterm',
                ...env,
            });

        it('are for terminals', async () => {
            const { stdout } = await typed();
            assert.ok(stdout.includes('\u001b[1mNODE\u001b[0m'), stdout);
        });

        it('are not for those who set NO_COLOR', async () => {
            const { stdout } = await typed({ NO_COLOR: '1' });
            assert.match(stdout, /NODE +STATE/);
            assert.ok(!stdout.includes('\u001b'), stdout);
        });

        it('are not for files and pipes', async () => {
            const stdout = await ctl.text(['nodes'], { env: { TERM: 'xterm' } });
            assert.ok(!stdout.includes('\u001b'), stdout);
        });
    });
});

describe('the command line of parleyctl', () => {
    const ctl = new Ctl(() => 'redis://127.0.0.1:1');

    it('--help lists every command and option', async () => {
        const text = await ctl.text(['--help']);
        const commands = ['nodes', 'channels', 'who', 'user', 'watch', 'history', 'publish'];
        commands.push('disconnect', 'doctor');
        const options = ['redis', 'redis-ca', 'prefix', 'json', 'limit', 'key', 'settle-ms'];
        const missing = [
            ...commands.filter((name) => !text.includes(`\n  ${name} `)),
            ...options.filter((name) => !text.includes(`\n  --${name}`)),
        ];
        assert.deepEqual(missing, []);
        assert.ok(text.includes('redis://127.0.0.1:6380'), text);
    });

    it('--version names the program and its version', async () => {
        assert.match(await ctl.text(['--version']), /^parleyctl \d+\.\d+\S*\n$/);
    });

    const BAD = {
        'no command': [[], 'no command'],
        'an unknown command': [['shout'], 'shout'],
        'a missing argument': [['who'], 'usage: parleyctl who CHANNEL'],
        'an argument too many': [['nodes', 'x'], 'usage: parleyctl nodes'],
        'an unknown option': [['nodes', '--loud'], '--loud'],
        'an option without its value': [['who', 'x', '--limit'], '--limit needs a value'],
        'an option of another command': [['nodes', '--key', 'x'], '--key is not for nodes'],
        'a number that is none': [['who', 'x', '--limit', 'many'], '--limit must be'],
        'a prefix that cannot be': [['nodes', '--prefix', 'a*'], '--prefix must be'],
        'a Redis of another kind': [['nodes', '--redis', 'http://x'], '--redis'],
    };

    for (const [what, [args, named]] of Object.entries(BAD)) {
        it(`${what} is refused by name`, () => ctl.refusal(named, args));
    }

    it('a result that cannot be written is no success', async () => {
        const { code, stderr } = await run('bash', ['-c', `${PARLEYCTL} --help >/dev/full`]);
        assert.deepEqual(
            { code, stderr },
            { code: 2, stderr: 'parleyctl: the result cannot be written\n' },
        );
    });

    it('a Redis that is not there is named', async () => {
        const port = await freePort();
        const url = `redis://:s3cret@127.0.0.1:${port}`;
        const stderr = await ctl.refusal(`127.0.0.1:${port}`, ['nodes', '--redis', url]);
        assert.ok(!stderr.includes('s3cret'), stderr);
    });

    it('a Redis that does not answer is named in time', async () => {
        const port = await freePort();
        const silent = net.createServer().listen(port, '127.0.0.1');
        const url = `redis://127.0.0.1:${port}`;
        const args = ['nodes', '--redis', url, '--timeout-ms', '200'];
        await ctl.refusal('no answer in time', args).finally(() => silent.close());
    });
});
