/*
 * scenarios - what is measured, as runs of parley-bench, and which figure each of them gives.
 *
 * Those of COMMON are for every server, those of OWN for Parley alone. A scenario's run() gets
 * a cluster (see servers.js) and `load`, which runs parley-bench against it and gives its JSON;
 * it returns the figures of its rows.
 */
import fs from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { eventually } from '../../e2e/lib/wait.js';

const HELD = 17_000; // connections that are there when the next 1,000 come
const HOLD_S = 600;
const SAMPLE_S = 20;
const CONNECT_MS = 120_000;

/** Deliveries per CPU second of 1,000 subscribers in one channel, messages of 128 bytes. */
const fanOut = (title, args) => ({
    rows: [{ title, unit: 'count' }],
    hasFloor: true,
    run: async ({ load, seconds, isSmoke }) => {
        const size = isSmoke ? ['--connections', '50', '--warmup', '0'] : [];
        const result = await load(['--duration', seconds, ...args, ...size]);
        return result.servers.deliveries_per_cpu_s;
    },
});

async function memory({ load }) {
    const result = await load(['--connections', '10000', '--idle', '2']);
    return result.servers.bytes_per_connection;
}

export const COMMON = {
    'one-fast': fanOut('one fast', ['--publishers', '1', '--window', '32']),
    'sixteen-fast': fanOut('sixteen fast', ['--publishers', '16', '--window', '256']),
    light: fanOut('light', ['--publishers', '1', '--rate', '50']),
    memory: { rows: [{ title: 'memory per connection', unit: 'bytes' }], run: memory },
};

/** Handshakes of 1,000 more connections: µs of CPU each. */
const handshake = async ({ load }) =>
    (await load(['--connections', '1000', '--idle', '1'])).servers.handshake_us;

const openFiles = ({ nodes }) =>
    nodes.reduce((sum, { pid }) => sum + fs.readdirSync(`/proc/${pid}/fd`).length, 0);

const connectionsAreThere = (cluster, count) =>
    eventually(() => openFiles(cluster) >= count, `${count} connections`, CONNECT_MS);

async function handshakeAmongMany(context) {
    const args = ['--connections', HELD, '--ramp', '4000', '--warmup', '0'];
    const holder = context.begin([...args, '--rate', '0.001', '--duration', '3600']);
    const problem = holder.line(/^problem/, CONNECT_MS).then((line) => {
        throw new Error(line);
    });
    await Promise.race([connectionsAreThere(context.cluster, HELD), problem]);
    const result = await handshake(context);
    await holder.kill();
    return result;
}

/** Connect, subscribe and join presence: how many a second on one core. */
async function join({ load }) {
    const many = ['--online', '--connections', '5000', '--channels', '500'];
    const short = ['--ramp', '100000', '--duration', '1', '--warmup', '0', '--rate', '1'];
    return 1e6 / (await load([...many, ...short])).servers.handshake_us;
}

/** CPU of a connection, and what Redis has to do while all are silent, on each node. */
async function idle({ cluster, load }) {
    const commands = () => Number(cluster.redisInfo('stats', 'total_commands_processed'));
    const args = ['--online', '--connections', '10000', '--channels', '1000', '--idle', '50'];
    const running = load(args);
    await connectionsAreThere(cluster, 10_000);
    await setTimeout(5_000); // the joins are done
    const before = commands();
    await setTimeout(SAMPLE_S * 1000);
    const each = (commands() - before) / SAMPLE_S / cluster.nodes.length;
    return [(await running).servers.cpu_us_per_connection_s, each];
}

/** Latency at a steady rate; what one publication costs Redis is its own account. */
async function steady({ cluster, load, seconds }) {
    const many = ['--connections', '900', '--channels', '100', '--publishers', '100'];
    const result = await load([...many, '--rate', '5000', '--duration', seconds]);
    const scripts = cluster.redisInfo('commandstats', 'cmdstat_evalsha') ?? '';
    const redisUs = Number(scripts.match(/usec_per_call=([\d.]+)/)?.[1]);
    return [result.latency_ns.p50 / 1e6, result.latency_ns.p99 / 1e6, redisUs];
}

/** Ten minutes with pings and a message now and then: CPU, and the growth of memory. */
async function hold({ load }) {
    const args = ['--connections', '15000', '--rate', '0.2', '--duration', HOLD_S];
    const { servers, processes } = await load(args);
    const grown = processes.reduce((sum, p) => sum + p.rss_end - p.rss_connected, 0);
    return [servers.cpu_us_per_connection_s, grown];
}

export const OWN = {
    handshake: {
        rows: [{ title: 'handshake, the first 1,000 connections', unit: 'us' }],
        nodes: 1,
        run: handshake,
    },
    'handshake-18000': {
        rows: [{ title: 'handshake, from 17,000 to 18,000 connections', unit: 'us' }],
        nodes: 1,
        run: handshakeAmongMany,
    },
    join: {
        rows: [{ title: 'connect, subscribe and join presence, per CPU second', unit: 'count' }],
        run: join,
    },
    idle: {
        rows: [
            { title: '10,000 idle members, a ping each 25 s: CPU per connection', unit: 'us/s' },
            { title: 'and commands in Redis per node and second', unit: 'decimal' },
        ],
        run: idle,
    },
    steady: {
        rows: [
            {
                title: '3 nodes, 900 subscribers in 100 channels, 5,000 messages/s: median latency',
                unit: 'ms',
            },
            { title: 'and its 99th percentile', unit: 'ms' },
            { title: 'and a publication inside Redis', unit: 'us' },
        ],
        nodes: 3,
        run: steady,
    },
    hold: {
        rows: [
            { title: '15,000 connections for ten minutes: CPU per connection', unit: 'us/s' },
            { title: 'and growth of memory, all of it', unit: 'bytes' },
        ],
        isLong: true,
        run: hold,
    },
};
