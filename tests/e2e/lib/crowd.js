/*
 * crowd - many members at little cost: each user is one connection of the Centrifuge protocol
 * that subscribes to many channels; and somebody who writes down who leaves them.
 */
import { tokenOf } from './token.js';
import { eventually } from './wait.js';

const AT_ONCE = 50;
const CHANNELS_EACH = 100; // of one connection; a node allows 128

function slices(items, size) {
    const count = Math.ceil(items.length / size);
    return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size));
}

const linesOf = (data) =>
    String(data)
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));

/** Calls act with each item, some at a time. */
export async function forAll(items, act) {
    const left = items.values();
    const work = async () => {
        for (const item of left) await act(item);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** A connection of this user: its node must know the tests' SECRET. */
export async function connectAs(node, user) {
    const client = await node.openWire();
    await client.ask('connect', { token: tokenOf(user) });
    return client;
}

/** And subscribes again, as SDKs do, where a log that was lost made the node end it. */
export async function subscribeTo(client, channels, options = {}) {
    const subscribe = async (channel) => {
        const { error } = await client.ask('subscribe', { channel, ...options });
        if (error) throw new Error(`${channel} at ${client.name}: ${error.message}`);
    };
    client.socket.on('message', (data) => {
        for (const { push } of linesOf(data)) {
            if (push?.unsubscribe?.code >= 2500) subscribe(push.channel).catch(() => {});
        }
    });
    await forAll(channels, subscribe);
}

/** Each user joins each channel on this node. */
export async function gather(node, users, channels) {
    await forAll(users, async (user) => {
        for (const some of slices(channels, CHANNELS_EACH))
            await subscribeTo(await connectAs(node, user), some);
    });
}

/** Waits until Redis has so many members in these channels. */
export async function untilThere(redis, channels, count, ms) {
    const areThere = async () => {
        const keys = channels.map((name) => `parley:{${name}}:members`);
        const lengths = await Promise.all(keys.map((key) => redis.hlen(key)));
        return lengths.reduce((sum, length) => sum + length, 0) === count;
    };
    await eventually(areThere, `${count} members in ${channels.length} channels`, ms);
}

/** What is told of other users in these channels. */
export class Witness {
    #told = { join: new Map(), leave: new Map() };
    last = 0; // when something was told, ms

    static async on(node, name, channels) {
        const witness = new Witness();
        for (const some of slices(channels, CHANNELS_EACH)) {
            const client = await connectAs(node, name);
            client.socket.on('message', (data) => {
                for (const line of linesOf(data)) witness.#hear(line, name);
            });
            await subscribeTo(client, some, { join_leave: true });
        }
        return witness;
    }

    #hear({ push = {} }, self) {
        for (const what of ['join', 'leave']) {
            const user = push[what]?.info.user;
            if (!user || user === self) continue;
            const key = `${push.channel} ${user}`;
            this.#told[what].set(key, (this.#told[what].get(key) ?? 0) + 1);
            this.last = Date.now();
        }
    }

    /** "CHANNEL USER" -> how often. */
    told(what) {
        return this.#told[what];
    }

    untilTold(what, count, ms) {
        const map = this.#told[what];
        return eventually(() => map.size >= count, `${count} times ${what}`, ms);
    }

    /** Those that were told another number of times than once. */
    notOnce(what) {
        return [...this.#told[what]].filter(([, times]) => times !== 1);
    }
}
