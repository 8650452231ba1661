/*
 * sdk - the npm package `centrifuge`, unchanged, against two nodes: connections, channels,
 * publications, presence, history and the acknowledged publish.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { newChannel, useCluster } from './lib/cluster.js';
import { range } from './lib/numbered.js';
import { eventually } from './lib/wait.js';

const LOOPS = 100;
const CHANNELS_MAX = 128; // of one connection
const HISTORY = 50; // the default of --history-size

const offsetsOf = (publications) => publications.map(({ offset }) => offset);
const dataOf = (publications) => publications.map(({ data }) => data);

describe('an SDK client', () => {
    const cluster = useCluster({ nodes: 2 });
    let here;
    let there;

    beforeEach(() => {
        [here, there] = cluster.nodes;
    });

    /** An SDK client on each node. */
    const connectBoth = () => Promise.all([here.connectSdk(), there.connectSdk()]);

    /** The same, both subscribed to a channel: their subscriptions. */
    async function subscribeBoth(channel, options) {
        const clients = await connectBoth();
        return Promise.all(clients.map((client) => client.subscribe(channel, options)));
    }

    describe('connecting', () => {
        it('a client is given an id', async () => {
            const { client } = await here.newSdk().connect();
            assert.match(client, /^\S+$/);
        });

        it('no two clients have the same id', async () => {
            const clients = [here, here, there, there].map((node) => node.newSdk());
            const contexts = await Promise.all(clients.map((client) => client.connect()));
            assert.equal(new Set(contexts.map(({ client }) => client)).size, clients.length);
        });

        it('disconnect ends the connection', async () => {
            const client = await here.connectSdk();
            const isCounted = (count) => async () =>
                (await here.metric('parley_connections')) === count;
            await eventually(isCounted(1), 'one connection');
            await client.disconnect();
            await eventually(isCounted(0), 'no connection');
        });

        it('a client that disconnected can connect again', async () => {
            const client = await here.connectSdk();
            await client.disconnect();
            await client.connect();
            const subscription = await client.subscribe(newChannel());
            await subscription.publish('again');
            await subscription.hears('again');
        });

        it('a client connects and disconnects many times', async () => {
            const client = here.newSdk();
            for (let i = 0; i < LOOPS; i++) {
                await client.connect();
                await client.disconnect();
            }
            assert.deepEqual(client.all('error'), []);
        });

        it('a message nobody can take ends the connection for good', async () => {
            const client = await here.connectSdk();
            await client.sdk.send('anybody there?');
            assert.equal((await client.next('disconnected')).code, 3508);
        });

        it('a message that is too long ends the connection for good', async () => {
            const client = await here.connectSdk();
            client.sdk.publish(newChannel(), 'x'.repeat(70_000)).catch(() => {});
            await client.next('disconnected');
        });
    });

    describe('subscribing', () => {
        it('a channel is entered and left many times', async () => {
            const client = await here.connectSdk();
            const subscription = client.channel(newChannel());
            for (let i = 0; i < LOOPS; i++) {
                await subscription.subscribe();
                await subscription.unsubscribe();
            }
            await subscription.subscribe();
            await subscription.publish('still here');
            await subscription.hears('still here');
        });

        it('a channel is entered and left many times without waiting', async () => {
            const client = await here.connectSdk();
            const subscription = client.channel(newChannel());
            for (let i = 0; i < LOOPS; i++) {
                subscription.sdk.subscribe();
                subscription.sdk.unsubscribe();
            }
            subscription.sdk.subscribe();
            await subscription.sdk.ready();
            await subscription.publish('still here');
            await subscription.hears('still here');
            assert.equal(client.all('connected').length, 1);
        });

        it('what is published after leaving is not received', async () => {
            const [one, other] = await subscribeBoth(newChannel());
            const [near, far] = await subscribeBoth(newChannel());
            await other.unsubscribe();
            await one.publish('for those who are here');
            await one.hears('for those who are here');
            await near.publish('later');
            await far.hears('later');
            assert.deepEqual(other.heard, []);
        });

        it('fifty channels on one connection are each heard', async () => {
            const client = here.newSdk();
            const channels = range(1, 50).map(newChannel);
            const subscriptions = channels.map((channel) => client.channel(channel));
            subscriptions.forEach(({ sdk }) => sdk.subscribe());
            await client.connect();
            await Promise.all(subscriptions.map((each) => each.next('subscribed')));
            const other = await there.connectSdk();
            await Promise.all(channels.map((channel) => other.sdk.publish(channel, channel)));
            await Promise.all(subscriptions.map((each, i) => each.hears(channels[i])));
            assert.deepEqual(
                subscriptions.map(({ heard }) => heard),
                channels.map((channel) => [channel]),
            );
        });

        it('as many channels as are allowed are entered, and not one more', async () => {
            const client = await here.connectSdk();
            const allowed = range(1, CHANNELS_MAX).map(newChannel);
            await Promise.all(allowed.map((channel) => client.subscribe(channel)));
            const last = client.channel(newChannel());
            last.sdk.subscribe();
            assert.equal((await last.next('unsubscribed')).code, 106);
        });

        it('a channel left makes room for another', async () => {
            const client = await here.connectSdk();
            const allowed = range(1, CHANNELS_MAX).map(newChannel);
            const [first] = await Promise.all(
                allowed.map((channel) => client.subscribe(channel)),
            );
            await first.unsubscribe();
            await client.subscribe(newChannel());
        });

        for (const [what, channel] of [
            ['it is too long', 'x'.repeat(129)],
            ['it is blank', ' '],
            ['it has a brace', 'a{b}'],
        ]) {
            it(`a name of a channel is refused for good if ${what}`, async () => {
                const client = await here.connectSdk();
                const subscription = client.channel(channel);
                subscription.sdk.subscribe();
                assert.equal((await subscription.next('unsubscribed')).code, 107);
            });
        }

        it('a channel may have a name in any script', async () => {
            const subscription = await (await here.connectSdk()).subscribe('кімната:😀');
            await subscription.publish('привіт');
            await subscription.hears('привіт');
        });
    });

    describe('publications', () => {
        it('what is published on one node is received on the other', async () => {
            const [one, other] = await subscribeBoth(newChannel());
            await one.publish({ text: 'hello' });
            await other.hears({ text: 'hello' });
        });

        it('a publisher receives its own publication', async () => {
            const [one] = await subscribeBoth(newChannel());
            await one.publish({ text: 'hello' });
            await one.hears({ text: 'hello' });
        });

        it('who is not in the channel may publish', async () => {
            const channel = newChannel();
            const [client, other] = await connectBoth();
            const subscription = await other.subscribe(channel);
            await client.sdk.publish(channel, 'from outside');
            await subscription.hears('from outside');
        });

        it('what one publishes without waiting is received in order', async () => {
            const [one, other] = await subscribeBoth(newChannel());
            await Promise.all(range(1, 500).map((n) => one.publish(n)));
            const received = await other.publications(500);
            assert.deepEqual(dataOf(received), range(1, 500));
        });

        it('offsets count from one without a gap', async () => {
            const [one, other] = await subscribeBoth(newChannel());
            await Promise.all(range(1, 20).flatMap((n) => [one.publish(n), other.publish(n)]));
            const received = await one.publications(40);
            assert.deepEqual(offsetsOf(received), range(1, 40));
        });

        it('two publishers on two nodes are received in one order everywhere', async () => {
            const [one, other] = await subscribeBoth(newChannel());
            const publishing = range(1, 100).flatMap((n) => [
                one.publish(['one', n]),
                other.publish(['other', n]),
            ]);
            await Promise.all(publishing);
            const reading = [one.publications(200), other.publications(200)];
            const received = await Promise.all(reading);
            assert.deepEqual(dataOf(received[0]), dataOf(received[1]));
        });

        it('a publication tells who made it', async () => {
            const channel = newChannel();
            const publisher = here.newSdk();
            const { client } = await publisher.connect();
            const subscription = await (await there.connectSdk()).subscribe(channel);
            await publisher.sdk.publish(channel, 'hello');
            assert.deepEqual((await subscription.hears('hello')).info, { client, user: '' });
        });

        for (const [what, data] of Object.entries({
            'a string': 'hello',
            'an empty string': '',
            'letters of many scripts': 'é Ж 漢字 عربى 😀 👩‍👩‍👧 \u2028\u2029',
            'quotes, slashes and controls': '"\\/\b\f\n\r\t\u0001\u007f',
            'an escaped NUL': 'a\u0000b',
            numbers: [0, -0.5, 1e-7, 1.7976931348623157e308, 5e-324, Number.MAX_SAFE_INTEGER],
            'an integer beyond 64 bits': 1e20,
            null: null,
            false: false,
            'an empty object': {},
            'an empty array': [],
            'a nested object': { a: [{ b: [[{ c: { d: [null, true, 'x'] } }]] }], e: {} },
            'names of the protocol': { push: { pub: { data: {} } }, id: 1, data: 2, error: {} },
        })) {
            it(`${what} arrives as it was published`, async () => {
                const [one, other] = await subscribeBoth(newChannel());
                await one.publish(data);
                assert.deepEqual((await other.next('publication')).data, data);
            });
        }

        it('data as long as a message may be arrives whole', async () => {
            const [one, other] = await subscribeBoth(newChannel());
            const data = 'x'.repeat(65_000);
            await one.publish(data);
            assert.equal((await other.next('publication')).data, data);
        });
    });

    describe('presence', () => {
        const joinLeave = { joinLeave: true };
        const clientOf = ({ info }) => info.client;

        /** Waits until the channel holds so many clients: joins are stored after the reply. */
        async function presenceOf(subscription, count) {
            const check = async () => {
                const { clients } = await subscription.sdk.presence();
                return Object.keys(clients).length === count && clients;
            };
            return eventually(check, `${count} clients in ${subscription.name}`);
        }

        it('it shows who is in the channel on either node', async () => {
            const channel = newChannel();
            const clients = [here.newSdk(), there.newSdk()];
            const contexts = await Promise.all(clients.map((client) => client.connect()));
            const [one] = await Promise.all(clients.map((each) => each.subscribe(channel)));
            const expected = contexts.map(({ client }) => [client, { client, user: '' }]);
            assert.deepEqual(await presenceOf(one, 2), Object.fromEntries(expected));
        });

        it('it shows nobody who has left', async () => {
            const [one, other] = await subscribeBoth(newChannel());
            await presenceOf(one, 2);
            await other.unsubscribe();
            await presenceOf(one, 1);
        });

        it('it can be asked for from outside', async () => {
            const channel = newChannel();
            const [client, other] = await connectBoth();
            await presenceOf(await other.subscribe(channel), 1);
            const { clients } = await client.sdk.presence(channel);
            assert.equal(Object.keys(clients).length, 1);
        });

        it('an empty channel has nobody', async () => {
            const client = await here.connectSdk();
            assert.deepEqual(await client.sdk.presence(newChannel()), { clients: {} });
        });

        it('stats count connections and users', async () => {
            const [one] = await subscribeBoth(newChannel());
            await presenceOf(one, 2);
            assert.deepEqual(await one.sdk.presenceStats(), { numClients: 2, numUsers: 1 });
        });

        it('stats of an empty channel are zeros', async () => {
            const client = await here.connectSdk();
            const stats = await client.sdk.presenceStats(newChannel());
            assert.deepEqual(stats, { numClients: 0, numUsers: 0 });
        });

        /** Somebody in the channel, and a client of the other node that is not, with its id. */
        async function watcherAndNewcomer(channel) {
            const watcher = await (await here.connectSdk()).subscribe(channel, joinLeave);
            await presenceOf(watcher, 1);
            const newcomer = there.newSdk();
            const { client } = await newcomer.connect();
            return { watcher, newcomer, client };
        }

        const isOf = (event, client) => (item) =>
            item.event === event && clientOf(item) === client;

        it('who comes is announced to those who are there', async () => {
            const channel = newChannel();
            const { watcher, newcomer, client } = await watcherAndNewcomer(channel);
            await newcomer.subscribe(channel, joinLeave);
            await watcher.events.next(isOf('join', client), `the join of ${client}`);
        });

        it('who leaves the channel is announced', async () => {
            const channel = newChannel();
            const { watcher, newcomer, client } = await watcherAndNewcomer(channel);
            const subscription = await newcomer.subscribe(channel, joinLeave);
            await watcher.events.next(isOf('join', client), `the join of ${client}`);
            await subscription.unsubscribe();
            await watcher.events.next(isOf('leave', client), `the leave of ${client}`);
        });

        it('who disconnects is announced', async () => {
            const channel = newChannel();
            const { watcher, newcomer, client } = await watcherAndNewcomer(channel);
            await newcomer.subscribe(channel, joinLeave);
            await watcher.events.next(isOf('join', client), `the join of ${client}`);
            await newcomer.disconnect();
            await watcher.events.next(isOf('leave', client), `the leave of ${client}`);
        });
    });

    describe('history', () => {
        const COUNT = 10;
        let subscription;

        beforeEach(async () => {
            const channel = newChannel();
            const [publisher, reader] = await connectBoth();
            subscription = reader.channel(channel);
            await subscription.subscribe();
            for (const n of range(1, COUNT)) await publisher.sdk.publish(channel, n);
        });

        const historyOf = async (options) =>
            dataOf((await subscription.sdk.history(options)).publications);

        it('without a limit it tells the position alone', async () => {
            const { publications, offset, epoch } = await subscription.sdk.history();
            assert.deepEqual([publications, offset], [[], COUNT]);
            assert.match(epoch, /^\S+$/);
        });

        it('a limit below zero means all', async () => {
            assert.deepEqual(await historyOf({ limit: -1 }), range(1, COUNT));
        });

        it('a limit is kept, oldest first', async () => {
            assert.deepEqual(await historyOf({ limit: 3 }), [1, 2, 3]);
        });

        it('since is where it begins, itself not included', async () => {
            const since = { offset: 4, epoch: '' };
            assert.deepEqual(await historyOf({ since, limit: 3 }), [5, 6, 7]);
        });

        it('since the newest there is nothing', async () => {
            const since = { offset: COUNT, epoch: '' };
            assert.deepEqual(await historyOf({ since, limit: 3 }), []);
        });

        it('reverse is newest first', async () => {
            assert.deepEqual(await historyOf({ limit: 3, reverse: true }), [10, 9, 8]);
        });

        it('reverse since goes back from there', async () => {
            const since = { offset: 4, epoch: '' };
            assert.deepEqual(await historyOf({ since, limit: 2, reverse: true }), [3, 2]);
        });

        it('the position is the newest, whatever the range', async () => {
            const { offset } = await subscription.sdk.history({ limit: 1 });
            assert.equal(offset, COUNT);
        });

        it('the epoch of the log is accepted', async () => {
            const { epoch } = await subscription.sdk.history();
            const since = { offset: 8, epoch };
            assert.deepEqual(await historyOf({ since, limit: 5 }), [9, 10]);
        });

        it('a place before the log is refused', async () => {
            const client = await here.connectSdk();
            const since = { offset: -5, epoch: '' };
            const asked = client.sdk.history(newChannel(), { limit: 1, since });
            await assert.rejects(asked, { code: 107 });
        });

        it('another epoch is refused', async () => {
            const asked = subscription.sdk.history({ since: { offset: 8, epoch: 'other' } });
            await assert.rejects(asked, { code: 112 });
        });

        it('it is as it was received, publishers included', async () => {
            const received = await subscription.publications(COUNT);
            const { publications } = await subscription.sdk.history({ limit: -1 });
            const told = ({ data, offset, info }) => ({ data, offset, info });
            assert.deepEqual(publications.map(told), received.map(told));
        });

        it('it keeps the newest and forgets what is before them', async () => {
            const more = range(COUNT + 1, HISTORY + 7);
            await Promise.all(more.map((n) => subscription.publish(n)));
            assert.deepEqual(await historyOf({ limit: -1 }), range(8, HISTORY + 7));
        });

        it('a channel nobody published in has none', async () => {
            const client = await here.connectSdk();
            const { publications, offset } = await client.sdk.history(newChannel(), {
                limit: 5,
            });
            assert.deepEqual([publications, offset], [[], 0]);
        });
    });

    describe('the acknowledged publish', () => {
        it('the place in the log is told', async () => {
            const channel = newChannel();
            const client = await here.connectSdk();
            await client.publish(channel, 'first');
            const { epoch, offset, deduplicated } = await client.publish(channel, 'second');
            assert.deepEqual([offset, deduplicated], [2, false]);
            assert.equal(epoch, (await client.sdk.history(channel)).epoch);
        });

        it('subscribers receive it with that offset', async () => {
            const channel = newChannel();
            const [client, other] = await connectBoth();
            const subscription = await other.subscribe(channel);
            const { offset } = await client.publish(channel, { text: 'hello' });
            assert.equal((await subscription.hears({ text: 'hello' })).offset, offset);
        });

        it('a retry with its key on another node is answered as the first was', async () => {
            const channel = newChannel();
            const [client, other] = await connectBoth();
            const { deduplicated, ...first } = await client.publish(channel, 'once', 'key 1');
            assert.equal(deduplicated, false);
            assert.deepEqual(await other.publish(channel, 'once', 'key 1'), {
                ...first,
                deduplicated: true,
            });
        });

        it('a retry with its key is not published', async () => {
            const channel = newChannel();
            const [client, other] = await connectBoth();
            const subscription = await other.subscribe(channel);
            await client.publish(channel, 'once', 'key 1');
            await other.publish(channel, 'once', 'key 1');
            await client.publish(channel, 'the end');
            await subscription.hears('the end');
            assert.deepEqual(subscription.heard, ['once', 'the end']);
        });

        it('one key through both nodes at the same time is published once', async () => {
            const channel = newChannel();
            const clients = await connectBoth();
            const tries = range(1, 20).map((n) => clients[n % 2].publish(channel, 'same', 'key'));
            const answers = await Promise.all(tries);
            assert.equal(answers.filter(({ deduplicated }) => !deduplicated).length, 1);
            assert.equal((await clients[0].sdk.history(channel)).offset, 1);
        });

        it('a key is not taken for other data, which is told and not published', async () => {
            const channel = newChannel();
            const [client, other] = await connectBoth();
            await client.publish(channel, 'one', 'key');
            await assert.rejects(other.publish(channel, 'other', 'key'), { code: 409 });
            assert.equal((await client.sdk.history(channel)).offset, 1);
        });

        it('a key may be called idempotency_key, as in the server API', async () => {
            const channel = newChannel();
            const client = await here.connectSdk();
            const params = { channel, data: 1, idempotency_key: 'key' };
            await client.sdk.rpc('publish', params);
            assert.equal((await client.publish(channel, 1, 'key')).deduplicated, true);
        });

        it('a member that it does not know is refused by name', async () => {
            const client = await here.connectSdk();
            const params = { channel: newChannel(), data: 1, idempotencykey: 'key' };
            await assert.rejects(client.sdk.rpc('publish', params), {
                code: 107,
                message: 'bad request: unknown member "idempotencykey"',
            });
        });

        it('a key belongs to its channel', async () => {
            const client = await here.connectSdk();
            await client.publish(newChannel(), 'one', 'key');
            const { deduplicated } = await client.publish(newChannel(), 'other', 'key');
            assert.equal(deduplicated, false);
        });

        it('without a key nothing is taken for a retry', async () => {
            const channel = newChannel();
            const client = await here.connectSdk();
            await client.publish(channel, 'same');
            assert.equal((await client.publish(channel, 'same')).offset, 2);
        });

        for (const [what, params] of Object.entries({
            'without data': { channel: 'x' },
            'without a channel': { data: 1 },
            'to a channel whose name is none': { channel: ' ', data: 1 },
            'with a key that is no string': { channel: 'x', data: 1, key: 7 },
            'with an empty key': { channel: 'x', data: 1, key: '' },
            'with a key by both names': { channel: 'x', data: 1, key: 'a', idempotency_key: 'a' },
            'that is no object': 'x',
        })) {
            it(`a publish ${what} is refused`, async () => {
                const client = await here.connectSdk();
                await assert.rejects(client.sdk.rpc('publish', params), { code: 107 });
            });
        }

        it('a method nobody has is refused', async () => {
            const client = await here.connectSdk();
            await assert.rejects(client.sdk.rpc('sum', { a: 1 }), { code: 104 });
        });
    });
});
