/*
 * api - the server API: backends that publish, look, and rule over connections, by plain
 * fetch, on whichever node they reach.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { call, KEY, post, result } from './lib/api.js';
import { newChannel, useCluster } from './lib/cluster.js';
import { eventually, within } from './lib/wait.js';

const MIB = 1 << 20;
const options = { 'api-key': KEY };

/** Fails unless the answer is code 107, for the reason given. */
function assertBad({ error }, why) {
    assert.equal(error?.code, 107, JSON.stringify(error));
    assert.match(error.message, why);
}

const reasonOf = ({ body }) => JSON.parse(body).error.message;

describe('the server API', () => {
    const cluster = useCluster({ nodes: 2, options });
    let here;
    let there;

    beforeEach(() => {
        [here, there] = cluster.nodes;
    });

    /** A LuChat client that is online under this name, on the other node. */
    async function luchatUser(user, channel = newChannel()) {
        const client = await there.connect(channel);
        await client.goOnline(user);
        return client;
    }

    /** An anonymous SDK client on the other node, and its id. */
    async function stranger() {
        const sdk = there.newSdk();
        const { client } = await sdk.connect();
        return { sdk, client };
    }

    describe('by HTTP', () => {
        it('a call without a key is 401', async () => {
            assert.equal((await post(here, 'info', '{}', {})).status, 401);
        });

        it('a call with a wrong key is 401', async () => {
            const guesses = ['', 'wrong', KEY.slice(1), `${KEY}x`, 'x'.repeat(2000)];
            for (const guess of guesses) {
                const { status } = await post(here, 'info', '{}', { 'X-API-Key': guess });
                assert.equal(status, 401, guess);
            }
        });

        it('the key may stand in Authorization', async () => {
            const headers = { Authorization: `apikey ${KEY}` };
            assert.equal((await post(here, 'info', '{}', headers)).status, 200);
        });

        it('a wrong key in Authorization is 401', async () => {
            const headers = { Authorization: `apikey ${KEY}x` };
            assert.equal((await post(here, 'info', '{}', headers)).status, 401);
        });

        it('GET is 405', async () => {
            const { status, headers } = await here.get('/api/info');
            assert.deepEqual([status, headers.allow], [405, 'POST']);
        });

        it('an unknown method is 404', async () => {
            assert.equal((await post(here, 'nothing', '{}')).status, 404);
        });

        it('what is not JSON is 400, and where', async () => {
            const answer = await post(here, 'publish', '{"channel":\n  oops}');
            assert.equal(answer.status, 400);
            assert.match(reasonOf(answer), /line 2, column \d+/);
        });

        it('an empty body is 400', async () => {
            assert.equal((await post(here, 'info', '')).status, 400);
        });

        it('a body that is no object is 400', async () => {
            const answer = await post(here, 'publish', '[1]');
            assert.equal(answer.status, 400);
            assert.match(reasonOf(answer), /must be a JSON object/);
        });

        it('a body in Latin-1 is 400', async () => {
            const body = Buffer.from('{"channel":"caf\xe9","data":1}', 'latin1');
            assert.equal((await post(here, 'publish', body)).status, 400);
        });

        it('a body over 1 MiB is 413', async () => {
            const data = 'x'.repeat(MIB);
            const text = JSON.stringify({ channel: newChannel(), data });
            assert.equal((await post(here, 'publish', text)).status, 413);
        });

        it('a body of 1 MiB is taken', async () => {
            const head = '{"channel":"big","data":"';
            const text = `${head}${'x'.repeat(MIB - head.length - 2)}"}`;
            assert.equal(text.length, MIB);
            assert.equal((await post(here, 'publish', text)).status, 200);
        });

        it('a body in chunks is taken', async () => {
            const channel = newChannel();
            const text = JSON.stringify({ channel, data: 'x'.repeat(30_000) });
            const body = new ReadableStream({
                start(controller) {
                    for (let at = 0; at < text.length; at += 7000)
                        controller.enqueue(new TextEncoder().encode(text.slice(at, at + 7000)));
                    controller.close();
                },
            });
            const response = await fetch(`http://127.0.0.1:${here.internalPort}/api/publish`, {
                method: 'POST',
                headers: { 'X-API-Key': KEY },
                body,
                duplex: 'half',
            });
            assert.equal(response.status, 200);
            assert.equal((await response.json()).result.offset, 1);
        });

        it('the public port has no such address', async () => {
            const { status } = await post({ internalPort: here.port }, 'info', '{}');
            assert.equal(status, 404);
        });

        it('a node without a key has no API', async () => {
            const node = await cluster.startNode({ options: { 'api-key': '' } });
            assert.equal((await post(node, 'info', '{}')).status, 404);
        });

        it('one connection carries many calls', async () => {
            const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
            const sockets = new Set();
            const ask = (body) =>
                new Promise((resolve, reject) => {
                    const headers = { 'X-API-Key': KEY, 'Content-Length': body.length };
                    const asked = http.request({
                        ...{ host: '127.0.0.1', port: here.internalPort, agent, headers },
                        ...{ method: 'POST', path: '/api/publish' },
                    });
                    asked.on('socket', (socket) => sockets.add(socket));
                    asked.on('error', reject);
                    asked.on('response', (response) => {
                        response.resume().on('end', () => resolve(response.statusCode));
                    });
                    asked.end(body);
                });
            const statuses = [];
            for (const body of ['{"channel":"k","data":1}', 'x', '{}', '{"channel":"k","data":2}'])
                statuses.push(await within(ask(body), 'an answer'));
            agent.destroy();
            assert.deepEqual(statuses, [200, 400, 200, 200]);
            assert.equal(sockets.size, 1);
        });

        it('calls that do not wait for the answer to the last are answered in order', async () => {
            const ask = (body) =>
                `POST /api/publish HTTP/1.1\r\nHost: x\r\nX-API-Key: ${KEY}\r\n` +
                `Content-Length: ${body.length}\r\n\r\n${body}`;
            const channel = newChannel();
            const bodies = [1, 2, 3].map((data) => JSON.stringify({ channel, data }));
            const socket = net.connect(here.internalPort, '127.0.0.1');
            let heard = '';
            socket.on('data', (data) => (heard += data));
            socket.write(bodies.map(ask).join(''));
            const offsets = () => [...heard.matchAll(/"offset":(\d)/g)].map(([, n]) => n);
            await eventually(() => offsets().length === 3, 'three answers');
            assert.deepEqual(offsets(), ['1', '2', '3']);
            socket.destroy();
        });

        it('many calls at once are all answered', async () => {
            const channel = newChannel();
            const calls = Array.from({ length: 200 }, (_, data) =>
                result(data % 2 ? here : there, 'publish', { channel, data }),
            );
            const offsets = (await Promise.all(calls)).map(({ offset }) => offset);
            assert.equal(new Set(offsets).size, 200);
        });

        it('who leaves before the answer harms nobody', async () => {
            for (let i = 0; i < 20; i++) {
                const controller = new AbortController();
                const asked = fetch(`http://127.0.0.1:${here.internalPort}/api/info`, {
                    method: 'POST',
                    headers: { 'X-API-Key': KEY },
                    body: '{}',
                    signal: controller.signal,
                });
                setImmediate(() => controller.abort());
                await asked.catch(() => {});
            }
            await result(here, 'info');
        });
    });

    describe('publish', () => {
        it('reaches SDK and LuChat clients of every node, byte for byte', async () => {
            const channel = newChannel();
            const sdks = await Promise.all([here, there].map((node) => node.connectSdk()));
            const subscriptions = await Promise.all(sdks.map((sdk) => sdk.subscribe(channel)));
            const clients = await cluster.connectToAll(channel);
            const data = '{"message":{"userid":"api","message":"ü","time": 1.50}}';
            const { status } = await post(
                here,
                'publish',
                `{"data":${data},"channel":"${channel}"}`,
            );
            assert.equal(status, 200);
            await Promise.all(clients.map((client) => client.hears(data)));
            await Promise.all(subscriptions.map((each) => each.hears(JSON.parse(data))));
        });

        it('tells the place in the log', async () => {
            const channel = newChannel();
            const first = await result(here, 'publish', { channel, data: 1 });
            const second = await result(there, 'publish', { channel, data: 2 });
            assert.deepEqual(second, { offset: 2, epoch: first.epoch });
        });

        it('null is data, too', async () => {
            const channel = newChannel();
            assert.equal((await result(here, 'publish', { channel, data: null })).offset, 1);
        });

        it('publishes once with one key, on whichever node', async () => {
            const channel = newChannel();
            const params = { channel, data: 1, idempotency_key: 'once' };
            const first = await result(here, 'publish', params);
            assert.deepEqual(await result(there, 'publish', params), first);
            const { publications } = await result(here, 'history', { channel, limit: -1 });
            assert.equal(publications.length, 1);
        });

        it('refuses a key that was used for other data, or other tags', async () => {
            const channel = newChannel();
            const params = { channel, data: 1, idempotency_key: 'once' };
            await result(here, 'publish', params);
            for (const other of [{ data: 2 }, { tags: { a: 'b' } }]) {
                const { error } = await call(there, 'publish', { ...params, ...other });
                assert.equal(error.code, 409, JSON.stringify(error));
            }
            assert.equal((await result(here, 'history', { channel })).offset, 1);
        });

        it('shares no key with clients', async () => {
            const channel = newChannel();
            const client = await here.connectSdk();
            await client.publish(channel, 'junk', 'order-42-paid');
            const paid = { paid: true };
            const params = { channel, data: paid, idempotency_key: 'order-42-paid' };
            assert.equal((await result(there, 'publish', params)).offset, 2);
        });

        it('skip_history leaves nothing in the log', async () => {
            const channel = newChannel();
            const subscription = await (await there.connectSdk()).subscribe(channel);
            const params = { channel, data: 'gone', skip_history: true };
            assert.deepEqual(await result(here, 'publish', params), {});
            await subscription.hears('gone');
            assert.equal((await result(here, 'history', { channel })).offset, 0);
        });

        it('takes data in base64 that is JSON', async () => {
            const channel = newChannel();
            const subscription = await (await there.connectSdk()).subscribe(channel);
            const b64data = Buffer.from('{"text":"é"}').toString('base64');
            await result(here, 'publish', { channel, b64data });
            await subscription.hears({ text: 'é' });
        });

        it('hands tags on, live and in history', async () => {
            const channel = newChannel();
            const subscription = await (await there.connectSdk()).subscribe(channel);
            const tags = { kind: 'news', 'a "b"': 'é' };
            await result(here, 'publish', { channel, data: 1, tags });
            const live = await subscription.next('publication');
            const { publications } = await subscription.sdk.history({ limit: 1 });
            assert.deepEqual([live.tags, publications[0].tags], [tags, tags]);
        });

        it('says nothing of a publisher or tags if there are none', async () => {
            const channel = newChannel();
            const subscription = await (await there.connectSdk()).subscribe(channel);
            await result(here, 'publish', { channel, data: 1, tags: {} });
            const { info, tags } = await subscription.next('publication');
            assert.deepEqual([info, tags], [undefined, undefined]);
        });

        const bad = {
            'no channel': [{ data: 1 }, /channel is missing/],
            'no data': [{ channel: 'a' }, /data is missing/],
            'a channel with a space': [{ channel: 'a b', data: 1 }, /channel must be 1 to 128/],
            'a channel that is a number': [{ channel: 5, data: 1 }, /channel must be a string/],
            'a key too long': [
                { channel: 'a', data: 1, idempotency_key: 'k'.repeat(129) },
                /idempotency_key must be 1 to 128/,
            ],
            'a key that is a number': [
                { channel: 'a', data: 1, idempotency_key: 5 },
                /idempotency_key must be a string/,
            ],
            'base64 that is none': [{ channel: 'a', b64data: '*' }, /b64data must be base64/],
            'base64 of no JSON': [{ channel: 'a', b64data: 'eA==' }, /must be JSON/],
            'base64 of another type': [{ channel: 'a', b64data: 5 }, /b64data must be base64/],
            'data in both forms': [{ channel: 'a', data: 1, b64data: 'MQ==' }, /both there/],
            'tags that are no texts': [{ channel: 'a', data: 1, tags: { a: 1 } }, /^.*tags must/],
            'tags too long': [
                { channel: 'a', data: 1, tags: { a: 'x'.repeat(5000) } },
                /tags are longer than 4096/,
            ],
            'a version': [{ channel: 'a', data: 1, version: 3 }, /version is not supported/],
            'a flag that is a number': [
                { channel: 'a', data: 1, skip_history: 1 },
                /skip_history must be true or false/,
            ],
        };
        for (const [what, [params, why]] of Object.entries(bad)) {
            it(`${what} is a bad request`, async () => {
                assertBad(await call(here, 'publish', params), why);
            });
        }
    });

    describe('broadcast', () => {
        it('answers for each channel, in order', async () => {
            const channels = [newChannel(), 'not one', newChannel()];
            await call(there, 'publish', { channel: channels[2], data: 0 });
            const { responses } = await result(here, 'broadcast', { channels, data: 1 });
            assert.equal(responses[0].result.offset, 1);
            assertBad(responses[1], /channel must be/);
            assert.equal(responses[2].result.offset, 2);
        });

        it('publishes once in each channel with one key', async () => {
            const params = { channels: [newChannel(), newChannel()], data: 1 };
            params.idempotency_key = 'once';
            const first = await result(here, 'broadcast', params);
            assert.deepEqual(await result(there, 'broadcast', params), first);
        });

        it('without channels is a bad request', async () => {
            for (const channels of [undefined, [], 'a'])
                assertBad(await call(here, 'broadcast', { channels, data: 1 }), /channels must/);
        });

        it('of more than a node can hold is refused where it is too much', async () => {
            const channels = Array.from({ length: 200 }, () => newChannel());
            const params = { channels, data: 'x'.repeat(MIB / 2), skip_history: true };
            const { responses } = await result(here, 'broadcast', params);
            assert.deepEqual(responses[0], { result: {} });
            assertBad(responses.at(-1), /not publish more than/);
        });
    });

    describe('history', () => {
        let channel;

        beforeEach(async () => {
            channel = newChannel();
            for (const data of [1, 2, 3]) await call(here, 'publish', { channel, data });
        });

        const dataOf = ({ publications }) => publications.map(({ data }) => data);

        it('without a limit is the position alone', async () => {
            const { publications, offset, epoch } = await result(there, 'history', { channel });
            assert.deepEqual([publications, offset], [[], 3]);
            assert.match(epoch, /./);
        });

        it('is read from any place, in both directions', async () => {
            const read = async (params) =>
                dataOf(await result(there, 'history', { channel, ...params }));
            assert.deepEqual(await read({ limit: -1 }), [1, 2, 3]);
            assert.deepEqual(await read({ limit: 2 }), [1, 2]);
            assert.deepEqual(await read({ limit: 2, reverse: true }), [3, 2]);
            const { epoch } = await result(there, 'history', { channel });
            assert.deepEqual(await read({ limit: -1, since: { offset: 1, epoch } }), [2, 3]);
        });

        it('of another epoch is 112', async () => {
            const since = { offset: 1, epoch: 'other' };
            const { error } = await call(there, 'history', { channel, limit: 1, since });
            assert.equal(error.code, 112);
        });

        it('of what is of another type is a bad request', async () => {
            for (const [params, why] of [
                [{ limit: '5' }, /limit must be a whole number/],
                [{ since: 5 }, /since must be an object/],
                [{ since: { offset: -5 } }, /since.offset must be a whole number from 0 on/],
                [{ since: { offset: '5' } }, /since.offset must be a whole number from 0 on/],
                [{ since: { offset: 5, epoch: 7 } }, /since.epoch must be a string/],
                [{ reverse: 'yes' }, /reverse must be true or false/],
            ])
                assertBad(await call(here, 'history', { channel: newChannel(), ...params }), why);
        });

        it('is forgotten by history_remove, and its offsets go on', async () => {
            assert.deepEqual(await result(there, 'history_remove', { channel }), {});
            assert.deepEqual(dataOf(await result(here, 'history', { channel, limit: -1 })), []);
            assert.equal((await result(here, 'publish', { channel, data: 4 })).offset, 4);
        });

        it('without a channel is a bad request', async () => {
            for (const method of ['history', 'history_remove'])
                assertBad(await call(here, method), /channel is missing/);
        });

        it('that is not kept is 108', async () => {
            const node = await cluster.startNode({ options: { 'history-size': 0 } });
            for (const method of ['history', 'history_remove'])
                assert.equal((await call(node, method, { channel })).error.code, 108);
        });
    });

    describe('presence', () => {
        it('is seen from every node', async () => {
            const channel = newChannel();
            await luchatUser('ann', channel);
            const { sdk, client } = await stranger();
            await sdk.subscribe(channel);
            await eventually(async () => {
                const { num_clients } = await result(here, 'presence_stats', { channel });
                return num_clients === 2;
            }, 'two to be present');
            const { presence } = await result(here, 'presence', { channel });
            const users = Object.values(presence).map(({ user }) => user);
            assert.deepEqual(users.sort(), ['', 'ann']);
            assert.equal(presence[client].client, client);
            const stats = await result(here, 'presence_stats', { channel });
            assert.deepEqual(stats, { num_clients: 2, num_users: 2 });
        });

        it('without a channel is a bad request', async () => {
            for (const method of ['presence', 'presence_stats'])
                assertBad(await call(here, method), /channel is missing/);
        });
    });

    describe('disconnect', () => {
        it('ends a connection on another node, and the SDK stays away', async () => {
            const { sdk, client } = await stranger();
            assert.deepEqual(await result(here, 'disconnect', { user: '', client }), {});
            const { code, reason } = await sdk.next('disconnected');
            assert.deepEqual([code, reason], [3503, 'force disconnect']);
            assert.equal(sdk.sdk.state, 'disconnected');
        });

        it('says the code and the reason it is given', async () => {
            const { sdk, client } = await stranger();
            const disconnect = { code: 4500, reason: 'banned: ü' };
            await result(here, 'disconnect', { client, disconnect });
            const { code, reason } = await sdk.next('disconnected');
            assert.deepEqual({ code, reason }, disconnect);
        });

        it('lets the SDK come back after a code of that range', async () => {
            const { sdk, client } = await stranger();
            await result(here, 'disconnect', { client, disconnect: { code: 3000 } });
            await sdk.next('connecting');
            await sdk.next('connected');
        });

        it('ends every LuChat connection of the user with 1008', async () => {
            const clients = [await luchatUser('bob'), await luchatUser('bob')];
            const other = await luchatUser('carol');
            await result(here, 'disconnect', { user: 'bob' });
            for (const client of clients) assert.equal((await client.end()).code, 1008);
            await other.ping();
        });

        it('finds a connection by its session, whoever has it', async () => {
            const client = await here.connectWire();
            const { connect } = await client.reply(1);
            await result(there, 'disconnect', { session: connect.session });
            assert.equal((await client.end()).code, 3503);
        });

        it('spares the clients on the whitelist', async () => {
            const [gone, kept] = [await stranger(), await stranger()];
            const channel = newChannel();
            await Promise.all([gone.sdk.subscribe(channel), kept.sdk.subscribe(channel)]);
            const whitelist = [kept.client];
            await result(here, 'disconnect', { client: gone.client, whitelist });
            await result(here, 'disconnect', { client: kept.client, whitelist });
            await gone.sdk.next('disconnected');
            await kept.sdk.publish(channel, 'here');
        });

        it('finds a LuChat connection by the id that presence shows, though it was another', async () => {
            const channel = newChannel();
            const client = await there.connect(channel);
            await client.goOnline('eve');
            await client.goOnline('eva');
            const idOf = async (user) => {
                const { presence } = await result(here, 'presence', { channel });
                return Object.keys(presence).find((id) => presence[id].user === user);
            };
            const before = await idOf('eve');
            await result(here, 'disconnect', { client: before });
            await client.ping();
            await result(here, 'disconnect', { client: await idOf('eva') });
            assert.equal((await client.end()).code, 1008);
        });

        it('of nobody is well', async () => {
            assert.deepEqual(await result(here, 'disconnect', { user: 'nobody' }), {});
        });

        const bad = {
            'no user': [{}, /user, client or session is missing/],
            'a user that is a number': [{ user: 5 }, /user must be a string/],
            'two connections': [{ client: 'a', session: 'b' }, /two different connections/],
            'a code that no close may have': [
                { user: 'x', disconnect: { code: 1000 } },
                /code must be 3000 to 4999/,
            ],
            'a code too large': [{ user: 'x', disconnect: { code: 5000 } }, /code must be/],
            'a code that is none': [{ user: 'x', disconnect: { code: 'x' } }, /whole number/],
            'a reason too long': [
                { user: 'x', disconnect: { reason: 'x'.repeat(124) } },
                /reason is longer than 123/,
            ],
            'a whitelist that is no list': [{ user: 'x', whitelist: 'all' }, /whitelist must/],
        };
        for (const [what, [params, why]] of Object.entries(bad)) {
            it(`${what} is a bad request`, async () => {
                assertBad(await call(here, 'disconnect', params), why);
            });
        }
    });

    describe('subscribe and unsubscribe', () => {
        it('subscribe puts a client into a channel', async () => {
            const channel = newChannel();
            const { sdk, client } = await stranger();
            const told = new Promise((resolve) => sdk.sdk.on('subscribed', resolve));
            const heard = new Promise((resolve) => sdk.sdk.on('publication', resolve));
            await result(here, 'subscribe', { client, channel });
            assert.equal((await within(told, 'the subscription')).channel, channel);
            await result(here, 'publish', { channel, data: 'to you' });
            assert.equal((await within(heard, 'the publication')).data, 'to you');
        });

        it('subscribe tells the place in the log, and sends nothing older', async () => {
            const channel = newChannel();
            const { sdk, client } = await stranger();
            const { offset } = await result(here, 'publish', { channel, data: 'old' });
            const told = new Promise((resolve) => sdk.sdk.on('subscribed', resolve));
            const heard = new Promise((resolve) => sdk.sdk.on('publication', resolve));
            await result(here, 'subscribe', { client, channel });
            assert.equal((await within(told, 'the subscription')).streamPosition.offset, offset);
            await result(here, 'publish', { channel, data: 'new' });
            assert.equal((await within(heard, 'the publication')).data, 'new');
        });

        it('subscribe with a place sends what came since', async () => {
            const channel = newChannel();
            const { sdk, client } = await stranger();
            const first = await result(here, 'publish', { channel, data: 1 });
            await result(here, 'publish', { channel, data: 2 });
            const heard = new Promise((resolve) => sdk.sdk.on('publication', resolve));
            await result(here, 'subscribe', { client, channel, recover_since: first });
            assert.equal((await within(heard, 'the publication')).data, 2);
        });

        it('unsubscribe takes it out again', async () => {
            const channel = newChannel();
            const { sdk, client } = await stranger();
            const told = new Promise((resolve) => sdk.sdk.on('subscribed', resolve));
            const over = new Promise((resolve) => sdk.sdk.on('unsubscribed', resolve));
            await result(here, 'subscribe', { client, channel });
            await within(told, 'the subscription');
            await result(here, 'unsubscribe', { client, channel });
            assert.equal((await within(over, 'its end')).channel, channel);
        });

        it('unsubscribe ends what the client asked for, with 2000', async () => {
            const { sdk, client } = await stranger();
            const channels = [newChannel(), newChannel()];
            const [first, second] = await Promise.all(
                channels.map((channel) => sdk.subscribe(channel)),
            );
            await result(here, 'unsubscribe', { client, channel: channels[0] });
            const { code, reason } = await first.next('unsubscribed');
            assert.deepEqual([code, reason], [2000, 'server unsubscribe']);
            await call(here, 'publish', { channel: channels[1], data: 'still' });
            await second.hears('still');
        });

        it('unsubscribe from the channel "" ends all', async () => {
            const { sdk, client } = await stranger();
            const both = await Promise.all([
                sdk.subscribe(newChannel()),
                sdk.subscribe(newChannel()),
            ]);
            await result(here, 'unsubscribe', { client, channel: '' });
            await Promise.all(both.map((each) => each.next('unsubscribed')));
        });

        it('unsubscribe ends a LuChat connection, which has but one channel', async () => {
            const channel = newChannel();
            const client = await luchatUser('dan', channel);
            await result(here, 'unsubscribe', { user: 'dan', channel });
            assert.equal((await client.end()).code, 1008);
        });

        it('what is wrong is a bad request', async () => {
            const bad = [
                [{ user: 'x' }, /channel is missing/],
                [{ user: 'x', channel: 'a', data: 1 }, /data is not supported/],
                [{ user: 'x', channel: 'a', recover_since: 5 }, /recover_since must/],
                [{ user: 'x', channel: 'a', recover_since: { offset: -1 } }, /since.offset must/],
            ];
            const badForBoth = [
                [{}, /user, client or session is missing/],
                [{ channel: 'x' }, /user, client or session is missing/],
                [{ user: 'x', channel: 'a b' }, /channel must be/],
                [{ user: 'x', channel: 5 }, /channel must be a string/],
                [{ user: 'x', chanel: 'a' }, /channel is missing/],
            ];
            for (const [params, why] of [...bad, ...badForBoth])
                assertBad(await call(here, 'subscribe', params), why);
            for (const [params, why] of badForBoth)
                assertBad(await call(here, 'unsubscribe', params), why);
        });
    });

    describe('refresh', () => {
        const refreshOf = (line) => JSON.parse(line).push?.refresh;

        /** A connection that is told by a push how long it lives from now on. */
        async function refreshed(expire_at) {
            const client = await there.connectWire();
            const { connect } = await client.reply(1);
            await result(here, 'refresh', { client: connect.client, expire_at });
            return { client, line: await client.lines.next(refreshOf, 'the refresh') };
        }

        it('tells the connection its new time to live', async () => {
            const { line } = await refreshed(Math.floor(Date.now() / 1000) + 600);
            const { expires, ttl } = refreshOf(line);
            assert.equal(expires, true);
            assert.ok(ttl > 590 && ttl <= 600, line);
        });

        it('without a time lets it live for ever', async () => {
            const { line } = await refreshed();
            assert.deepEqual(refreshOf(line), { expires: false });
        });

        it('to a time that is over ends it after the grace', async () => {
            const { client } = await refreshed(Math.floor(Date.now() / 1000) - 60);
            assert.equal((await client.end()).code, 3005);
        });

        it('is passed over by the SDK, which stays connected', async () => {
            const { sdk, client } = await stranger();
            const expire_at = Math.floor(Date.now() / 1000) + 600;
            await result(here, 'refresh', { client, expire_at });
            const subscription = await sdk.subscribe(newChannel());
            await subscription.publish('here');
            await subscription.hears('here');
            assert.equal(sdk.all('connecting').length, 1);
        });

        it('expired ends the LuChat connections of a user', async () => {
            const client = await luchatUser('fay');
            await result(here, 'refresh', { user: 'fay', expired: true });
            assert.equal((await client.end()).code, 1008);
        });

        it('expired ends the connection with 3005, which lets the SDK come back', async () => {
            const { sdk, client } = await stranger();
            await result(here, 'refresh', { client, expired: true });
            assert.equal((await sdk.next('connecting')).code, 3005);
            await sdk.next('connected');
        });

        it('what is wrong is a bad request', async () => {
            for (const [params, why] of [
                [{}, /user, client or session is missing/],
                [{ user: 'x', expire_at: 'soon' }, /expire_at must be a whole number/],
                [{ user: 'x', expire_at: -1 }, /expire_at is not a time/],
                [{ user: 'x', expired: 'yes' }, /expired must be true or false/],
                [{ user: 'x', info: { a: 1 } }, /info is not supported/],
            ])
                assertBad(await call(here, 'refresh', params), why);
        });
    });

    describe('the cluster', () => {
        it('channels lists those of every node', async () => {
            const [a, b] = [newChannel(), newChannel()];
            await here.connect(a);
            await luchatUser('eve', b);
            const { channels } = await result(here, 'channels');
            assert.deepEqual(channels[a], { num_clients: 0 });
            assert.deepEqual(channels[b], { num_clients: 1 });
        });

        it('channels takes a pattern', async () => {
            const prefix = `pattern${newChannel()}`;
            for (const name of ['x1', 'x2', 'y1']) await there.connect(`${prefix}:${name}`);
            const list = async (pattern) =>
                Object.keys((await result(here, 'channels', { pattern })).channels).sort();
            assert.deepEqual(await list(`${prefix}:x*`), [`${prefix}:x1`, `${prefix}:x2`]);
            assert.deepEqual(await list(`${prefix}:?1`), [`${prefix}:x1`, `${prefix}:y1`]);
            assert.deepEqual(await list('nothing*'), []);
        });

        it('a pattern that is no text is a bad request', async () => {
            assertBad(await call(here, 'channels', { pattern: 1 }), /pattern must be a string/);
        });

        it('info tells the nodes', async () => {
            const { nodes } = await result(here, 'info');
            const names = nodes.map(({ name }) => name).sort();
            assert.deepEqual(names, [here.name, there.name].sort());
            for (const node of nodes) {
                assert.match(node.version, /^\d/);
                assert.ok(node.uptime >= 0 && node.num_clients >= 0, JSON.stringify(node));
            }
        });

        it('info counts connections, users, subscriptions and channels of each node', async () => {
            const channel = newChannel();
            const [bob] = [await luchatUser('bob', channel), await luchatUser('bob', channel)];
            const { sdk } = await stranger();
            await sdk.subscribe(channel);
            await sdk.subscribe(newChannel());
            const countsOf = async (asked) => {
                const { nodes } = await result(asked, 'info');
                const node = nodes.find(({ name }) => name === there.name);
                return [node.num_clients, node.num_users, node.num_subs, node.num_channels];
            };
            const areCounted = (asked, expected) =>
                eventually(
                    async () => String(await countsOf(asked)) === String(expected),
                    `${expected} in the info of ${asked.name}`,
                );
            for (const node of [here, there]) await areCounted(node, [3, 2, 4, 2]);
            await bob.close();
            for (const node of [here, there]) await areCounted(node, [2, 2, 3, 2]);
        });
    });

    describe('batch', () => {
        it('answers in order, each as its own', async () => {
            const channel = newChannel();
            const commands = [
                { publish: { channel, data: { n: 1 } } },
                { publish: { channel: '', data: 1 } },
                { presence_stats: { channel } },
                { broadcast: { channels: [channel], data: 2 } },
                { unheard_of: {} },
                { history: { channel, limit: 10 } },
            ];
            const { replies } = await call(here, 'batch', { commands });
            assert.equal(replies[0].publish.offset, 1);
            assertBad(replies[1], /channel must be/);
            assert.deepEqual(replies[2], { presence_stats: { num_clients: 0, num_users: 0 } });
            assert.equal(replies[3].broadcast.responses[0].result.offset, 2);
            assert.equal(replies[4].error.code, 104);
            const { publications } = replies[5].history;
            assert.deepEqual(
                publications.map(({ data }) => data),
                [{ n: 1 }, 2],
            );
        });

        it('of nothing is well', async () => {
            assert.deepEqual(await call(here, 'batch', { commands: [] }), { replies: [] });
        });

        it('in a batch is not found', async () => {
            const commands = [{ batch: { commands: [] } }];
            const { replies } = await call(here, 'batch', { commands });
            assert.equal(replies[0].error.code, 104);
        });

        it('what is wrong is a bad request', async () => {
            const tooMany = Array.from({ length: 1001 }, () => ({ info: {} }));
            for (const commands of [undefined, 5, tooMany])
                assertBad(await call(here, 'batch', { commands }), /commands must be/);
            const commands = [{}, 5, { info: 5 }, { info: {}, publish: {} }];
            const { replies } = await call(here, 'batch', { commands });
            assert.equal(replies.length, 4);
            for (const reply of replies) assertBad(reply, /a command must be/);
        });
    });
});

describe('the server API of a node without Redis', () => {
    const cluster = useCluster({ nodes: 1, redis: false, options });

    it('answers as with one', async () => {
        const [node] = cluster.nodes;
        const channel = newChannel();
        const client = await node.connect(channel);
        await client.goOnline('ann');
        assert.equal((await result(node, 'publish', { channel, data: 1 })).offset, 1);
        const { channels } = await result(node, 'channels');
        assert.deepEqual(channels, { [channel]: { num_clients: 1 } });
        const { nodes } = await result(node, 'info');
        assert.deepEqual(
            nodes.map(({ name, num_clients }) => [name, num_clients]),
            [[node.name, 1]],
        );
        await result(node, 'disconnect', { user: 'ann' });
        assert.equal((await client.end()).code, 1008);
    });
});

describe('the server API while Redis is away', () => {
    const cluster = useCluster({ nodes: 1, options });

    it('says so, and works again when it is back', async () => {
        const [node] = cluster.nodes;
        await cluster.redis.crash();
        await node.readiness(503);
        for (const [method, params] of [
            ['publish', { channel: 'a', data: 1 }],
            ['channels', {}],
            ['info', {}],
            ['disconnect', { user: 'x' }],
        ]) {
            const { error } = await call(node, method, params);
            assert.equal(error.code, 100);
            assert.match(error.message, /the store/);
        }
        await cluster.redis.launch();
        await node.readiness(200);
        await result(node, 'publish', { channel: 'a', data: 1 });
    });
});
