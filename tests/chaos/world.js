/*
 * world - a Redis, three gateways, and clients that write, read and are present all the time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { KEY, post } from '../e2e/lib/api.js';
import { Gateway, UNLIMITED } from '../e2e/lib/gateway.js';
import { LuChat, WebSocket } from '../e2e/lib/page_client.js';
import { RedisServer } from '../e2e/lib/redis.js';
import { Relay } from '../e2e/lib/relay.js';
import { SdkClient } from '../e2e/lib/sdk.js';
import { eventually } from '../e2e/lib/wait.js';
import { Attendance, Reading } from './checker.js';

const CHANNEL = 'chaos';
const STAYERS = ['ann', 'ben', 'cee', 'dan'];
const SETTLE_MS = 20_000;
const OPTIONS = { ...UNLIMITED, 'api-key': KEY, 'history-size': 2000 };

export class World {
    nodes = [];
    readings = [];
    attendances = [];
    acknowledged = new Map(); // the last number of each writer
    refused = 0; // publishes that were answered with an error
    #relays = [];
    #ends = [];
    #isOver = false;

    static async create() {
        const world = new World();
        world.redis = await RedisServer.start({ keepsData: true, name: 'redis' });
        world.redisRelays = [];
        for (let i = 0; i < 3; i++) {
            const relay = await Relay.start([world.redis]);
            const redis = `redis://127.0.0.1:${relay.port}`;
            world.redisRelays.push(relay);
            world.nodes.push(await Gateway.launch(`n${i + 1}`, { options: { ...OPTIONS, redis } }));
        }
        for (const node of world.nodes) await node.ready();
        for (let i = 0; i < 3; i++) await world.#addReaders(i);
        for (const [i, user] of STAYERS.entries()) await world.#addStayer(i, user);
        await eventually(() => world.#areAllPresent(), 'all to be present');
        await sleep(1000); // their joins are told a moment later
        for (const attendance of world.attendances) attendance.isWatching = true;
        world.writers = ['a', 'b'].map((w, i) => world.#write(w, i));
        return world;
    }

    /** One more node, which no client prefers. */
    async addNode() {
        const options = { ...OPTIONS, redis: this.redis.url };
        const node = await Gateway.launch(`n${this.nodes.length + 1}`, { options });
        this.nodes.push(await node.ready());
    }

    /** The balancer of one client: the node that it prefers, or the next that is there. */
    async #front(first) {
        const nodes = this.nodes.map((_, i) => this.nodes[(first + i) % this.nodes.length]);
        const relay = await Relay.start(nodes);
        this.#relays.push(relay);
        return relay.port;
    }

    async #addReaders(i) {
        const sdk = new SdkClient(await this.#front(i));
        const reading = this.#newReading(`sdk-${i + 1}`);
        const attendance = new Attendance(reading.name, STAYERS);
        const subscription = sdk.sdk.newSubscription(CHANNEL, {
            minResubscribeDelay: 20,
            maxResubscribeDelay: 500,
        });
        this.attendances.push(attendance);
        subscription.on('publication', ({ data }) => data.w && reading.hear(data));
        subscription.on('subscribed', ({ wasRecovering, recovered }) => {
            if (wasRecovering && !recovered) reading.tell();
        });
        subscription.on('join', ({ info }) => attendance.note('a join', info.user));
        subscription.on('leave', ({ info }) => attendance.note('a leave', info.user));
        subscription.subscribe();
        sdk.sdk.connect();
        this.#ends.push(() => sdk.drop());
        await eventually(() => subscription.state === 'subscribed', `${reading.name} to be in`);
        await this.#addPage(i, null, this.#newReading(`page-${i + 1}`));
    }

    #newReading(name) {
        const reading = new Reading(name);
        this.readings.push(reading);
        return reading;
    }

    async #addPage(i, user, reading) {
        const url = `ws://127.0.0.1:${await this.#front(i)}/ws`;
        const chat = new LuChat(url, {
            ...{ channel: CHANNEL, user: user && { userid: user }, WebSocket },
            ...{ attempts: Infinity, firstDelayMs: 100, lastDelayMs: 500 },
        });
        const hear = ({ detail }) => {
            const data = parse(detail.message?.message);
            if (data?.w) reading?.hear(data);
        };
        chat.addEventListener('message', hear);
        chat.addEventListener('hello', ({ detail }) => detail.missed && reading?.tell());
        chat.connect();
        this.#ends.push(() => chat.close());
        await eventually(() => chat.state === 'connected', `the page of ${user ?? i} to be in`);
    }

    #addStayer(i, user) {
        return this.#addPage(i, user, null);
    }

    async #areAllPresent() {
        for (const node of this.nodes) {
            const { body } = await post(node, 'presence', JSON.stringify({ channel: CHANNEL }));
            const presence = JSON.parse(body).result?.presence ?? {};
            const users = new Set(Object.values(presence).map(({ user }) => user));
            if (!STAYERS.every((user) => users.has(user))) return false;
        }
        return true;
    }

    /** One after the other, each until it is acknowledged, on whichever node takes it. */
    async #write(w, first) {
        for (let n = 1, at = first; !this.#isOver; n++) {
            while (!(await this.#publish(this.nodes[at % this.nodes.length], { w, n }))) {
                if (this.#isOver) return;
                this.refused++;
                at++;
                await sleep(50);
            }
            this.acknowledged.set(w, n);
            await sleep(20);
        }
    }

    async #publish(node, data) {
        const call = { channel: CHANNEL, data, idempotency_key: `${data.w}-${data.n}` };
        try {
            const { status, body } = await post(node, 'publish', JSON.stringify(call));
            return status === 200 && JSON.parse(body).result !== undefined;
        } catch {
            return false;
        }
    }

    /** Writers stop, readers get the time to have all; then the problems of everybody. */
    async end() {
        this.#isOver = true;
        await Promise.all(this.writers);
        const haveAll = () => this.readings.every((reading) => reading.hasAll(this.acknowledged));
        await eventually(haveAll, 'all to be heard', SETTLE_MS).catch(() => {});
        const isWell = await eventually(() => this.#areAllPresent(), 'all to be present', 10_000)
            .then(() => true)
            .catch(() => false);
        for (const reading of this.readings) reading.end(this.acknowledged);
        const problems = [...this.readings, ...this.attendances].flatMap(({ name, problems: all }) =>
            all.map((problem) => `${name}: ${problem}`),
        );
        if (!isWell) problems.push('the lists of who is present are not right after ten seconds');
        return problems;
    }

    async stop() {
        this.#isOver = true;
        for (const end of this.#ends) await end();
        await Promise.all(this.#relays.map((relay) => relay.stop()));
        await Promise.all(this.nodes.map((node) => node.stop()));
        await Promise.all(this.redisRelays.map((relay) => relay.stop()));
        await this.redis.stop();
    }
}

function parse(text) {
    try {
        return JSON.parse(text);
    } catch {
        return null;
    }
}
