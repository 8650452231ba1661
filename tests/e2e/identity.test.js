/*
 * identity - who is shown as the speaker: what LuChat clients see as said by somebody was said
 * by that one, by whatever road it came, and who has no token looks like nobody who has one.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import WebSocket from 'ws';
import { KEY, result } from './lib/api.js';
import { newChannel, useCluster } from './lib/cluster.js';
import { request } from './lib/http.js';
import { LuChat } from '../../gateway/web/luchat.js';
import { isError, isMessage, isOnline, isUsers, message, online } from './lib/luchat.js';
import { inSeconds, SECRET, sign } from './lib/token.js';
import { eventually } from './lib/wait.js';

const options = { 'token-secret': SECRET, 'api-key': KEY, files: 'on', 'files-per-minute': 1000 };
const good = (claims) => sign({ ...claims, exp: inSeconds(600) });

/** The status of a file's upload: whom it names, and with which token. */
async function upload(node, channel, { userid, token }) {
    const query = new URLSearchParams({ channel, name: 'a.txt', ...(userid && { userid }) });
    const { status } = await request(node.port, `/files?${query}`, {
        method: 'POST',
        headers: {
            'Content-Type': 'text/plain',
            'Content-Length': 5,
            ...(token && { Authorization: `Bearer ${token}` }),
        },
        sent: 'hello',
    });
    return status;
}

describe('where tokens are asked for', () => {
    const cluster = useCluster({ nodes: 2, options });
    const forged = message('admin', 'send me your password', { filelink: 'javascript:alert(1)' });
    let channel;
    let here;
    let there;
    let bob;

    beforeEach(async () => {
        channel = newChannel();
        [here, there] = cluster.nodes;
        bob = await here.connect(channel, good({ sub: 'bob' }));
        await bob.ping();
    });

    const connectAs = (sub, claims) => there.connectSdk({ token: good({ sub, ...claims }) });
    const nextMessage = async (client) =>
        JSON.parse(await client.next(isMessage, 'a message')).message;

    const roads = {
        publish: async (client) => (await client.subscribe(channel)).publish(JSON.parse(forged)),
        'the acknowledged publish': (client) => client.publish(channel, JSON.parse(forged), 'k'),
    };
    for (const [road, publish] of Object.entries(roads)) {
        it(`${road} in another's name is shown as its publisher's, live and in the history`, async () => {
            await publish(await connectAs('mallory'));
            const newcomer = await there.connect(channel, good({ sub: 'late' }));
            for (const client of [bob, newcomer]) {
                const { userid, message, filelink } = await nextMessage(client);
                assert.deepEqual([userid, filelink], ['mallory', undefined]);
                assert.deepEqual(JSON.parse(message), JSON.parse(forged));
            }
        });
    }

    it("a user's own message in LuChat's shape is shown as it is, by name or number", async () => {
        for (const [sub, userid] of Object.entries({ ann: 'ann', 42: 42 })) {
            const said = message(userid, 'hello');
            await (await (await connectAs(sub)).subscribe(channel)).publish(JSON.parse(said));
            await bob.hears(said);
        }
    });

    it('what the server says in the name of a user is shown as it is', async () => {
        await result(there, 'publish', { channel, data: JSON.parse(forged) });
        await bob.hears(forged);
    });

    it('SDKs are told who said what a LuChat client says', async () => {
        const subscription = await (await connectAs('ann')).subscribe(channel);
        const said = bob.say('bob', 'hello');
        const { data, info } = await subscription.next('publication');
        assert.deepEqual([JSON.stringify(data), info.user], [said, 'bob']);
        await bob.hears(said);
    });

    it("a token's info makes nobody present under another's name", async () => {
        await bob.goOnline('bob');
        const claims = { info: { userid: 'admin', userphone: '1', role: 'x' } };
        await (await connectAs('mallory', claims)).subscribe(channel);
        const shown = await bob.next((frame) => frame.startsWith('{"online"'), 'an arrival');
        assert.deepEqual(JSON.parse(shown).online, { userid: 'mallory', userphone: '1' });
        bob.send(online('bob'));
        const list = JSON.parse(await bob.next(isUsers, 'the list')).users;
        assert.deepEqual(list.map(({ userid }) => userid).sort(), ['bob', 'mallory']);
    });

    it('the phone is shown whichever comes first, it or the name', async () => {
        bob.send('{"online":{"userphone":"555","userid":"bob"}}');
        const shown = JSON.parse(await bob.next(isOnline('bob'), 'the arrival')).online;
        assert.deepEqual(shown, { userid: 'bob', userphone: '555' });
    });

    it('a key for publishing once is of its user alone', async () => {
        const ann = await connectAs('ann');
        await (await connectAs('mallory')).publish(channel, 'junk', 'a1');
        assert.equal((await ann.publish(channel, 'order', 'a1')).deduplicated, false);
        const again = await here.connectSdk({ token: good({ sub: 'ann' }) });
        assert.equal((await again.publish(channel, 'order', 'a1')).deduplicated, true);
        await assert.rejects(again.publish(channel, 'other order', 'a1'), { code: 409 });
    });

    describe('a token', () => {
        it('for one subscription does not prolong a connection', async () => {
            const client = await there.openWire();
            await client.ask('connect', { token: good({ sub: 'ann' }) });
            client.send(
                JSON.stringify({ id: 9, refresh: { token: good({ sub: 'ann', channel }) } }),
            );
            assert.equal((await client.end()).code, 3500);
        });

        it('for another connection is taken nowhere', async () => {
            const token = good({ sub: 'ann', channel, client: 'somebody' });
            const luchat = await there.connect(channel, token);
            assert.equal((await luchat.end()).code, 1008);
            assert.equal(await upload(there, channel, { token }), 401);
            const client = await there.openWire();
            await client.ask('connect', { token: good({ sub: 'ann' }) });
            assert.equal((await client.ask('subscribe', { channel, token })).error.code, 103);
            const other = await there.openWire();
            other.send(
                JSON.stringify({
                    id: 1,
                    connect: { token: good({ sub: 'ann', client: 'somebody' }) },
                }),
            );
            assert.equal((await other.end()).code, 3500);
        });

        it('for its own connection refreshes it', async () => {
            const wire = await there.openWire();
            const { connect } = await wire.ask('connect', { token: good({ sub: 'ann' }) });
            const token = good({ sub: 'ann', client: connect.client });
            assert.equal((await wire.ask('refresh', { token })).refresh.expires, true);
        });

        it('of a user whose name has a comma opens no inbox of two others', async () => {
            const client = await connectAs('42,43');
            const subscription = client.channel('inbox#42,43');
            subscription.sdk.subscribe();
            assert.equal((await subscription.next('unsubscribed')).code, 103);
        });

        it('may be for a user called a guest, where there are no others', async () => {
            const client = await here.connect(channel, good({ sub: 'guest-1' }));
            await client.hears(client.say('guest-1', 'hello'));
        });
    });
});

describe('the channels of a connection', () => {
    const cluster = useCluster({
        nodes: 2,
        options: { ...options, 'channels-per-connection': 2 },
    });
    const limitHits = 'parley_limit_hits_total{limit="channels_per_connection"}';

    it('are bounded however it is put into them', async () => {
        const [here, there] = cluster.nodes;
        const channels = [newChannel(), newChannel(), newChannel()];
        const token = good({ sub: 'ann', channels: channels.slice(0, 2) });
        const client = await here.connectSdk({ token });
        for (let n = 0; n < 2; n++) await client.next('subscribed');
        await result(there, 'subscribe', { user: 'ann', channel: channels[2] });
        await eventually(async () => (await here.metric(limitHits)) === 1, 'the hit');
        assert.equal(client.all('subscribed').length, 2);
        await result(there, 'unsubscribe', { user: 'ann', channel: channels[0] });
        await client.next('unsubscribed');
        await result(there, 'subscribe', { user: 'ann', channel: channels[2] });
        assert.equal((await client.next('subscribed')).channel, channels[2]);
    });

    it('are told to be too many when a token names more', async () => {
        const channels = [newChannel(), newChannel(), newChannel()];
        const client = await cluster.nodes[0].openWire();
        const { error } = await client.ask('connect', { token: good({ sub: 'ann', channels }) });
        assert.equal(error.code, 106);
    });
});

describe('a protocol that is switched off', () => {
    const cluster = useCluster({ nodes: 1, redis: false });
    const upgrade = {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };

    for (const [option, closed, open] of [
        ['centrifuge', '/connection/websocket', '/ws'],
        ['luchat', '/ws', '/connection/websocket'],
    ]) {
        it(`--${option} off leaves no ${closed}`, async () => {
            const node = await cluster.startNode({ options: { [option]: 'off' } });
            const statusOf = async (path, headers) =>
                (await request(node.port, path, { headers })).status;
            assert.equal(await statusOf(closed, upgrade), 404);
            assert.equal(await statusOf(closed), 404);
            assert.equal(await statusOf(open), 426);
        });
    }
});

describe('where tokens are taken, and not asked for', () => {
    const cluster = useCluster({ nodes: 2, options: { ...options, anonymous: 'on' } });
    let channel;
    let here;
    let bob;
    let guest;

    beforeEach(async () => {
        channel = newChannel();
        [here] = cluster.nodes;
        bob = await here.connect(channel, good({ sub: 'bob' }));
        guest = await cluster.nodes[1].connect(channel);
        await bob.goOnline('bob');
    });

    it('who has none is told how names must begin, and luchat.js heeds it', async () => {
        const url = `ws://127.0.0.1:${here.port}/ws`;
        const chat = new LuChat(url, { channel, user: { userid: 'ann' }, WebSocket });
        const hello = new Promise((resolve) => chat.addEventListener('hello', resolve));
        chat.connect();
        assert.equal((await hello).detail.guest, 'guest-');
        await bob.seesOnline('guest-ann');
        chat.send('hello');
        const shown = JSON.parse(await bob.next(isMessage, 'a message')).message;
        assert.deepEqual([shown.userid, shown.message], ['guest-ann', 'hello']);
        chat.close();
    });

    it('who has none cannot be called what a user with a token is', async () => {
        for (const frame of [online('ann'), message('ann', 'I am ann'), message(7, 'I am 7'), message('?', 'I am ?')]) {
            guest.send(frame);
            await guest.next(isError(403), 'the refusal');
        }
        assert.equal(await upload(here, channel, { userid: 'ann' }), 403);
        const said = bob.say('bob', 'the end');
        await bob.hears(said);
        assert.equal(bob.count((frame) => frame.includes('ann') || frame.includes('I am')), 0);
    });

    it('who has none is called what no user with a token can be', async () => {
        await guest.goOnline('guest-ann');
        await bob.next(isOnline('guest-ann'), 'the arrival');
        const said = guest.say('guest-ann', 'hello');
        await bob.hears(said);
        assert.equal(await upload(here, channel, { userid: 'guest' }), 201);
        await bob.next((frame) => frame.includes('"userid":"guest"') && frame.includes('/files/'));
        for (const sub of ['guest', 'guest-ann']) {
            const client = await here.connect(channel, good({ sub }));
            assert.deepEqual(await client.end(), { code: 1008, reason: 'invalid token' });
            assert.equal(await upload(here, channel, { token: good({ sub }) }), 401);
        }
        const named = await here.connect(channel, good({ sub: 'guestbook' }));
        await named.hears(named.say('guestbook', 'hello'));
    });

    it("what an SDK without one says in anybody's name is shown as nobody's", async () => {
        const subscription = await (await here.connectSdk()).subscribe(channel);
        for (const userid of ['bob', 'guest-ann']) {
            await subscription.publish(JSON.parse(message(userid, 'hello')));
            const shown = JSON.parse(await bob.next(isMessage, 'a message')).message;
            assert.equal(shown.userid, '?');
        }
    });
});
