/*
 * client_limits - what one client may take, and what others notice of one that wants more.
 *
 * The abuser speaks the protocol frame by frame; the honest client is an ordinary one on the
 * same node, and must be served all along.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { newChannel, useCluster } from './lib/cluster.js';
import { fileOf, inSeconds, rsaPair, sign } from './lib/token.js';
import { eventually } from './lib/wait.js';
import { command } from './lib/wire.js';

const MEGABYTE = 1 << 20;
const SERVED_MS = 2000; // the worst an honest client may see, on a busy machine with sanitizers
const HONEST_GAP_MS = 20; // between its messages: it stays below the rate that is refused
const BIG = 'x'.repeat(64_000);
const codesOf = (replies) => replies.map((reply) => reply.error?.code ?? 0);
const countOf = (codes, code) => codes.filter((each) => each === code).length;

/** Sends all of it in frames of as many commands as fit into one. */
function flood(client, commands) {
    const frame = [];
    let bytes = 0;
    for (const text of [...commands, null]) {
        if (text === null || bytes + text.length > 60_000) {
            client.send(frame.splice(0).join('\n'));
            bytes = 0;
        }
        frame.push(text);
        bytes += (text?.length ?? 0) + 1;
    }
}

const many = (count, make) => Array.from({ length: count }, (_, i) => make(i));

describe('limits of one client', () => {
    const cluster = useCluster({ nodes: 1 });
    let node;
    let redis;
    let channel;

    beforeEach(() => {
        [node] = cluster.nodes;
        redis = cluster.redis.client();
        channel = newChannel();
    });

    const keyCount = () => redis.dbsize();
    const usedBytes = async () => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))[1]);

    /** The peak of Redis's memory while work is done, above what it was before, in bytes. */
    async function peakDuring(work) {
        await redis.config('RESETSTAT');
        const before = await usedBytes();
        let peak = before;
        let isOver = false;
        const looking = (async () => {
            while (!isOver) peak = Math.max(peak, await usedBytes());
        })();
        await work();
        isOver = true;
        await looking;
        return peak - before;
    }

    /** An honest client talks to itself until the work is done: the worst wait, in ms. */
    async function worstWaitDuring(work) {
        const honest = await node.connect(newChannel());
        let isOver = false;
        let worst = 0;
        const talking = (async () => {
            for (let i = 0; !isOver || i < 20; i++) {
                const at = performance.now();
                await honest.hears(honest.say('honest', `${i}`));
                worst = Math.max(worst, performance.now() - at);
                await new Promise((resolve) => setTimeout(resolve, HONEST_GAP_MS));
            }
        })();
        await work();
        isOver = true;
        await talking;
        return worst;
    }

    async function assertServedDuring(work) {
        const worst = await worstWaitDuring(work);
        assert.ok(worst < SERVED_MS, `an honest client waited ${worst} ms`);
    }

    /** A channel with fifty messages of 64 kB. */
    async function fillHistory() {
        const client = await node.connectWire();
        for (let i = 0; i < 50; i++) {
            const { error } = await client.ask('publish', { channel, data: BIG });
            assert.equal(error, undefined);
        }
    }

    const replies = (client, first, count) =>
        Promise.all(many(count, (i) => client.reply(first + i)));

    describe('at the store', () => {
        it('one who asks for megabytes again and again costs Redis and others next to nothing', async () => {
            await fillHistory();
            const abuser = await node.connectWire();
            const peak = await peakDuring(() =>
                assertServedDuring(async () => {
                    const commands = many(400, (i) =>
                        command(10 + i, 'history', { channel, limit: 50 }),
                    );
                    flood(abuser, commands);
                    await replies(abuser, 10, 4);
                }),
            );
            assert.ok(peak < 20 * MEGABYTE, `Redis grew by ${peak} bytes`);
            assert.ok((await node.metric('parley_limit_hits_total{limit="reply_bytes"}')) > 0);
        });

        it('one who does not read its answers holds no more than its backlog', async () => {
            await fillHistory();
            const peak = await peakDuring(() =>
                assertServedDuring(async () => {
                    const silent = await node.connectWire();
                    silent.socket.pause();
                    flood(
                        silent,
                        many(400, (i) => command(10 + i, 'history', { channel, limit: 50 })),
                    );
                    await (await node.connectWire()).ask('presence_stats', { channel });
                }),
            );
            assert.ok(peak < 20 * MEGABYTE, `Redis grew by ${peak} bytes`);
        });

        it('commands of one frame are answered in their order, however many wait', async () => {
            const few = await cluster.startNode({ options: { 'commands-in-flight': 2 } });
            const client = await few.connectWire();
            const commands = many(300, (i) =>
                command(10 + i, 'publish', { channel, data: i }),
            );
            client.send(commands.join('\n'));
            const codes = codesOf(await replies(client, 10, 300));
            assert.equal(countOf(codes, 0), 300);
            const { history } = await client.ask('history', { channel, limit: 300 });
            assert.deepEqual(
                history.publications.map(({ data }) => data),
                many(50, (i) => 250 + i),
            );
            const metric = 'parley_limit_hits_total{limit="commands_in_flight"}';
            assert.ok((await few.metric(metric)) > 0);
        });

        it('a client that sends a frame and goes at once leaves a node that serves', async () => {
            for (let i = 0; i < 10; i++) {
                const client = await node.connectWire();
                client.send(
                    many(300, (n) => command(10 + n, 'publish', { channel, data: n })).join('\n'),
                );
                client.socket.terminate();
            }
            await (await node.connect(channel)).settle();
        });
    });

    describe('rates', () => {
        it('publishes beyond the rate are refused with 111, and nothing else happens', async () => {
            const client = await node.connectWire();
            flood(
                client,
                many(900, (i) => command(10 + i, 'publish', { channel, data: i })),
            );
            const all = await replies(client, 10, 900);
            const granted = countOf(codesOf(all), 0);
            assert.ok(granted >= 500 && granted < 800, `${granted} were granted`);
            assert.equal(countOf(codesOf(all), 111), 900 - granted);
            assert.equal(all.at(-1).error?.temporary ?? true, true);
            const reader = await node.connectWire();
            const { history } = await reader.ask('history', { channel, limit: 0 });
            assert.equal(history.offset, granted);
        });

        it('who was refused is heard again a little later', async () => {
            const client = await node.connectWire();
            flood(
                client,
                many(1500, (i) => command(10 + i, 'presence_stats', { channel })),
            );
            const codes = codesOf(await replies(client, 10, 1500));
            assert.ok(countOf(codes, 111) > 0);
            await eventually(
                async () => !(await client.ask('presence_stats', { channel })).error,
                'a command that is granted',
            );
        });

        it('LuChat messages beyond the rate are refused with 429, to the sender alone', async () => {
            const [abuser, other] = [await node.connect(channel), await node.connect(channel)];
            for (let i = 0; i < 700; i++) abuser.say('abuser', `${i}`);
            await abuser.next((frame) => frame.includes('"code":429'), 'an error 429');
            await abuser.ping();
            await other.settle();
            const heard = other.count((frame) => frame.includes('abuser'));
            assert.ok(heard >= 500 && heard < 700, `${heard} were heard`);
            assert.equal(other.count((frame) => frame.includes('"code":429')), 0);
        });

        it('a reader who keeps up is not drowned by one who sends megabytes', async () => {
            const abuser = await node.connectWire();
            const reader = await node.connect(channel);
            flood(
                abuser,
                many(150, (i) => command(10 + i, 'publish', { channel, data: BIG })),
            );
            const codes = codesOf(await replies(abuser, 10, 150));
            assert.ok(countOf(codes, 111) > 60, `${countOf(codes, 111)} were refused`);
            assert.ok(reader.isOpen);
        });

        it('twenty thousand commands hold up nobody', async () => {
            const abuser = await node.connectWire();
            await assertServedDuring(async () => {
                flood(
                    abuser,
                    many(20_000, (i) => command(10 + i, 'publish', { channel, data: 1 })),
                );
                await replies(abuser, 10, 3000);
            });
        });
    });

    describe('channels', () => {
        it('publishing to channels of one’s own makes few keys', async () => {
            const client = await node.connectWire();
            const before = await keyCount();
            flood(
                client,
                many(1000, (i) => command(10 + i, 'publish', { channel: `own:${i}`, data: 1 })),
            );
            const codes = codesOf(await replies(client, 10, 1000));
            assert.ok(countOf(codes, 0) < 100, `${countOf(codes, 0)} were granted`);
            assert.ok((await keyCount()) - before < 200, `${(await keyCount()) - before} keys`);
        });

        it('asking for channels that never were makes no key', async () => {
            const client = await node.connectWire();
            await client.ask('history', { channel, limit: 0 });
            const before = await keyCount();
            for (let i = 0; i < 20; i++) {
                const { history } = await client.ask('history', { channel: newChannel(), limit: 5 });
                assert.deepEqual(history, { publications: [], offset: 0, epoch: '' });
                await client.ask('presence', { channel: newChannel() });
                await client.ask('presence_stats', { channel: newChannel() });
            }
            assert.equal(await keyCount(), before);
        });

        it('publishing with a key each time makes no more keys than there may be messages', async () => {
            const client = await node.connectWire();
            const before = await keyCount();
            const publish = (i) => ({ method: 'publish', data: { channel, data: 1, key: `${i}` } });
            flood(
                client,
                many(900, (i) => command(10 + i, 'rpc', publish(i))),
            );
            await replies(client, 10, 900);
            assert.ok((await keyCount()) - before < 800);
        });

        it('one who publishes to the same channel on and on is not refused', async () => {
            const client = await node.connectWire();
            for (let i = 0; i < 100; i++) {
                const { error } = await client.ask('publish', { channel, data: i });
                assert.equal(error, undefined);
            }
        });

        it('subscriptions beyond the limit are refused with 106', async () => {
            const client = await node.connectWire();
            client.send(
                many(130, (i) => command(10 + i, 'subscribe', { channel: `${channel}:${i}` })).join('\n'),
            );
            const codes = codesOf(await replies(client, 10, 130));
            assert.deepEqual([countOf(codes, 0), countOf(codes, 106)], [128, 2]);
        });
    });

    describe('presence names', () => {
        it('one connection takes a few names, and is told to keep one', async () => {
            const [abuser, other] = [await node.connect(channel), await node.connect(channel)];
            for (let i = 0; i < 100; i++)
                abuser.send(JSON.stringify({ online: { userid: `name${i}` } }));
            await abuser.next((frame) => frame.includes('"code":429'), 'an error 429');
            await abuser.ping();
            const users = await other.goOnline('other');
            assert.ok(users.length <= 10, `${users.length} names`);
        });
    });

    describe('without limits', () => {
        it('0 lifts them', async () => {
            const open = await cluster.startNode({
                options: { 'commands-per-s': 0, 'publishes-per-s': 0 },
            });
            const client = await open.connectWire();
            flood(
                client,
                many(2000, (i) => command(10 + i, 'publish', { channel, data: 1 })),
            );
            const codes = codesOf(await replies(client, 10, 2000));
            assert.equal(countOf(codes, 0), 2000);
        });
    });
});

describe('limits of one client, where answers are small', () => {
    const cluster = useCluster({
        nodes: 1,
        options: { 'reply-bytes': 10_000, 'reply-publications': 20 },
    });
    let node;
    let channel;

    beforeEach(() => {
        [node] = cluster.nodes;
        channel = newChannel();
    });

    it('a long history is read part by part', async () => {
        const client = await node.connectWire();
        for (let i = 1; i <= 30; i++) await client.ask('publish', { channel, data: i });
        const first = (await client.ask('history', { channel, limit: -1 })).history;
        const since = { offset: first.publications.at(-1).offset, epoch: first.epoch };
        const second = (await client.ask('history', { channel, limit: -1, since })).history;
        const read = [...first.publications, ...second.publications].map(({ data }) => data);
        assert.deepEqual([first.publications.length, first.offset], [20, 30]);
        assert.deepEqual(read, many(30, (i) => i + 1));
    });

    it('it is cut by its bytes, too, but never to nothing', async () => {
        const client = await node.connectWire();
        for (const length of [6000, 3000, 3000, 30_000])
            await client.ask('publish', { channel, data: 'x'.repeat(length) });
        const read = async (since) => {
            const { history } = await client.ask('history', { channel, limit: -1, since });
            return history.publications.map(({ offset }) => offset);
        };
        assert.deepEqual(await read(undefined), [1, 2]);
        assert.deepEqual(await read({ offset: 2, epoch: '' }), [3]);
        assert.deepEqual(await read({ offset: 3, epoch: '' }), [4]);
    });

    it('who missed more than a reply holds is told that it is not recovered', async () => {
        const client = await node.connectWire();
        const { subscribe } = await client.ask('subscribe', { channel });
        for (let i = 1; i <= 21; i++) await client.ask('publish', { channel, data: i });
        const recover = { channel, recover: true, epoch: subscribe.epoch };
        const one = await node.connectWire();
        const all = (await one.ask('subscribe', { ...recover, offset: 0 })).subscribe;
        assert.equal(all.recovered ?? false, false);
        assert.equal(all.publications?.length ?? 0, 0);
        const other = await node.connectWire();
        const some = (await other.ask('subscribe', { ...recover, offset: 1 })).subscribe;
        assert.equal(some.recovered, true);
        assert.equal(some.publications.length, 20);
    });
});

describe('limits of one client, in a namespace', () => {
    const cluster = useCluster({
        nodes: 1,
        options: { namespaces: JSON.stringify({ few: { reply_publications: 2 }, many: {} }) },
    });

    it('a namespace says how many publications an answer holds', async () => {
        const client = await cluster.nodes[0].connectWire();
        const lengthOf = async (channel) => {
            for (let i = 0; i < 5; i++) await client.ask('publish', { channel, data: i });
            return (await client.ask('history', { channel, limit: -1 })).history.publications.length;
        };
        assert.deepEqual([await lengthOf('few:1'), await lengthOf('many:1')], [2, 5]);
    });
});

describe('limits of one client, with tokens', () => {
    const { publicPem, privateKey } = rsaPair();
    const cluster = useCluster({ nodes: 1, options: { 'token-rsa-key': fileOf(publicPem) } });
    const tokenOf = (sub, more) =>
        sign({ sub, exp: inSeconds(600), ...more }, { alg: 'RS256', key: privateKey });

    it('a frame full of tokens is checked a few at a time', async () => {
        const [node] = cluster.nodes;
        const honest = await node.connect(newChannel(), tokenOf('honest'));
        const abuser = await node.openWire();
        await abuser.ask('connect', { token: tokenOf('abuser') });
        const bad = tokenOf('somebody', { channel: 'a' });
        let worst = 0;
        flood(
            abuser,
            many(500, (i) => command(10 + i, 'subscribe', { channel: 'a', token: bad })),
        );
        for (let i = 0; i < 50; i++) {
            const at = performance.now();
            await honest.hears(honest.say('honest', `${i}`));
            worst = Math.max(worst, performance.now() - at);
        }
        assert.ok(worst < SERVED_MS, `an honest client waited ${worst} ms`);
    });
});
