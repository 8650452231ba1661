/*
 * namespaces - what channels are by the part of their name before the first colon: their logs,
 * and who may do what in them, for SDK clients, LuChat clients and the server API.
 */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { call, KEY, result } from './lib/api.js';
import { useCluster } from './lib/cluster.js';
import { isError } from './lib/luchat.js';
import { inSeconds, SECRET, sign } from './lib/token.js';

const namespaces = {
    chat: { history_size: 3 },
    silent: { history_size: 0, join_leave: false },
    news: { publish: 'token', history: 'authenticated', see_presence: 'subscriber' },
    members: { subscribe: 'authenticated', publish: 'subscriber' },
    invited: { subscribe: 'token' },
};

const options = {
    namespaces: JSON.stringify(namespaces),
    'token-secret': SECRET,
    anonymous: 'on',
    'api-key': KEY,
};

const UNKNOWN = { code: 102 };
const DENIED = { code: 103 };

let users = 0;

describe('namespaces', () => {
    const cluster = useCluster({ nodes: 2, options });

    /** A connected SDK client, of a user of its own or of nobody. */
    async function sdk({ user, claims, node = cluster.nodes[0] } = {}) {
        const token = user && sign({ sub: user, exp: inSeconds(600), ...claims });
        return node.connectSdk(token ? { token } : {});
    }

    const newUser = () => `user-${++users}`;
    const newChannel = (namespace) => `${namespace}:${++users}`;

    async function publishTo(channel, count) {
        for (let i = 1; i <= count; i++)
            await result(cluster.nodes[0], 'publish', { channel, data: { i } });
    }

    it('a log is as long as its namespace says', async () => {
        const channel = newChannel('chat');
        await publishTo(channel, 5);
        const client = await sdk();
        const { publications } = await client.sdk.history(channel, { limit: -1 });
        assert.deepEqual(publications.map(({ data }) => data.i), [3, 4, 5]);
        assert.equal(await cluster.redis.client().xlen(`parley:{${channel}}:log`), 3);
    });

    it('a namespace without a log has none, and delivers all the same', async () => {
        const channel = newChannel('silent');
        const client = await sdk({ node: cluster.nodes[1] });
        const subscription = await client.subscribe(channel);
        await publishTo(channel, 1);
        assert.deepEqual((await subscription.next('publication')).data, { i: 1 });
        await assert.rejects(client.sdk.history(channel, { limit: 1 }), { code: 108 });
    });

    it('joins are not pushed where the namespace says so', async () => {
        const channel = newChannel('silent');
        const client = await sdk();
        const subscription = await client.subscribe(channel);
        await (await sdk({ user: newUser() })).subscribe(channel);
        await publishTo(channel, 1);
        await subscription.next('publication');
        assert.deepEqual(subscription.all('join'), []);
    });

    it('a channel of an unknown namespace is refused everywhere', async () => {
        const client = await sdk();
        const channel = newChannel('nowhere');
        const subscription = client.channel(channel);
        subscription.sdk.subscribe();
        assert.equal((await subscription.next('unsubscribed')).code, 102);
        await assert.rejects(client.sdk.publish(channel, {}), UNKNOWN);
        await assert.rejects(client.sdk.history(channel, { limit: 1 }), UNKNOWN);
        await assert.rejects(client.sdk.presence(channel), UNKNOWN);
        const { error } = await call(cluster.nodes[0], 'publish', { channel, data: {} });
        assert.equal(error.code, 102);
        const luchat = await cluster.nodes[0].connect(channel);
        assert.equal((await luchat.end()).code, 1008);
    });

    it('a channel without a colon is as the options of the command line say', async () => {
        const client = await sdk();
        await client.subscribe('lobby');
        await client.sdk.publish('lobby', { text: 'hi' });
    });

    it('only who is let in by a token may publish where it says so', async () => {
        const channel = newChannel('news');
        const user = newUser();
        const reader = await sdk({ user });
        const subscription = await reader.subscribe(channel);
        await assert.rejects(subscription.sdk.publish({}), DENIED);
        await assert.rejects(reader.sdk.rpc('publish', { channel, data: {} }), DENIED);
        const writer = await sdk({ user: newUser(), claims: { channels: [channel] } });
        await writer.sdk.publish(channel, { by: 'writer' });
        await subscription.hears({ by: 'writer' });
    });

    it('history is for authenticated users where it says so', async () => {
        const channel = newChannel('news');
        await assert.rejects((await sdk()).sdk.history(channel, { limit: 1 }), DENIED);
        await (await sdk({ user: newUser() })).sdk.history(channel, { limit: 1 });
    });

    it('who may not read the history is sent nothing of it by recovery', async () => {
        const channel = newChannel('news');
        await publishTo(channel, 2);
        const { epoch } = await result(cluster.nodes[0], 'history', { channel });
        const places = [{ offset: 0, epoch: '' }, { offset: 1, epoch }];
        for (const since of places) {
            const subscription = (await sdk()).channel(channel, { since });
            const { recovered, wasRecovering } = await subscription.subscribe();
            assert.deepEqual([wasRecovering, recovered], [true, false]);
            assert.deepEqual(subscription.heard, []);
            const allowed = (await sdk({ user: newUser() })).channel(channel, { since });
            assert.equal((await allowed.subscribe()).recovered, true);
            assert.equal((await allowed.publications(2 - since.offset)).length, 2 - since.offset);
        }
        const here = (await sdk()).channel(channel, { since: { offset: 2, epoch } });
        assert.equal((await here.subscribe()).recovered, true);
    });

    it('presence is for subscribers where it says so', async () => {
        const channel = newChannel('news');
        const client = await sdk({ user: newUser() });
        await assert.rejects(client.sdk.presence(channel), DENIED);
        await assert.rejects(client.sdk.presenceStats(channel), DENIED);
        await client.subscribe(channel);
        await client.sdk.presence(channel);
    });

    it('the anonymous do not get into a channel for authenticated users', async () => {
        const channel = newChannel('members');
        const subscription = (await sdk()).channel(channel);
        subscription.sdk.subscribe();
        assert.equal((await subscription.next('unsubscribed')).code, 103);
        await (await sdk({ user: newUser() })).subscribe(channel);
    });

    it('who is not in the channel does not publish where it says so', async () => {
        const channel = newChannel('members');
        const client = await sdk({ user: newUser() });
        await assert.rejects(client.sdk.publish(channel, {}), DENIED);
        const subscription = await client.subscribe(channel);
        await subscription.publish({ text: 'now' });
    });

    it('a channel for those with a token of its own lets in nobody else', async () => {
        const channel = newChannel('invited');
        const user = newUser();
        const client = await sdk({ user });
        const without = client.channel(channel);
        without.sdk.subscribe();
        assert.equal((await without.next('unsubscribed')).code, 103);
        client.sdk.removeSubscription(without.sdk);
        await client.subscribe(channel, { token: sign({ sub: user, channel }) });
    });

    it('LuChat clients are held to the same', async () => {
        const channel = newChannel('invited');
        const user = newUser();
        const [node] = cluster.nodes;
        const stranger = await node.connect(channel, sign({ sub: user }));
        assert.equal((await stranger.end()).code, 1008);
        const guest = await node.connect(channel, sign({ sub: user, channel }));
        const said = guest.say(user, 'let in');
        await guest.hears(said);

        const news = await node.connect(newChannel('news'), sign({ sub: user }));
        news.say(user, 'may I?');
        await news.next(isError(403), 'a refusal');
    });
});
