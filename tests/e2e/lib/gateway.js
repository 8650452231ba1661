/*
 * gateway - one parleyd: started with options, asked over HTTP, and stopped in a way that
 * fails the test if it crashed, leaked or tripped a sanitizer.
 */
import assert from 'node:assert/strict';
import { freePort } from './ports.js';
import { cleanEnvironment, PARLEYD, Process } from './process.js';
import { request } from './http.js';
import { Client } from './client.js';
import { RawClient } from './raw.js';
import { centrifugeUrl, SdkClient } from './sdk.js';
import { WireClient } from './wire.js';
import { eventually } from './wait.js';

const READY = /(\bevent=|"event": ?")ready\b/;
const SANITIZER_REPORT = /ERROR: AddressSanitizer|LeakSanitizer|runtime error:/;
const STOP_DEADLINE_MS = 30_000; // the leak check at the end takes its time
const LIMIT_DESCRIPTORS = 'ulimit -n "$1"; shift; exec "$@"';

/** The address of LuChat; what is undefined is left out of it. */
function pathOf(channel, token) {
    const query = Object.entries({ channel, token })
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    return query.length ? `/ws?${query.join('&')}` : '/ws';
}

/** Options by their flags' names: {'idle-timeout-ms': 600}. */
export const flags = (options) =>
    Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);

/** Options of a node whose clients may take what they like: for tests that load it. */
export const UNLIMITED = {
    'commands-in-flight': 0,
    'commands-per-s': 0,
    'publishes-per-s': 0,
    'publish-bytes-per-s': 0,
    'reply-bytes': 0,
    'reply-publications': 0,
};

export class Gateway {
    #clients = new Set();
    #isOver = false;
    #start;

    /** Does not wait until it is ready. descriptors: how many it may have open. */
    static async launch(name, { options = {}, descriptors, env } = {}) {
        const gateway = new Gateway();
        gateway.port = await freePort();
        gateway.internalPort = await freePort();
        const args = flags({
            node: name,
            listen: `127.0.0.1:${gateway.port}`,
            internal: `127.0.0.1:${gateway.internalPort}`,
            ...options,
        });
        const command = descriptors
            ? ['bash', '-c', LIMIT_DESCRIPTORS, 'bash', String(descriptors), PARLEYD, ...args]
            : [PARLEYD, ...args];
        gateway.name = name;
        gateway.#start = () => new Process(name, command[0], command.slice(1), cleanEnvironment(env));
        gateway.process = gateway.#start();
        return gateway;
    }

    /** After kill(): the same node once more, on its ports. */
    relaunch() {
        this.process = this.#start();
        this.#isOver = false;
        return this.ready();
    }

    /** Waits for the log's word that it serves. */
    async ready(ms) {
        await this.process.line(READY, ms);
        return this;
    }

    /** An open client of this node; dropped, if still there, before the next test. */
    connect(channel, token) {
        return this.#keep(Client.open(`ws://127.0.0.1:${this.port}${pathOf(channel, token)}`));
    }

    /** The same, for frames made byte by byte. */
    connectRaw(channel) {
        return this.#keep(RawClient.open(this.port, pathOf(channel)));
    }

    /** An SDK client of this node, not connected. */
    newSdk(options) {
        const client = new SdkClient(this.port, options);
        this.#clients.add(client);
        return client;
    }

    /** The same, connected. */
    async connectSdk(options) {
        const client = this.newSdk(options);
        await client.connect();
        return client;
    }

    /** An open connection for the commands of the Centrifuge protocol; none is sent yet. */
    openWire() {
        return this.#keep(WireClient.open(centrifugeUrl(this.port)));
    }

    /** The same, connect being done. */
    async connectWire() {
        const client = await this.openWire();
        await client.ask('connect');
        return client;
    }

    async #keep(opening) {
        const client = await opening;
        this.#clients.add(client);
        return client;
    }

    async dropClients() {
        await Promise.all([...this.#clients].map((client) => client.drop()));
        this.#clients.clear();
    }

    /** GET from the internal port: {status, headers, body}. */
    get(path, ms) {
        return request(this.internalPort, path, { ms });
    }

    /** Waits until /ready answers with this status. */
    readiness(status, ms) {
        const check = async () => (await this.get('/ready')).status === status;
        return eventually(check, `/ready of ${this.process} to say ${status}`, ms);
    }

    /** The value of a metric, its labels written as they stand in /metrics. */
    async metric(name) {
        const { body } = await this.get('/metrics');
        const line = body.split('\n').find((text) => text.startsWith(`${name} `));
        assert.ok(line, `there is no ${name} in /metrics:\n${body}`);
        return Number(line.slice(name.length + 1));
    }

    signal(name) {
        this.process.signal(name);
    }

    /** As by a crash of the machine: kill -9. */
    async kill() {
        await this.process.kill();
        this.#isOver = true;
    }

    /** The exit code of a node that ends by itself. */
    async exitCode(ms) {
        const { code } = await this.process.exit(ms);
        this.#isOver = true;
        this.#assertClean();
        return code;
    }

    /** Asks it to leave and sees it leave cleanly. */
    async stop(signal = 'SIGTERM') {
        if (this.#isOver) return;
        this.signal('SIGCONT');
        this.signal(signal);
        const code = await this.exitCode(STOP_DEADLINE_MS).catch(async (error) => {
            await this.kill();
            throw error;
        });
        assert.equal(code, 0, `exit code of ${this.process}`);
    }

    #assertClean() {
        const { items } = this.process.lines;
        const report = items.findIndex((line) => SANITIZER_REPORT.test(line));
        const found = report < 0 ? '' : items.slice(report, report + 30).join('\n');
        assert.equal(found, '', `sanitizer report of ${this.process}`);
    }
}
