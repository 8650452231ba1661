/*
 * tokens - who comes in, for how long and into which channels, as tokens say: SDK clients on
 * two nodes with every kind of key, and forged tokens over the socket.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { KEY, result } from './lib/api.js';
import { newChannel, useCluster } from './lib/cluster.js';
import { ecPair, edPair, fileOf, inSeconds, rsaPair, SECRET, sign, withClaims } from './lib/token.js';
import { eventually } from './lib/wait.js';

const rsa = rsaPair();
const ec = ecPair();
const keys = {
    'token-secret': SECRET,
    'token-rsa-key': fileOf(rsa.publicPem),
    'token-ec-key': fileOf(ec.publicPem),
};
const quick = { 'token-grace-s': 1, 'ping-interval-ms': 1000 };
const EXPIRY_MS = 20_000;

const never = () => new Promise(() => {});
const expired = (claims) => sign({ ...claims, exp: inSeconds(-60) });
const good = (claims) => sign({ ...claims, exp: inSeconds(600) });
const short = (claims) => sign({ ...claims, exp: inSeconds(1) });

/** A getToken that gives these tokens, one a call, the last of them again and again. */
function giver(...tokens) {
    const give = async (context) => {
        give.contexts.push(context);
        const next = tokens.length > 1 ? tokens.shift() : tokens[0];
        return next();
    };
    give.contexts = [];
    give.calls = (count) =>
        eventually(() => give.contexts.length >= count, `${count} calls of getToken`, EXPIRY_MS);
    return give;
}

const forged = {
    'that names no algorithm': sign({ sub: '42' }, { alg: 'none' }),
    'that names none in capitals': sign({ sub: '42' }, { alg: 'none', header: { alg: 'NONE' } }),
    'that names none and is signed': sign({ sub: '42' }, { header: { alg: 'none' } }),
    'signed with the public RSA key as a secret': sign({ sub: '42' }, { key: rsa.publicPem }),
    'signed with the public EC key as a secret': sign({ sub: '42' }, { key: ec.publicPem }),
    'signed with a secret and said to be RS256': sign({ sub: '42' }, { header: { alg: 'RS256' } }),
    'signed with another secret': sign({ sub: '42' }, { key: `${SECRET}x` }),
    'signed with an empty secret': sign({ sub: '42' }, { key: '' }),
    'signed with another RSA key': sign({ sub: '42' }, { alg: 'RS256', key: rsaPair().privateKey }),
    'signed with another EC key': sign({ sub: '42' }, { alg: 'ES256', key: ecPair().privateKey }),
    'whose claims were changed': withClaims(sign({ sub: '41' }), { sub: '42' }),
    'whose signature was cut': sign({ sub: '42' }).slice(0, -2),
    'that brings its own key': sign(
        { sub: '42' },
        { alg: 'RS256', key: rsaPair().privateKey, header: { jwk: { kty: 'RSA' }, kid: '../x' } },
    ),
    'that is not yet valid': sign({ sub: '42', nbf: inSeconds(600) }),
    'for one subscription': sign({ sub: '42', channel: 'lobby' }),
    'that is none': 'nonsense',
};

describe('the token of an SDK client', () => {
    const cluster = useCluster({ nodes: 2, options: { ...keys, ...quick } });
    let here;
    let there;

    beforeEach(() => {
        [here, there] = cluster.nodes;
    });

    /** A connected SDK client of this user. */
    const connectAs = (sub, node = here) => node.connectSdk({ token: good({ sub }) });

    describe('when it connects', () => {
        for (const [alg, key] of Object.entries({
            HS256: SECRET,
            HS384: SECRET,
            HS512: SECRET,
            RS256: rsa.privateKey,
            RS384: rsa.privateKey,
            RS512: rsa.privateKey,
            ES256: ec.privateKey,
        })) {
            it(`signed with ${alg} says who publishes`, async () => {
                const channel = newChannel();
                const claims = { sub: '42', info: { name: 'Ann' } };
                const token = sign(claims, { alg, key });
                const subscription = await (await here.connectSdk({ token })).subscribe(channel);
                const other = await connectAs('7', there);
                await other.subscribe(channel);
                await subscription.publish('hello');
                const { info } = await subscription.hears('hello');
                assert.deepEqual([info.user, info.connInfo], ['42', { name: 'Ann' }]);
            });
        }

        for (const [alg, pair] of Object.entries({ ES384: ecPair('P-384'), EdDSA: edPair() })) {
            it(`signed with ${alg} is taken where the key is on its curve, and no other`, async () => {
                const options = { 'token-ec-key': fileOf(pair.publicPem) };
                const node = await cluster.startNode({ options });
                const key = pair.privateKey;
                await node.connectSdk({ token: sign({ sub: '42' }, { alg, key }) });
                for (const token of [
                    sign({ sub: '42' }, { alg: 'ES256', key: ec.privateKey }),
                    sign({ sub: '42' }, { alg, key, header: { alg: 'ES256' } }),
                    sign({ sub: '42' }, { header: { alg } }),
                    withClaims(sign({ sub: '41' }, { alg, key }), { sub: '42' }),
                ]) {
                    const client = node.newSdk({ token });
                    client.sdk.connect();
                    assert.equal((await client.next('disconnected')).code, 3500);
                }
            });
        }

        it('is asked for if there is none at first', async () => {
            const getToken = giver(() => good({ sub: '42' }));
            await here.connectSdk({ getToken });
            assert.equal(getToken.contexts.length, 1);
        });

        it('is required', async () => {
            const client = here.newSdk();
            client.sdk.connect();
            assert.equal((await client.next('disconnected')).code, 101);
        });

        it('is not required where anonymous clients are let in', async () => {
            const node = await cluster.startNode({ options: { anonymous: 'on' } });
            const subscription = await (await node.connectSdk()).subscribe(newChannel());
            await subscription.publish('hello');
            assert.equal((await subscription.hears('hello')).info.user, '');
        });

        for (const [what, token] of Object.entries(forged)) {
            it(`${what}: the client is sent away for good`, async () => {
                const client = here.newSdk({ token });
                client.sdk.connect();
                const { code, reason } = await client.next('disconnected');
                assert.equal(code, 3500, reason);
            });
        }

        it('of another audience or issuer is refused', async () => {
            const options = { 'token-audience': 'chat', 'token-issuer': 'us' };
            const node = await cluster.startNode({ options });
            await node.connectSdk({ token: good({ sub: '42', aud: ['x', 'chat'], iss: 'us' }) });
            for (const claims of [{ aud: 'chat' }, { iss: 'us' }, { aud: 'x', iss: 'us' }]) {
                const client = node.newSdk({ token: good({ sub: '42', ...claims }) });
                client.sdk.connect();
                assert.equal((await client.next('disconnected')).code, 3500);
            }
        });
    });

    describe('when it expires', () => {
        it('is asked for anew at the next connect', async () => {
            const getToken = giver(() => good({ sub: '42' }));
            await here.connectSdk({ token: expired({ sub: '42' }), getToken });
            assert.equal(getToken.contexts.length, 1);
        });

        it('is asked for again and again while connected', async () => {
            const getToken = giver(() => short({ sub: '42' }));
            const client = await here.connectSdk({ token: short({ sub: '42' }), getToken });
            await getToken.calls(3);
            assert.equal(client.all('connecting').length, 1);
            assert.equal(client.sdk.state, 'connected');
        });

        it('ends the connection after the grace, and the SDK comes back with a new one', async () => {
            const getToken = giver(never, () => good({ sub: '42' }));
            const client = await here.connectSdk({ token: short({ sub: '42' }), getToken });
            const isOver = ({ event, code }) => event === 'connecting' && code === 3005;
            await client.events.next(isOver, 'the end of the connection', EXPIRY_MS);
            await client.next('connected', EXPIRY_MS);
        });

        it('ends it for good if there is no new one', async () => {
            const getToken = giver(() => null);
            const client = await here.connectSdk({ token: short({ sub: '42' }), getToken });
            await client.next('disconnected', EXPIRY_MS);
        });

        it('tells its time to live', async () => {
            const client = await here.openWire();
            const { connect } = await client.ask('connect', { token: good({ sub: '42' }) });
            assert.equal(connect.expires, true);
            assert.ok(connect.ttl > 590 && connect.ttl <= 600, String(connect.ttl));
        });

        it('within the grace can still be refreshed', async () => {
            const node = await cluster.startNode({ options: { 'token-grace-s': 600 } });
            const client = await node.openWire();
            const exp = inSeconds(1);
            await client.ask('connect', { token: sign({ sub: '42', exp }) });
            await eventually(() => inSeconds(0) > exp, 'the end of the token');
            const stats = await client.ask('presence_stats', { channel: 'x' });
            assert.equal(stats.error, undefined);
            const { refresh } = await client.ask('refresh', { token: good({ sub: '42' }) });
            assert.equal(refresh.expires, true);
            assert.ok(refresh.ttl > 590, String(refresh.ttl));
        });

        for (const [what, token, code] of [
            ['an expired one', expired({ sub: '42' }), 3005],
            ["another user's", good({ sub: '43' }), 3500],
            ['a forged one', sign({ sub: '42' }, { key: 'x' }), 3500],
            ['none', '', 3500],
        ]) {
            it(`refreshed by ${what} ends the connection with ${code}`, async () => {
                const client = await here.openWire();
                await client.ask('connect', { token: good({ sub: '42' }) });
                client.ask('refresh', { token }).catch(() => {});
                assert.equal((await client.end()).code, code);
            });
        }
    });

    describe('for a subscription', () => {
        const INBOX = 'inbox#42';

        it('lets a user into a channel for others', async () => {
            const getToken = giver(() => good({ sub: '7', channel: INBOX }));
            const subscription = await (await connectAs('7')).subscribe(INBOX, { getToken });
            assert.equal(getToken.contexts[0].channel, INBOX);
            await subscription.publish('hello');
            await subscription.hears('hello');
        });

        it('that has expired is asked for anew', async () => {
            const channel = newChannel();
            const claims = { sub: '7', channel };
            const getToken = giver(
                () => expired(claims),
                () => good(claims),
            );
            await (await connectAs('7')).subscribe(channel, { getToken });
            assert.equal(getToken.contexts.length, 2);
        });

        it('is refreshed again and again', async () => {
            const channel = newChannel();
            const getToken = giver(() => short({ sub: '7', channel }));
            const subscription = await (await connectAs('7')).subscribe(channel, { getToken });
            await getToken.calls(4);
            assert.equal(subscription.all('subscribing').length, 1);
            assert.equal(subscription.sdk.state, 'subscribed');
        });

        it('that is not refreshed ends it after the grace, and nothing is missed', async () => {
            const channel = newChannel();
            const claims = { sub: '7', channel };
            const getToken = giver(
                () => short(claims),
                never,
                () => good(claims),
            );
            const publisher = await connectAs('8', there);
            const subscription = await (await connectAs('7')).subscribe(channel, { getToken });
            const isOver = ({ event, code }) => event === 'subscribing' && code === 2501;
            const over = subscription.events.next(isOver, 'the end', EXPIRY_MS);
            await publisher.publish(channel, 1);
            await over;
            await publisher.publish(channel, 2);
            await subscription.next('subscribed');
            await publisher.publish(channel, 3);
            await eventually(() => subscription.heard.length === 3, 'three publications');
            assert.deepEqual(subscription.heard, [1, 2, 3]);
        });

        for (const [what, claims] of Object.entries({
            'of another channel': { sub: '7', channel: 'inbox#43' },
            'of another user': { sub: '42', channel: INBOX },
            'of another client': { sub: '7', channel: INBOX, client: 'another' },
            'that is one for a connection': { sub: '7' },
        })) {
            it(`${what} is refused`, async () => {
                const getToken = giver(() => good(claims));
                const subscription = (await connectAs('7')).channel(INBOX, { getToken });
                subscription.sdk.subscribe();
                assert.equal((await subscription.next('unsubscribed')).code, 103);
            });
        }

        it('that is forged is refused', async () => {
            const getToken = giver(() => sign({ sub: '7', channel: INBOX }, { key: 'x' }));
            const subscription = (await connectAs('7')).channel(INBOX, { getToken });
            subscription.sdk.subscribe();
            assert.equal((await subscription.next('unsubscribed')).code, 103);
        });
    });

    describe('and a channel for users', () => {
        it('each of those it names is let in', async () => {
            const channel = `${newChannel()}#42,43`;
            const one = await (await connectAs('42')).subscribe(channel);
            const other = await (await connectAs('43', there)).subscribe(channel);
            await one.publish('between us');
            await other.hears('between us');
        });

        it('others are not', async () => {
            const subscription = (await connectAs('4')).channel(`${newChannel()}#42,43`);
            subscription.sdk.subscribe();
            assert.equal((await subscription.next('unsubscribed')).code, 103);
        });

        it('others can neither publish in it nor look into it', async () => {
            const channel = `${newChannel()}#42,43`;
            const { sdk } = await connectAs('4');
            for (const asked of [
                sdk.publish(channel, 1),
                sdk.history(channel, { limit: 1 }),
                sdk.presence(channel),
                sdk.presenceStats(channel),
            ])
                await assert.rejects(asked, { code: 103 });
        });

        it('the acknowledged publish is no way in', async () => {
            const client = await connectAs('4');
            const asked = client.publish(`${newChannel()}#42`, 1, 'key');
            await assert.rejects(asked, { code: 103 });
        });
    });

    describe('with channels in it', () => {
        it('subscribes to them without being asked', async () => {
            const channels = [newChannel(), newChannel()];
            const client = here.newSdk({ token: good({ sub: '42', channels }) });
            await client.connect();
            const subscribed = [await client.next('subscribed'), await client.next('subscribed')];
            const names = subscribed.map(({ channel }) => channel);
            assert.deepEqual(names.sort(), channels.sort());
            const publisher = await connectAs('7', there);
            await publisher.publish(channels[1], 'to you');
            const { channel, data } = await client.next('publication');
            assert.deepEqual([channel, data], [channels[1], 'to you']);
        });

        it('lets in where only others are named', async () => {
            const channel = `${newChannel()}#7`;
            const client = here.newSdk({ token: good({ sub: '42', channels: [channel] }) });
            await client.connect();
            await client.next('subscribed');
        });

        it('takes subs, too', async () => {
            const channel = newChannel();
            const client = here.newSdk({ token: good({ sub: '42', subs: { [channel]: {} } }) });
            await client.connect();
            assert.equal((await client.next('subscribed')).channel, channel);
        });

        it('the client gets what it missed there', async () => {
            const channel = newChannel();
            const client = here.newSdk({ token: good({ sub: '42', channels: [channel] }) });
            const publisher = await connectAs('7', there);
            await client.connect();
            await client.next('subscribed');
            await publisher.publish(channel, 1);
            await client.next('publication');
            await client.disconnect();
            for (const n of [2, 3]) await publisher.publish(channel, n);
            await client.connect();
            for (const n of [2, 3]) assert.equal((await client.next('publication')).data, n);
        });
    });
});

describe('the token of a LuChat client', () => {
    const cluster = useCluster({ nodes: 2, options: { ...keys, ...quick } });
    let node;

    beforeEach(() => {
        [node] = cluster.nodes;
    });

    it('may stand in the address', async () => {
        const client = await node.connect(newChannel(), good({ sub: '42' }));
        assert.deepEqual(await client.goOnline('42'), ['42']);
    });

    it('may be the first frame', async () => {
        const client = await node.connect(newChannel());
        client.send(JSON.stringify({ token: good({ sub: '42' }) }));
        assert.deepEqual(await client.goOnline('42'), ['42']);
    });

    it('is waited for where the address says that it comes, also where guests are let in', async () => {
        const open = await cluster.startNode({ options: { anonymous: 'on' } });
        const channel = newChannel();
        const client = await open.connect(channel, '');
        client.send(JSON.stringify({ token: good({ sub: '42' }) }));
        assert.deepEqual(await client.goOnline('42'), ['42']);
    });

    it('is required', async () => {
        const client = await node.connect(newChannel());
        client.say('42', 'hello');
        assert.equal((await client.end()).code, 1008);
    });

    it('is what decides about the user', async () => {
        const client = await node.connect(newChannel(), good({ sub: '42' }));
        client.say('43', 'hello');
        await client.next((frame) => JSON.parse(frame).error?.code === 403, 'the refusal');
        await client.hears(client.say('42', 'hello'));
    });

    for (const [what, token] of Object.entries(forged)) {
        it(`${what}: the client is sent away`, async () => {
            const client = await node.connect(newChannel(), token);
            assert.deepEqual(await client.end(), { code: 1008, reason: 'invalid token' });
        });
    }

    it('for one channel lets into that channel', async () => {
        const channel = newChannel();
        const client = await node.connect(channel, good({ sub: '42', channel }));
        await client.hears(client.say('42', 'hello'));
    });

    it('that has expired is of no use', async () => {
        const client = await node.connect(newChannel(), expired({ sub: '42' }));
        assert.deepEqual(await client.end(), { code: 1008, reason: 'token expired' });
    });

    it('without a user is of no use', async () => {
        const client = await node.connect(newChannel(), good({}));
        assert.equal((await client.end()).code, 1008);
    });

    it('lets into channels for its user, and into no others', async () => {
        const token = good({ sub: '42' });
        const client = await node.connect('inbox#42', token);
        await client.hears(client.say('42', 'hello'));
        const other = await node.connect('inbox#43', token);
        assert.equal((await other.end()).code, 1008);
    });

    it('ends the connection when its grace is over, unless it is renewed', async () => {
        const channel = newChannel();
        const token = short({ sub: '42' });
        const client = await node.connect(channel, token);
        const renewed = await node.connect(channel, token);
        renewed.send(JSON.stringify({ token: good({ sub: '42' }) }));
        await renewed.hears(renewed.say('42', 'renewed'));
        assert.deepEqual(await client.end(EXPIRY_MS), { code: 1008, reason: 'token expired' });
        await renewed.ping();
    });

    it('that let into a channel is renewed by one that does, and by no other', async () => {
        const claims = { sub: '42', channels: ['inbox#7'] };
        const open = () => node.connect('inbox#7', good(claims));
        const [client, other] = [await open(), await open()];
        client.send(JSON.stringify({ token: good(claims) }));
        other.send(JSON.stringify({ token: good({ sub: '42' }) }));
        await client.hears(client.say('42', 'still here'));
        assert.equal((await other.end()).code, 1008);
    });

    it("cannot be renewed by another user's", async () => {
        const client = await node.connect(newChannel(), good({ sub: '42' }));
        client.send(JSON.stringify({ token: good({ sub: '43' }) }));
        assert.deepEqual(await client.end(), { code: 1008, reason: 'invalid token' });
    });
});

describe('the server API and users with tokens', () => {
    const cluster = useCluster({ nodes: 2, options: { ...keys, 'api-key': KEY } });

    it('a connection of a user is found by its id or session alone, and by no other user', async () => {
        const [here, there] = cluster.nodes;
        const sdk = there.newSdk({ token: good({ sub: '42' }) });
        const { client } = await sdk.connect();
        const subscription = await sdk.subscribe(newChannel());
        const channel = newChannel();
        await result(here, 'disconnect', { user: '4', client });
        await result(here, 'subscribe', { session: client, channel });
        assert.equal((await sdk.next('subscribed')).channel, channel);
        await result(here, 'unsubscribe', { session: client, channel });
        assert.equal((await sdk.next('unsubscribed')).channel, channel);
        await result(here, 'unsubscribe', { client, channel: '' });
        await subscription.next('unsubscribed');
        await result(here, 'disconnect', { client });
        assert.equal((await sdk.next('disconnected')).code, 3503);
    });

    it('disconnect ends all connections of the user, on whichever node and by either dialect', async () => {
        const channel = newChannel();
        const [here, there] = cluster.nodes;
        const token = good({ sub: '42' });
        const sdks = [await here.connectSdk({ token }), await there.connectSdk({ token })];
        const luchat = await there.connect(channel, token);
        await luchat.ping();
        const other = await there.connectSdk({ token: good({ sub: '4' }) });
        assert.deepEqual(await result(here, 'disconnect', { user: '42' }), {});
        for (const sdk of sdks) assert.equal((await sdk.next('disconnected')).code, 3503);
        assert.equal((await luchat.end()).code, 1008);
        await other.subscribe(channel);
    });
});
