/*
 * kill_many - a node with 30,000 members in 300 channels is killed; prints when their leaves
 * came, and the slowest calls inside Redis. Not one of tests/run's tests: what it prints
 * depends on the machine. It does exit with 1 if a leave is missing or told twice.
 *
 * usage: [PARLEYD=build/parleyd] node tests/e2e/kill_many.js [USERS [CHANNELS]]
 */
import { gather, untilThere, Witness } from './lib/crowd.js';
import { Gateway } from './lib/gateway.js';
import { RedisServer } from './lib/redis.js';
import { SECRET } from './lib/token.js';

const [, , userCount = 100, channelCount = 300] = process.argv.map(Number);
const members = userCount * channelCount;
const WAIT_MS = 120_000;

const names = (what, count) => Array.from({ length: count }, (_, i) => `${what}${i}`);

async function launch(redis, name) {
    const options = { redis: redis.url, 'token-secret': SECRET, 'connections-per-address': 0 };
    options['handshakes-per-s'] = 0;
    return (await Gateway.launch(name, { options })).ready();
}

async function printSlowest(redis) {
    const calls = await redis.call('SLOWLOG', 'GET', '128');
    const slowest = calls.sort((one, other) => other[2] - one[2]).slice(0, 5);
    for (const [, , us, [verb, ...rest]] of slowest) {
        const call = [verb, ...rest.slice(0, 3)].join(' ').replaceAll('\n', ' ');
        console.log(`  ${us} us: ${call.slice(0, 80)}`);
    }
    const stats = await redis.info('commandstats');
    const evalsha = stats.split('\r\n').find((line) => line.startsWith('cmdstat_evalsha'));
    console.log(`  ${evalsha}`);
}

async function main(server) {
    const redis = server.client();
    const nodes = [];
    for (const name of ['one', 'other', 'victim']) nodes.push(await launch(server, name));
    const [one, , victim] = nodes;
    const channels = names('channel-', channelCount);
    const witness = await Witness.on(one, 'witness', channels);
    let began = Date.now();
    await gather(victim, names('user', userCount), channels);
    await untilThere(redis, channels, members + channelCount, WAIT_MS);
    console.log(`${members} members joined in ${Date.now() - began} ms`);
    await witness.untilTold('join', members, WAIT_MS);
    await redis.config('SET', 'slowlog-log-slower-than', '500');
    await redis.config('SET', 'slowlog-max-len', '1000');
    await redis.config('RESETSTAT');
    await redis.call('SLOWLOG', 'RESET');
    began = Date.now();
    await victim.kill();
    await witness.untilTold('leave', 1, WAIT_MS);
    console.log(`the first leave came ${Date.now() - began} ms after the kill`);
    await witness.untilTold('leave', members, WAIT_MS);
    console.log(`all ${members} leaves had come ${witness.last - began} ms after the kill`);
    console.log('the slowest calls inside Redis meanwhile:');
    await printSlowest(redis);
    await untilThere(redis, channels, channelCount, WAIT_MS);
    const wrong = witness.notOnce('leave');
    console.log(`${wrong.length} leaves were told more than once`);
    for (const node of nodes.slice(0, 2)) await node.stop();
    process.exitCode = wrong.length ? 1 : 0;
}

const server = await RedisServer.start();
try {
    await main(server);
} finally {
    await server.stop();
}
