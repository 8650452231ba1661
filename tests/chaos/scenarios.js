/*
 * scenarios - faults, each by its name: what is done to the world, and what it is.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import fs from 'node:fs';
import { temporaryFolder } from '../e2e/lib/process.js';

async function readyAgain(world) {
    await Promise.all(world.nodes.map((node) => node.readiness(200, 30_000)));
}

export const scenarios = {
    nothing: { about: 'no fault', run: () => sleep(3000) },
    node_killed: {
        about: 'a node is killed and started again under its name',
        async run({ nodes: [node] }) {
            await node.kill();
            await sleep(300);
            await node.relaunch();
        },
    },
    node_paused: {
        about: 'a node stands still for three seconds',
        async run({ nodes: [node] }) {
            node.signal('SIGSTOP');
            await sleep(3000);
            node.signal('SIGCONT');
        },
    },
    rolling_restart: {
        about: 'one node after the other leaves and comes back',
        async run({ nodes }) {
            for (const node of nodes) {
                await node.stop();
                await node.relaunch();
            }
        },
    },
    redis_restarted: {
        about: 'Redis is killed and comes back with all it acknowledged',
        async run(world) {
            await world.redis.restart({ keepsData: true });
            await readyAgain(world);
        },
    },
    redis_without_its_tail: {
        about: 'Redis comes back without the last second',
        async run(world) {
            const copy = temporaryFolder();
            fs.cpSync(world.redis.dir, copy, { recursive: true });
            await sleep(1000);
            await world.redis.crash();
            world.redis.forget();
            fs.cpSync(copy, world.redis.dir, { recursive: true });
            world.beforeReturn?.();
            await world.redis.launch();
            await (world.isReadyAgain ?? (() => readyAgain(world)))();
        },
    },
    redis_refilled: {
        about: 'the same, and the log grows past its old end before those who read are back',
        async run(world) {
            const readers = [...world.redisRelays];
            await world.addNode(); // nobody reads there
            world.beforeReturn = () => readers.forEach((relay) => relay.isolate());
            world.isReadyAgain = () => world.nodes.at(-1).readiness(200, 30_000);
            await scenarios.redis_without_its_tail.run(world);
            await sleep(4000);
            readers.forEach((relay) => relay.restore());
            await readyAgain(world);
        },
    },
    redis_away_unevenly: {
        about: 'Redis is away for nine seconds, and for one node six seconds longer',
        async run(world) {
            await world.redis.crash();
            world.redisRelays[1].isolate();
            await sleep(9000);
            await world.redis.launch();
            await sleep(6000);
            world.redisRelays[1].restore();
            await readyAgain(world);
        },
    },
    redis_paused: {
        about: 'Redis stands still for nine seconds, longer than a lease',
        async run(world) {
            world.redis.process.signal('SIGSTOP');
            await sleep(9000);
            world.redis.process.signal('SIGCONT');
            await readyAgain(world);
        },
    },
    redis_read_only: {
        about: 'Redis is a replica for four seconds',
        async run(world) {
            const redis = world.redis.client();
            await redis.replicaof('127.0.0.1', '1');
            await sleep(4000);
            await redis.replicaof('NO', 'ONE');
            await readyAgain(world);
        },
    },
    redis_full: {
        about: 'Redis takes no writes for four seconds: its memory is full',
        async run(world) {
            const redis = world.redis.client();
            await redis.config('SET', 'maxmemory', '1');
            await sleep(4000);
            await redis.config('SET', 'maxmemory', '0');
            await readyAgain(world);
        },
    },
    redis_flushed: {
        about: 'all that Redis holds is gone',
        /* the store has forgotten who was there: what is told of it is another matter */
        ignoresPresence: true,
        async run(world) {
            await world.redis.client().flushall();
            await readyAgain(world);
        },
    },
    links_cut: {
        about: "a node's connections to Redis are cut, again and again",
        async run({ redisRelays: [relay] }) {
            for (let i = 0; i < 5; i++) {
                relay.cut();
                await sleep(600);
            }
        },
    },
    links_silent: {
        about: "a node's connections to Redis are silent for six seconds",
        async run(world) {
            world.redisRelays[0].fallSilent();
            await sleep(6000);
            world.redisRelays[0].speak();
            await readyAgain(world);
        },
    },
    subscriptions_cut: {
        about: 'Redis ends all connections that listen, three times',
        async run(world) {
            const redis = world.redis.client();
            for (let i = 0; i < 3; i++) {
                await redis.client('KILL', 'TYPE', 'pubsub');
                await sleep(700);
            }
            await readyAgain(world);
        },
    },
};

/** In every run of the tests; the others by tests/chaos/run. */
export const QUICK = ['node_killed', 'redis_without_its_tail', 'subscriptions_cut'];
