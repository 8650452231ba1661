/*
 * socket_fuzz - the run: a Redis, a parleyd, honest clients, and episodes until the time is over.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { KEY } from '../../e2e/lib/api.js';
import { Gateway } from '../../e2e/lib/gateway.js';
import { RedisServer } from '../../e2e/lib/redis.js';
import { SECRET } from '../../e2e/lib/token.js';
import { eventually } from '../../e2e/lib/wait.js';
import { Chance } from './chance.js';
import { Episode } from './episode.js';
import { Honest } from './honest.js';

const NUMBER = /^\d+(\.\d+)?$/;

function readOptions() {
    const { values } = parseArgs({
        options: {
            minutes: { type: 'string', default: '1' },
            seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
            episode: { type: 'string' },
            'at-once': { type: 'string', default: '16' },
        },
    });
    for (const [name, value] of Object.entries(values))
        assert.match(value, NUMBER, `--${name} takes a number`);
    return {
        minutes: Number(values.minutes),
        seed: Number(values.seed),
        only: values.episode === undefined ? null : Number(values.episode),
        atOnce: Number(values['at-once']),
    };
}

/** Some limits are met often, some never: what they are is drawn, too. */
function nodeOptions(chance, redis) {
    const hasTokens = chance.oneIn(2);
    return {
        hasTokens,
        options: {
            redis: redis.url,
            'api-key': KEY,
            files: 'on',
            'files-per-minute': chance.pick([10, 100_000]),
            'files-total-bytes': 1 << 20,
            'files-max-bytes': 1 << 18,
            'connections-per-address': 0,
            'handshakes-per-s': 0,
            'handshake-timeout-ms': chance.pick([1000, 10_000]),
            'max-message-bytes': chance.pick([4096, 65_536]),
            'message-timeout-ms': chance.pick([500, 30_000]),
            'max-backlog-bytes': chance.pick([65_536, 1 << 20]),
            'flush-delay-ms': chance.pick([0, 0, 5]),
            'history-size': chance.pick([0, 5, 50]),
            'presence-grace-ms': chance.pick([0, 500]),
            namespaces: '{"chat":{"history_size":20},"news":{"publish":"subscriber"}}',
            ...(hasTokens
                ? { 'token-secret': SECRET, anonymous: chance.pick(['on', 'off']) }
                : {}),
        },
    };
}

const descriptorsOf = (pid) => fs.readdirSync(`/proc/${pid}/fd`).length;
const memoryOf = (pid) =>
    Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

class Run {
    counts = { episodes: 0, internal: 0, writes: 0, bytesOut: 0, bytesIn: 0 };
    underWay = new Set();

    constructor(options, node) {
        this.options = options;
        this.node = node;
        this.ports = { public: node.port, internal: node.internalPort };
        this.end = Date.now() + options.minutes * 60_000;
        this.next = options.only ?? 0;
    }

    #isOver() {
        const { only } = this.options;
        return (
            !this.node.process.isRunning ||
            (only === null ? Date.now() > this.end : this.next > only)
        );
    }

    /** One of those that work side by side. */
    async work() {
        while (!this.#isOver()) {
            const episode = new Episode(this.options.seed, this.next++);
            this.underWay.add(episode.number);
            await episode.run(this.ports);
            if (!this.node.process.isRunning) return;
            this.underWay.delete(episode.number);
            this.#count(episode);
        }
    }

    #count(episode) {
        this.counts.episodes++;
        this.counts.internal += episode.isInternal ? 1 : 0;
        this.counts.writes += episode.writes.length;
        this.counts.bytesOut += episode.bytesOut;
        this.counts.bytesIn += episode.bytesIn;
    }

    all() {
        return Promise.all(Array.from({ length: this.options.atOnce }, () => this.work()));
    }
}

/** What the node itself counted. */
async function tally(node) {
    const names = [
        'connections_opened_total',
        'handshakes_refused_total',
        'messages_received_total',
        'publications_total',
    ];
    const { body } = await node.get('/metrics', 30_000);
    return names
        .map(
            (name) =>
                `${name} ${new RegExp(`^parley_${name} (\\d+)`, 'm').exec(body)?.[1] ?? '-'}`,
        )
        .join(', ');
}

async function fuzz(options, node, hasTokens) {
    const honest = new Honest(node, hasTokens);
    await honest.open();
    const quiet = {
        descriptors: descriptorsOf(node.process.pid),
        memory: memoryOf(node.process.pid),
    };
    const run = new Run(options, node);
    try {
        await Promise.race([run.all(), honest.work]);
        assert.ok(node.process.isRunning, 'the node is alive');
        await honest.close();
        const isQuiet = async () =>
            (await node.metric('parley_connections')) === 3 &&
            descriptorsOf(node.process.pid) <= quiet.descriptors + 8;
        await eventually(isQuiet, 'nobody but the honest to be connected', 30_000);
        console.log(`thrown: ${JSON.stringify(run.counts)}`);
        console.log(`served: ${JSON.stringify(honest.served)}`);
        console.log(
            `node: ${await tally(node)}; ${Math.round(quiet.memory / 1024)} MB, at the end ${Math.round(memoryOf(node.process.pid) / 1024)} MB`,
        );
        for (const [what, count] of Object.entries(honest.served))
            if (options.only === null) assert.ok(count > 0, `${what} were served`);
    } catch (error) {
        console.log(`episodes under way: ${[...run.underWay].join(' ')}; begun: ${run.next}`);
        throw error;
    }
}

async function main() {
    const options = readOptions();
    const redis = await RedisServer.start({ args: ['--maxmemory', '256mb'] });
    const { hasTokens, options: flags } = nodeOptions(new Chance(options.seed ^ 0x5eed), redis);
    console.log(
        `seed ${options.seed}, ${options.minutes} minutes, tokens ${hasTokens ? 'on' : 'off'}`,
    );
    const node = await (await Gateway.launch('fuzzed', { options: flags })).ready(60_000);
    let error = null;
    try {
        await fuzz(options, node, hasTokens);
        await node.dropClients();
    } catch (caught) {
        error = caught;
    }
    await node
        .stop()
        .catch(
            (caught) =>
                (error = error ? new Error(`${error.message}; ${caught.message}`) : caught),
        );
    await redis.stop();
    if (error) {
        console.log(
            `FAILED: ${error.stack ?? error}\nagain: tests/fuzz/socket --seed ${options.seed}; log of the node: ${node.process.logFile}`,
        );
        process.exit(1);
    }
    console.log('ok');
    process.exit(0);
}

await main();
