/*
 * redis_garbled - Redis's answers arrive in another order, twice, not at all, or as something
 * else; and what stands in Redis is not what a node has written.
 *
 * A node stays, believes nothing of it, and serves again once it hears Redis as it is. That no
 * sanitizer has anything to say is seen when the node is stopped.
 */
import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { everyoneHears, newChannel, useCluster } from './lib/cluster.js';
import { Garbler, ways } from './lib/garbler.js';
import { UNLIMITED } from './lib/gateway.js';
import { isOffline, online } from './lib/luchat.js';
import { eventually } from './lib/wait.js';

const GARBLED = 40; // answers, before the network is mended
const RETURN_MS = 30_000; // backoff included

const options = {
    ...UNLIMITED,
    'redis-timeout-ms': 1000,
    'lease-ttl-ms': 4000,
    'lease-renew-ms': 200,
    'presence-grace-ms': 300,
    'new-channels-per-minute': 0,
    'names-per-connection': 0,
};

describe('answers of Redis that are garbled', { concurrency: true }, () => {
    const cluster = useCluster({ nodes: 0, options });
    const garblers = [];
    after(() => Promise.all(garblers.map((garbler) => garbler.stop())));

    async function startBehindGarbler() {
        const garbler = await Garbler.start(cluster.redis);
        garblers.push(garbler);
        const node = await cluster.startNode({ options: { redis: garbler.url } });
        return { garbler, node };
    }

    /** Handshakes are refused while the node cannot serve. */
    async function comeIn(node, channel) {
        let client;
        await eventually(
            async () => (client = await node.connect(channel).catch(() => null)),
            'to be let in',
            RETURN_MS,
        );
        return client;
    }

    /** Everything that a client may cause a node to ask, until enough was garbled. */
    async function askAllTheTime(node, garbler, channel) {
        const client = await comeIn(node, channel);
        let count = 0;
        await eventually(
            async () => {
                client.send(online(`user-${count++ % 7}`));
                client.say('ann', `message ${count}`);
                const other = await node.connect(`${channel}-${count % 5}`).catch(() => null);
                await other?.drop();
                return garbler.garbled >= GARBLED;
            },
            `${GARBLED} garbled answers`,
            RETURN_MS,
        );
        await client.drop();
    }

    for (const [name, way] of Object.entries(ways)) {
        it(`${name}: the node stays, and serves again afterwards`, async (t) => {
            const { garbler, node } = await startBehindGarbler();
            t.diagnostic(`PARLEY_SEED=${garbler.chance.seed}`);
            const channel = newChannel();
            garbler.begin(way);
            await askAllTheTime(node, garbler, channel);
            garbler.end();
            await node.readiness(200, RETURN_MS);
            const clients = [await comeIn(node, channel), await comeIn(node, channel)];
            await everyoneHears(clients[0], clients, 'all is well');
            await clients[0].goOnline('zoe');
            await clients[1].goOnline('tom');
            await clients[0].seesOnline('tom');
        });
    }
});

describe('wrong content in Redis', () => {
    const cluster = useCluster({ nodes: 1, options });
    let redis;
    before(() => (redis = cluster.redis.client()));

    async function openChannel() {
        const channel = newChannel();
        const sdk = await cluster.nodes[0].connectSdk();
        const luchat = await cluster.nodes[0].connect(channel);
        await sdk.subscribe(channel);
        return { channel, sdk, luchat };
    }

    for (const [what, epoch] of [
        ['a quote', '"}]x'],
        ['more than 16 octets', 'x'.repeat(40)],
        ['no octets', ''],
    ]) {
        it(`an epoch with ${what} is replaced, and nobody is deaf`, async () => {
            const { channel, luchat } = await openChannel();
            await everyoneHears(luchat, [luchat], 'before');
            await redis.hset(`parley:{${channel}}:meta`, 'epoch', epoch);
            await everyoneHears(luchat, [luchat], 'after');
            const newcomer = await cluster.nodes[0].connectSdk();
            await newcomer.subscribe(channel);
            const now = await redis.hget(`parley:{${channel}}:meta`, 'epoch');
            assert.match(now, /^[0-9a-zA-Z_-]{1,16}$/);
        });
    }

    it('what is no JSON, or no UTF-8, is handed to nobody', async () => {
        const { channel, luchat } = await openChannel();
        const pubsub = `parley:{${channel}}`;
        await redis.publish(pubsub, 'p 0 - 0\nhello');
        await redis.publish(pubsub, Buffer.from('p 0 - 0\n"\xe9"', 'latin1'));
        await redis.publish(pubsub, 'p 9223372036854775807 " 0\n{}');
        await redis.publish(pubsub, Buffer.from('j 1 1\n\xff\nc\n{}', 'latin1'));
        const said = luchat.say('ann', 'as ever');
        await luchat.hears(said);
        const { items } = cluster.nodes[0].process.lines;
        assert.ok(items.some((line) => line.includes('redis_content_unsound')));
    });

    it('a channel whose key is of another type keeps neither its lease nor other channels', async () => {
        const [good, bad] = [newChannel(), newChannel()];
        const victim = await cluster.startNode();
        const watcher = await cluster.nodes[0].connect(good);
        await watcher.goOnline('watcher');
        for (const channel of [good, bad]) await (await victim.connect(channel)).goOnline('ann');
        await watcher.seesOnline('ann');
        await redis.del(`parley:{${bad}}:members`);
        await redis.set(`parley:{${bad}}:members`, 'no hash');
        await victim.kill();
        await watcher.next(isOffline('ann'), 'offline of ann', RETURN_MS);
        const leases = async () => (await redis.zrange('parley:nodes', 0, -1)).join();
        const isGone = async () => !(await leases()).includes(`${victim.name}:`);
        await eventually(isGone, 'the end of its lease', RETURN_MS);
        await redis.del(`parley:{${bad}}:members`);
    });

    it('entries of the log that are none are left out of the history', async () => {
        const { channel, luchat } = await openChannel();
        await everyoneHears(luchat, [luchat], 'one');
        const log = `parley:{${channel}}:log`;
        const { offset } = await redis.hgetall(`parley:{${channel}}:meta`);
        await redis.xadd(log, `${Number(offset) + 1}-0`, 'd', 'no JSON');
        await redis.hset(`parley:{${channel}}:meta`, 'offset', Number(offset) + 1);
        await luchat.drop();
        const newcomer = await cluster.nodes[0].connect(channel);
        await everyoneHears(newcomer, [newcomer], 'two');
    });
});
