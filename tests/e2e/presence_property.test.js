/*
 * presence_property - thousands of random joins, leaves, kills and pauses on three nodes, with a
 * fourth that is watched. Every now and then all is let come to rest; then what clients were
 * told, what `presence` says, what Redis holds and who is really connected must be the same,
 * and parleyctl doctor must find nothing. Time passes by chance as well, between the steps.
 *
 * PARLEY_SEED repeats a run's choices, PARLEY_STEPS makes it longer.
 */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { Chance } from './lib/chance.js';
import { useCluster } from './lib/cluster.js';
import { Ctl } from './lib/ctl.js';
import { isError, isUsers, online } from './lib/luchat.js';
import { Roster } from './lib/roster.js';
import { eventually } from './lib/wait.js';

const STEPS = Number(process.env.PARLEY_STEPS) || 2000;
const ROUNDS = 8;
const LEASE_TTL_MS = 1500;
const GRACE_MS = 300;
const PAUSE_MAX_MS = 2 * LEASE_TTL_MS;
const STEP_MAX_MS = 12;
const DOCTOR = ['doctor', '--settle-ms', '6000']; // finds nothing
const REST_MS = 30_000;
const SURE_AFTER_MS = 2000; // a leave that was told before the join may still be on its way
const RETRY_MS = 200;
const CHANNELS = ['one', 'two', 'three'];
const USERS = Array.from({ length: 12 }, (_, i) => `user-${i}`);
const WEIGHTS = { join: 50, leave: 34, drop: 12, rename: 6, pause: 1.5, kill: 0.8, blackout: 0.3 };

const options = {
    'lease-ttl-ms': LEASE_TTL_MS,
    'lease-renew-ms': 300,
    'presence-grace-ms': GRACE_MS,
    'presence-window-ms': 40,
    'history-size': 0,
    'idle-timeout-ms': 600_000,
};

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** One connection of the test's: who it says it is, where, and since when that is sure. */
class Tab {
    since = Infinity; // its join was answered
    isOpen = true;

    constructor(node, channel) {
        Object.assign(this, { node, channel });
    }

    async open(user) {
        await this.unlessKilled(async () => {
            this.client = await this.node.connect(this.channel);
            this.client.ended.then(() => (this.isOpen = false));
            await this.goBy(user);
        });
    }

    /** Settles once the join is answered with a list, or the connection is over. */
    async takeName(user) {
        await this.unlessKilled(() => this.goBy(user));
    }

    /** What its node does not live to answer ends the connection, and is no fault. */
    async unlessKilled(act) {
        try {
            await act();
        } catch (error) {
            if (this.client?.isOpen) throw error;
            this.isOpen = false;
            this.client?.socket.terminate();
        }
    }

    async goBy(user) {
        this.since = Infinity;
        this.user = user;
        const isAnswer = (frame) => isUsers(frame) || isError(503)(frame);
        while (this.client.isOpen && this.since === Infinity) {
            this.client.send(online(user));
            const answer = await this.client.next(isAnswer, `the list for ${user}`, REST_MS);
            if (isUsers(answer)) this.since = Date.now();
            else await pause(RETRY_MS); // its node has no lease just now
        }
    }

    close(isPolite) {
        this.isOpen = false;
        if (isPolite) this.client.socket.close(1000);
        else this.client.socket.terminate();
    }

    get isReady() {
        return this.isOpen && this.since !== Infinity;
    }
}

class Game {
    tabs = new Set();
    pending = new Set();
    troubled = new Map(); // node -> when its trouble began; Infinity: it is in it
    counts = {};

    constructor(cluster, chance) {
        Object.assign(this, { cluster, chance });
        this.nodes = cluster.nodes.slice(0, 3);
        this.observer = cluster.nodes[3];
    }

    /** Has this user a connection that nothing has happened to? */
    isSurelyThere(channel, user) {
        if (this.troubled.has(this.observer)) return false; // it may hear of what is long over
        return [...this.tabs].some(
            (tab) =>
                tab.channel === channel &&
                tab.user === user &&
                tab.isReady &&
                tab.since < Date.now() - SURE_AFTER_MS &&
                !this.troubled.has(tab.node),
        );
    }

    async watch() {
        this.rosters = new Map();
        this.sdk = await this.observer.connectSdk();
        for (const channel of CHANNELS) {
            const isSurelyThere = (user) => this.isSurelyThere(channel, user);
            const subscription = this.sdk.channel(channel, { joinLeave: true });
            const sdk = Roster.sdk(subscription, isSurelyThere);
            await subscription.subscribe();
            const watcher = await this.observer.connect(channel);
            await watcher.goOnline('watcher');
            this.rosters.set(channel, {
                luchat: Roster.luchat(watcher, 'watcher', isSurelyThere),
                sdk,
            });
        }
    }

    keep(promise) {
        this.pending.add(promise);
        promise.finally(() => this.pending.delete(promise));
    }

    /** One random step; what takes its time goes on beside the next ones. */
    step() {
        const what = this.chance.weighted(WEIGHTS);
        this.counts[what] = (this.counts[what] ?? 0) + 1;
        const node = this.chance.pick(this.nodes);
        const [channel, user] = [this.chance.pick(CHANNELS), this.chance.pick(USERS)];
        const ready = [...this.tabs].filter((one) => one.isReady);
        const tab = ready.length ? this.chance.pick(ready) : null;
        const ms = this.pauseLength();
        if (what === 'join') this.keep(this.join(node, channel, user));
        else if (what === 'pause') this.keep(this.pauseNode(node, ms));
        else if (what === 'blackout') this.keep(this.pauseAll(ms));
        else if (what === 'kill') this.keep(this.killNode(node));
        else if (what === 'rename') tab && this.keep(tab.takeName(user));
        else tab?.close(what === 'leave');
    }

    join(node, channel, user) {
        const tab = new Tab(node, channel);
        this.tabs.add(tab);
        return tab.open(user);
    }

    async trouble(node, act) {
        if (this.troubled.has(node)) return;
        this.troubled.set(node, Date.now());
        await act();
        await pause(SURE_AFTER_MS); // what it did late may still be told
        this.troubled.delete(node);
    }

    /** Every other one ends about when the lease does. */
    pauseLength() {
        const [any, near] = [this.chance.next() * PAUSE_MAX_MS, 0.8 + this.chance.next() * 0.4];
        return this.chance.below(2) ? any : near * LEASE_TTL_MS;
    }

    /** The one that is watched as well: nobody is there to clean up. */
    async pauseAll(ms) {
        await Promise.all(this.cluster.nodes.map((node) => this.pauseNode(node, ms)));
    }

    pauseNode(node, ms) {
        return this.trouble(node, async () => {
            node.signal('SIGSTOP');
            await pause(ms);
            node.signal('SIGCONT');
        });
    }

    killNode(node) {
        return this.trouble(node, () => this.cluster.restartNode(node));
    }

    async settle() {
        while (this.pending.size) await Promise.all(this.pending);
        this.tabs = new Set([...this.tabs].filter((tab) => tab.isOpen));
    }

    /** user -> connections of the channel, as they are. */
    truth(channel) {
        const tabs = [...this.tabs].filter((tab) => tab.channel === channel);
        return counted(['watcher', ...tabs.map(({ user }) => user)]);
    }

    async inRedis(channel) {
        const redis = (this.redis ??= this.cluster.redis.client());
        const key = (name) => `parley:{${channel}}:${name}`;
        const users = await redis.hgetall(key('users'));
        delete users['']; // the SDK that watches
        const members = await redis.hvals(key('members'));
        return {
            users: sorted(users),
            members: counted(members.map((text) => JSON.parse(text).user)),
        };
    }

    async ofPresence(channel) {
        const { clients } = await this.sdk.sdk.presence(channel);
        return counted(Object.values(clients).map(({ user }) => user));
    }

    /** All that is known of the channel, by who knows it. */
    async seen(channel) {
        const { luchat, sdk } = this.rosters.get(channel);
        return {
            ...(await this.inRedis(channel)),
            presence: await this.ofPresence(channel),
            luchat: String(luchat),
            sdk: String(sdk),
        };
    }

    expected(channel) {
        const users = this.truth(channel);
        const names = Object.keys(users);
        const luchat = names.filter((name) => name !== 'watcher').join(' ');
        return { users, members: users, presence: users, luchat, sdk: names.join(' ') };
    }

    async agrees(channel) {
        let seen;
        const isSame = async () => {
            seen = await this.seen(channel);
            return isDeepStrictEqual(seen, this.expected(channel));
        };
        await eventually(isSame, `all to agree on ${channel}`, REST_MS).catch(() => {});
        assert.deepEqual(seen, this.expected(channel), channel);
    }

    /** What somebody was told and should not have been. */
    get faults() {
        return [...this.rosters.values()].flatMap(({ luchat, sdk }) => [
            ...luchat.faults,
            ...sdk.faults,
        ]);
    }

    /** Steps at random moments, then a rest in which all must agree. */
    async round(steps) {
        for (let i = 0; i < steps; i++) {
            this.step();
            await pause(this.chance.below(STEP_MAX_MS));
        }
        await this.settle();
        for (const channel of CHANNELS) await this.agrees(channel);
        assert.deepEqual(this.faults, []);
    }
}

/** name -> how often it is in the list; '', the SDK that watches, is left out. */
function counted(names) {
    const counts = {};
    for (const name of names) if (name) counts[name] = (counts[name] ?? 0) + 1;
    return sorted(counts);
}

function sorted(counts) {
    const entries = Object.entries(counts).map(([user, count]) => [user, Number(count)]);
    return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}

describe('presence under random joins, leaves, kills and pauses', () => {
    const cluster = useCluster({ nodes: 4, options });
    const ctl = new Ctl(() => cluster.redis.url);

    it('what is told, listed and stored is what is', async (t) => {
        const chance = new Chance();
        t.diagnostic(`PARLEY_SEED=${chance.seed}`);
        const game = new Game(cluster, chance);
        await game.watch();
        for (let round = 0; round < ROUNDS; round++) {
            await game.round(STEPS / ROUNDS);
            await ctl.text(DOCTOR);
        }
        t.diagnostic(JSON.stringify(game.counts));
    });
});
