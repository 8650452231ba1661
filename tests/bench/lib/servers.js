/*
 * servers - what can be measured: how each is started, reached, and found to be missing.
 *
 * A server is started anew for every measurement, with a Redis of its own where it has one,
 * so that none pays for what another left behind. Its CPU and memory are those of its nodes;
 * Redis is not counted.
 */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../e2e/lib/ports.js';
import { PARLEYD, Process, temporaryFolder } from '../../e2e/lib/process.js';
import { eventually } from '../../e2e/lib/wait.js';

const peers = fileURLToPath(new URL('../peers/', import.meta.url));
const GORILLA = fileURLToPath(new URL('../../../build/bench/gorilla', import.meta.url));
const NCHAN = '/usr/lib/nginx/modules/ngx_nchan_module.so';
const BEFORE = process.env.PARLEYD_BEFORE ?? ''; // another build, to compare with
const START_MS = 20_000;

/** Output of a program, one line; '' when it is not there. */
export function ask(command, ...args) {
    try {
        const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
        return execFileSync(command, args, options).trim();
    } catch {
        return '';
    }
}

const hasProgram = (name) => ask('sh', '-c', `command -v ${name}`) !== '';
const debianVersion = (name) => ask('dpkg-query', '-W', '-f', '${Version}', name);

function npmVersion(name) {
    const file = path.join(peers, 'node_modules', name, 'package.json');
    return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')).version : '';
}

const npmVersions = (...names) =>
    names.every(npmVersion) && names.map((name) => `${name} ${npmVersion(name)}`).join(', ');

/** Does the port answer a handshake? nchan says 503 until its Redis is there. */
async function opensWebSockets(port) {
    const socket = net.connect(port, '127.0.0.1');
    try {
        socket.write(
            'GET /ws?channel=ready HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n' +
                'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
                'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
        );
        const [answer] = await once(socket, 'data');
        return answer.toString().startsWith('HTTP/1.1 101');
    } finally {
        socket.destroy();
    }
}

/** Processes that were started together, and the end of all of them. */
export class Cluster {
    nodes = [];
    #processes = [];

    constructor(protocol) {
        this.protocol = protocol;
    }

    /** ready: what it says when it serves, or the port it serves on. */
    async start(name, command, args, ready) {
        const process = new Process(name, command, args.map(String));
        this.#processes.push(process);
        if (ready instanceof RegExp) await process.line(ready, START_MS);
        else
            await eventually(() => opensWebSockets(ready), `handshakes of ${process}`, START_MS);
        return process;
    }

    async startRedis() {
        this.redisPort = await freePort();
        const args = ['--port', this.redisPort, '--bind', '127.0.0.1', '--save', ''];
        const dir = ['--dir', temporaryFolder()];
        await this.start('redis', 'redis-server', [...args, ...dir], /Ready to accept/);
    }

    /** One that speaks to clients on the port; its process is measured. */
    async startNode(name, command, args, { port, ready = /listening/ }) {
        const process = await this.start(name, command, args, ready);
        this.nodes.push({ address: `127.0.0.1:${port}`, pid: process.pid });
        return process;
    }

    /** What a section of INFO of Redis says of one name. */
    redisInfo(section, name) {
        const info = ask('redis-cli', '-p', String(this.redisPort), 'info', section);
        return info.match(new RegExp(`^${name}:(.*?)\\r?$`, 'm'))?.[1];
    }

    async stop() {
        await Promise.all(
            this.#processes.filter(({ isRunning }) => isRunning).map((process) => process.kill()),
        );
    }
}

/** Limits that one machine with all clients on it would meet at once. */
const UNLIMITED = [
    'commands-per-s',
    'publishes-per-s',
    'publish-bytes-per-s',
    'connections-per-address',
    'handshakes-per-s',
];

/** As options for this program: an older one does not know all of them. */
function withoutLimits(program) {
    const help = ask(program, '--help');
    return UNLIMITED.filter((name) => help.includes(`--${name} `)).flatMap((name) => [
        `--${name}`,
        '0',
    ]);
}

async function startParley(cluster, program, count) {
    for (let i = 1; i <= count; i++) {
        const port = await freePort();
        const args = ['--listen', `127.0.0.1:${port}`, '--node', `node-${i}`];
        args.push('--internal', `127.0.0.1:${await freePort()}`, ...withoutLimits(program));
        if (cluster.redisPort) args.push('--redis', `redis://127.0.0.1:${cluster.redisPort}`);
        await cluster.startNode(`node-${i}`, program, args, { port, ready: /event=ready\b/ });
    }
}

/** A configuration of peers/ with the ports of this run in it. */
function configure(file, values) {
    const text = fs
        .readFileSync(path.join(peers, file), 'utf8')
        .replace(/@([A-Z]+)@/g, (_, name) => values[name]);
    const written = path.join(values.DIR, `${values.PORT}-${file}`);
    fs.writeFileSync(written, text);
    return written;
}

async function startNginx(cluster) {
    for (const name of ['nginx-1', 'nginx-2']) {
        const port = await freePort();
        const values = { DIR: temporaryFolder(), PORT: port, REDIS: cluster.redisPort };
        values.MODULE = NCHAN;
        fs.chmodSync(values.DIR, 0o755);
        const args = ['-c', configure('nginx.conf', values), '-p', `${values.DIR}/`];
        await cluster.startNode(name, 'nginx', ['-e', 'stderr', ...args], { port, ready: port });
    }
}

async function startNode(cluster, script) {
    for (const number of [1, 2]) {
        const port = await freePort();
        const args = [path.join(peers, script), port, cluster.redisPort];
        await cluster.startNode(`${script}-${number}`, process.execPath, args, { port });
    }
}

async function startNats(cluster) {
    const port = await freePort();
    const values = { DIR: temporaryFolder(), PORT: port, INTERNAL: await freePort() };
    const args = ['-c', configure('nats.conf', values)];
    await cluster.startNode('nats', 'nats-server', args, { port, ready: /Server is ready/ });
}

async function startGorilla(cluster) {
    const port = await freePort();
    await cluster.startNode('gorilla', GORILLA, [`127.0.0.1:${port}`], { port });
}

/**
 * version(): '' when it is not installed, else what stands in the table's notes.
 * floor: no server at all, but parley-bench's own sender.
 */
export const SERVERS = {
    floor: {
        title: 'bare `send` loop, no protocol',
        isFloor: true,
        version: () => 'one `send` for each delivery, by `parley-bench --floor`',
    },
    nchan: {
        title: 'nginx + nchan, 2 nodes, Redis',
        protocol: 'raw',
        redis: true,
        version: () =>
            hasProgram('nginx') &&
            fs.existsSync(NCHAN) &&
            `nginx ${debianVersion('nginx')}, nchan ${debianVersion('libnginx-mod-nchan')}`,
        start: startNginx,
    },
    socketio: {
        title: 'Socket.IO + Redis adapter, 2 nodes',
        protocol: 'socketio',
        redis: true,
        version: () => npmVersions('socket.io', '@socket.io/redis-adapter', 'ioredis'),
        start: (cluster) => startNode(cluster, 'socketio.js'),
    },
    ws: {
        title: '`ws` + ioredis, 2 nodes',
        protocol: 'raw',
        redis: true,
        version: () => npmVersions('ws', 'ioredis'),
        start: (cluster) => startNode(cluster, 'ws.js'),
    },
    gorilla: {
        title: 'gorilla/websocket, a broadcast loop, 1 node',
        protocol: 'raw',
        version: () => {
            const version = debianVersion('golang-github-gorilla-websocket-dev');
            return fs.existsSync(GORILLA) && `gorilla/websocket ${version}, ${goVersion()}`;
        },
        start: startGorilla,
    },
    nats: {
        title: 'NATS server over WebSocket, 1 node',
        protocol: 'nats',
        version: () => hasProgram('nats-server') && ask('nats-server', '--version'),
        start: startNats,
    },
    parley: {
        title: '**Parley, 2 nodes, Redis**',
        protocol: 'luchat',
        redis: true,
        isOurs: true,
        version: () => ask(PARLEYD, '--version'),
        start: (cluster, { nodes = 2 } = {}) => startParley(cluster, PARLEYD, nodes),
    },
    before: {
        title: 'Parley before, 2 nodes, Redis',
        protocol: 'luchat',
        redis: true,
        isOurs: true,
        version: () => BEFORE && `${ask(BEFORE, '--version')}, given as PARLEYD_BEFORE`,
        start: (cluster, { nodes = 2 } = {}) => startParley(cluster, BEFORE, nodes),
    },
    'parley-memory': {
        title: '**Parley, 1 node, memory broker**',
        protocol: 'luchat',
        isOurs: true,
        version: () => ask(PARLEYD, '--version'),
        start: (cluster) => startParley(cluster, PARLEYD, 1),
    },
};

const goVersion = () => ask('go', 'version').split(' ')[2] ?? 'go';

/** Starts a server and gives it to `use`; it is stopped when that is done. */
export async function withCluster(server, setup, use) {
    const cluster = new Cluster(server.protocol);
    try {
        if (server.redis) await cluster.startRedis();
        await server.start?.(cluster, setup);
        return await use(cluster);
    } finally {
        await cluster.stop();
    }
}
