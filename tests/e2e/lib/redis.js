/*
 * redis - a real redis-server of the test's own, which can die and come back on its port.
 */
import fs from 'node:fs';
import { Redis } from 'ioredis';
import { freePort } from './ports.js';
import { Process, temporaryFolder } from './process.js';

export class RedisServer {
    #clients = new Set();

    /** keepsData: append-only file, synced at every write; args: more of redis-server's. */
    static async start({ keepsData = false, args = [], name = 'redis' } = {}) {
        const server = new RedisServer();
        server.name = name;
        server.port = await freePort();
        server.dir = temporaryFolder();
        server.args = [
            ...['--bind', '127.0.0.1', '--dir', server.dir, '--save', '', '--daemonize', 'no'],
            ...(keepsData ? ['--appendonly', 'yes', '--appendfsync', 'always'] : []),
            ...(args.includes('--port') ? [] : ['--port', String(server.port)]),
            ...args.map((arg) =>
                arg.replaceAll('{dir}', server.dir).replaceAll('{port}', server.port),
            ),
        ];
        await server.launch();
        return server;
    }

    get url() {
        return `redis://127.0.0.1:${this.port}`;
    }

    async launch() {
        this.process = new Process(this.name, 'redis-server', this.args);
        await this.process.line(/Ready to accept connections/);
    }

    crash() {
        return this.process.kill();
    }

    /** Dies and comes back, with what was synced to disk or with nothing. */
    async restart({ keepsData = false } = {}) {
        await this.crash();
        if (!keepsData) this.forget();
        await this.launch();
    }

    forget() {
        fs.rmSync(this.dir, { recursive: true });
        fs.mkdirSync(this.dir);
    }

    /** An ioredis client, closed together with the server. */
    client(options = {}) {
        const client = new Redis({ host: '127.0.0.1', port: this.port, ...options });
        client.on('error', () => {});
        this.#clients.add(client);
        return client;
    }

    async stop() {
        this.#clients.forEach((client) => client.disconnect());
        if (this.process?.isRunning) await this.process.kill();
    }
}
