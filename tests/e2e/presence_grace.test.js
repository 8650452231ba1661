/*
 * presence_grace - a user is present from the first connection to the end of the last one's
 * grace: tabs and reloads, on the same node and on others, are nobody's news.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { newChannel, useCluster } from './lib/cluster.js';
import { connectAs, subscribeTo, Witness } from './lib/crowd.js';
import { isOffline, isOnline } from './lib/luchat.js';
import { SECRET, tokenOf } from './lib/token.js';
import { eventually } from './lib/wait.js';

const LONG_MS = 60_000;
const TOKENS = { 'token-secret': SECRET, anonymous: 'on' };
const namespaces = JSON.stringify({
    patient: { presence_grace_ms: LONG_MS }, // longer than any test
    brisk: { presence_grace_ms: 300 },
    each: { presence_events: 'connection' },
});

describe('a user with several connections', () => {
    const cluster = useCluster({ nodes: 3, options: { ...TOKENS, namespaces } });
    let redis;
    let watcher;
    let channel;

    beforeEach(() => {
        redis ??= cluster.redis.client();
    });

    async function watch(namespace) {
        channel = newChannel().replace('room', namespace);
        watcher = await cluster.nodes[0].connect(channel, tokenOf('watcher'));
        await watcher.goOnline('watcher');
    }

    async function open(node = 0, user = 'ann') {
        const tab = await cluster.nodes[node].connect(channel, tokenOf(user));
        await tab.goOnline(user);
        return tab;
    }

    /** How often ann came and went, once all that happened has been heard. */
    async function told() {
        const stranger = `stranger-${newChannel()}`;
        await open(1, stranger);
        await watcher.seesOnline(stranger);
        return [watcher.count(isOnline('ann')), watcher.count(isOffline('ann'))];
    }

    /** Closes it, and waits until Redis has ann in her grace. */
    async function closeLast(tab) {
        await tab.close();
        await inGrace();
    }

    async function inGrace() {
        const key = `parley:{${channel}}:grace`;
        const isThere = async () => (await redis.zscore(key, 'ann')) !== null;
        await eventually(isThere, 'ann to be in her grace');
    }

    it('on three nodes joins once, and leaves once with the last of three tabs', async () => {
        await watch('brisk');
        const tabs = [await open(0), await open(1), await open(2)];
        await tabs[0].close();
        await tabs[2].close();
        assert.deepEqual(await told(), [1, 0]);
        await tabs[1].close();
        await watcher.seesOffline('ann');
        assert.deepEqual(await told(), [1, 1]);
    });

    for (const [where, node] of [
        ['the same node', 0],
        ['another node', 2],
    ]) {
        it(`who reloads within the grace on ${where} has neither left nor joined`, async () => {
            await watch('patient');
            await closeLast(await open(0));
            await open(node);
            assert.deepEqual(await told(), [1, 0]);
            assert.equal(await redis.exists(`parley:{${channel}}:leaving`), 0);
        });

        it(`who comes back after the grace on ${where} has left and joined`, async () => {
            await watch('brisk');
            await (await open(0)).close();
            await watcher.seesOffline('ann');
            await open(node);
            assert.deepEqual(await told(), [2, 1]);
        });
    }

    it('ten reloads are nobody’s news', async () => {
        await watch('patient');
        let tab = await open(0);
        for (let i = 1; i <= 10; i++) {
            await closeLast(tab);
            tab = await open(i % 3);
        }
        assert.deepEqual(await told(), [1, 0]);
    });

    it('who is in the grace is counted', async () => {
        await watch('patient');
        await closeLast(await open(2));
        const sdk = await cluster.nodes[1].connectSdk();
        const { numUsers } = await sdk.sdk.presenceStats(channel);
        assert.equal(numUsers, 2);
    });

    it('a node that stops in between leaves the end of the grace to others', async () => {
        await watch('brisk');
        const leaving = await cluster.startNode();
        const tab = await leaving.connect(channel, tokenOf('ann'));
        await tab.goOnline('ann');
        await watcher.seesOnline('ann');
        await leaving.stop();
        await watcher.seesOffline('ann');
        assert.deepEqual(await told(), [1, 1]);
    });

    it('who closes with the node’s last breath leaves all the same', async () => {
        await watch('brisk');
        const victim = await cluster.startNode();
        const tab = await victim.connect(channel, tokenOf('ann'));
        await tab.goOnline('ann');
        await tab.close();
        await inGrace();
        await victim.kill();
        await watcher.next(isOffline('ann'), 'offline of ann', 30_000);
        assert.deepEqual(await told(), [1, 1]);
    });

    it('every connection is told where a namespace says so, and no grace is given', async () => {
        await watch('each');
        const witness = await Witness.on(cluster.nodes[1], 'witness', [channel]);
        const tabs = [];
        for (const node of [cluster.nodes[0], cluster.nodes[2]]) {
            tabs.push(await connectAs(node, 'ben'));
            await subscribeTo(tabs.at(-1), [channel]);
        }
        const ofBen = (what) => witness.told(what).get(`${channel} ben`);
        await eventually(() => ofBen('join') === 2, 'both joins');
        for (const tab of tabs) await tab.drop();
        await eventually(() => ofBen('leave') === 2, 'both leaves');
        assert.equal(ofBen('join'), 2);
    });
});
