/*
 * big_channel - a channel with so many subscribers that it goes out in slices, while people
 * come and go.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { newChannel, useCluster } from './lib/cluster.js';
import { isMessage, message, textOf } from './lib/luchat.js';
import { range } from './lib/numbered.js';

const SUBSCRIBERS = 800;
const MESSAGES = 40;
const AT_ONCE = 50;
const DEADLINE_MS = 60_000; // sanitizers, two cores and all the other tests

async function inGroups(count, act) {
    const results = [];
    while (results.length < count) {
        const size = Math.min(AT_ONCE, count - results.length);
        results.push(...(await Promise.all(Array.from({ length: size }, act))));
    }
    return results;
}

const numbersOf = (client) => client.frames.items.filter(isMessage).map(textOf).map(Number);

/** Fails unless they are numbers without a hole, from wherever the client came in. */
function assertUnbroken(client) {
    const heard = numbersOf(client);
    const first = heard[0] ?? 1;
    assert.deepEqual(heard, range(first, first + heard.length - 1));
}

describe('a big channel', () => {
    const cluster = useCluster({ nodes: 1 });
    let node;

    beforeEach(() => {
        [node] = cluster.nodes;
    });

    it('loses nothing and doubles nothing while people come and go', async () => {
        const channel = newChannel();
        const stayers = await inGroups(SUBSCRIBERS, () => node.connect(channel));
        const speaker = await node.connect(channel);
        const goers = [];
        const comers = [];
        for (let number = 1; number <= MESSAGES; number++) {
            const said = speaker.say('speaker', String(number));
            comers.push(await node.connect(channel));
            if (number % 2) goers.push(stayers.splice(number * 7, 1)[0]);
            goers.at(-1).socket.terminate();
            if (number % 5 === 0) await speaker.next((frame) => frame === said, `${number}`);
        }
        const last = message('speaker', String(MESSAGES));
        const left = [...stayers, ...comers];
        const isLast = (frame) => frame === last;
        await Promise.all(
            left.map((client) => client.next(isLast, 'the last', DEADLINE_MS)),
        );
        left.forEach(assertUnbroken);
        goers.forEach(assertUnbroken);
        stayers.forEach((client) => assert.deepEqual(numbersOf(client), range(1, MESSAGES)));
    });

    it('is no reason to wait for a pong', async () => {
        const channel = newChannel();
        const subscribers = await inGroups(SUBSCRIBERS, () => node.connect(channel));
        const other = await node.connect(newChannel());
        const said = subscribers[0].say('speaker', 'hello');
        await other.ping();
        await Promise.all(subscribers.map((client) => client.hears(said)));
    });
});

describe('a node that delays its messages', () => {
    const cluster = useCluster({ nodes: 1, options: { 'flush-delay-ms': 200 } });

    it('sends those of 200 ms together', async () => {
        const [node] = cluster.nodes;
        const client = await node.connect(newChannel());
        await client.settle();
        const before = await node.metric('parley_writes_total');
        const said = range(1, 10).map((number) => client.say('speaker', String(number)));
        for (const text of said) await client.hears(text);
        const writes = (await node.metric('parley_writes_total')) - before;
        assert.ok(writes < said.length, `${writes} writes for ${said.length} messages`);
    });
});
