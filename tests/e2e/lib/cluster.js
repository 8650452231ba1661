/*
 * cluster - a Redis and some gateways for the tests of one describe(), and their end.
 *
 * The end is part of the test: every gateway is stopped by SIGTERM, and one that does not
 * leave with 0, or whose sanitizers have something to say, fails the suite.
 */
import { after, before, beforeEach } from 'node:test';
import { Gateway } from './gateway.js';
import { RedisServer } from './redis.js';
import { Relay } from './relay.js';
import { eventually } from './wait.js';

const REDIS_RETURN_MS = 30_000; // backoff included

let clusters = 0;
let channels = 0;

/** A channel no other test uses. */
export const newChannel = () => `room:${++channels}`;

/** Says one thing and does not come back before all of the clients have heard it. */
export async function everyoneHears(speaker, clients, text) {
    const said = speaker.say('speaker', text);
    await Promise.all(clients.map((client) => client.hears(said)));
}

class Cluster {
    nodes = [];
    #extra = [];
    #relays = [];
    #started = 0;

    constructor(setup) {
        this.setup = setup;
        this.prefix = `c${++clusters}`;
    }

    async start() {
        const { nodes, redis } = this.setup;
        if (redis)
            this.redis = await RedisServer.start({ name: `${this.prefix}-redis`, ...redis });
        const started = Array.from({ length: nodes }, () => this.startNode());
        const results = await Promise.allSettled(started);
        for (const { reason } of results.filter(({ status }) => status === 'rejected'))
            throw reason;
        this.nodes = results.map(({ value }) => value);
        this.#extra = this.#extra.filter((node) => !this.nodes.includes(node));
    }

    /** One more node, ready to serve; stopped before the next test. */
    async startNode(setup = {}) {
        const node = await this.launchNode(setup);
        return node.ready();
    }

    /** The same without waiting until it is ready. */
    async launchNode({ name = this.nextName(), options = {}, ...setup } = {}) {
        const redis = this.redis ? { redis: this.redis.url } : {};
        const all = { ...redis, ...this.setup.options, ...options };
        const node = await Gateway.launch(name, { ...setup, options: all });
        this.#extra.push(node);
        return node;
    }

    /** kill -9, and the same node again as soon as its lease is over. */
    async restartNode(node) {
        await node.kill();
        const redis = this.redis.client();
        const isFree = async () => (await redis.exists(`parley:node:${node.name}`)) === 0;
        await eventually(isFree, `the end of the lease of ${node.name}`, REDIS_RETURN_MS);
        await node.relaunch();
    }

    nextName() {
        return `${this.prefix}-n${++this.#started}`;
    }

    /** One client on every node, all of them already hearing the channel. */
    async connectToAll(channel) {
        const clients = await Promise.all(this.nodes.map((node) => node.connect(channel)));
        await everyoneHears(clients[0], clients, 'all are here');
        return clients;
    }

    /** Waits until /ready of every node answers with this status. */
    readiness(status) {
        return Promise.all(this.nodes.map((node) => node.readiness(status, REDIS_RETURN_MS)));
    }

    /** Redis dies, and every node notices. */
    async loseRedis() {
        await this.redis.crash();
        await this.readiness(503);
    }

    /** It comes back, with what was synced to disk or with nothing; every node has it again. */
    async bringBackRedis({ keepsData = false } = {}) {
        if (!keepsData) this.redis.forget();
        await this.redis.launch();
        await this.readiness(200);
    }

    async restartRedis(how) {
        await this.loseRedis();
        await this.bringBackRedis(how);
    }

    /** One address in front of these nodes, the first preferred; gone before the next test. */
    async relayTo(...nodes) {
        const relay = await Relay.start(nodes);
        this.#relays.push(relay);
        return relay;
    }

    /** Leaves the nodes of the cluster and nothing of the last test's. */
    async tidy() {
        await this.#stopRelays();
        await stopAll(this.#extra.splice(0));
        await Promise.all(this.nodes.map((node) => node.dropClients()));
    }

    #stopRelays() {
        return Promise.all(this.#relays.splice(0).map((relay) => relay.stop()));
    }

    async stop() {
        try {
            await this.#stopRelays();
            await stopAll([...this.#extra.splice(0), ...this.nodes]);
        } finally {
            await this.redis?.stop();
        }
    }
}

async function stopAll(nodes) {
    const ends = await Promise.allSettled(nodes.map((node) => node.stop()));
    await Promise.all(nodes.map((node) => node.dropClients())); // SDKs would try for ever
    const reasons = ends.filter(({ reason }) => reason).map(({ reason }) => reason.message);
    if (reasons.length) throw new Error(reasons.join('\n'));
}

/**
 * The cluster of the describe() this is called in. redis: options of RedisServer, or false
 * for nodes with the memory broker; options: of every parleyd, by their flags' names.
 */
export function useCluster({ nodes = 1, redis = {}, options = {} } = {}) {
    const cluster = new Cluster({ nodes, redis, options });
    before(() => cluster.start());
    beforeEach(() => cluster.tidy());
    after(() => cluster.stop());
    return cluster;
}
