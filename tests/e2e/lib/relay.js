/*
 * relay - what a load balancer does: one address in front of several nodes. A connection
 * goes to the first node, in the order given, that takes it, and ends when the node does.
 */
import net from 'node:net';
import { once } from 'node:events';
import { SdkClient } from './sdk.js';
import { freePort } from './ports.js';

async function dial(ports) {
    for (const port of ports) {
        const socket = net.connect({ host: '127.0.0.1', port });
        try {
            await once(socket, 'connect');
            return socket;
        } catch {
            socket.destroy();
        }
    }
    return null;
}

function join(one, other) {
    for (const [from, to] of [
        [one, other],
        [other, one],
    ]) {
        from.pipe(to);
        from.on('error', () => {});
        from.on('close', () => to.destroy());
    }
}

export class Relay {
    #clients = [];
    #sockets = new Set();

    static async start(nodes) {
        const relay = new Relay();
        relay.nodes = nodes;
        relay.port = await freePort();
        relay.server = net.createServer((socket) => relay.#forward(socket));
        relay.server.listen(relay.port, '127.0.0.1');
        await once(relay.server, 'listening');
        return relay;
    }

    async #forward(socket) {
        this.#sockets.add(socket);
        socket.on('close', () => this.#sockets.delete(socket));
        socket.on('error', () => {});
        const node = await dial(this.nodes.map(({ port }) => port));
        if (node) join(socket, node);
        else socket.destroy();
    }

    /** A connected SDK client behind the relay. */
    async connectSdk(options) {
        const client = new SdkClient(this.port, options);
        this.#clients.push(client);
        await client.connect();
        return client;
    }

    /** Is there a connection? */
    get isUsed() {
        return this.#sockets.size > 0;
    }

    /** All connections are cut; new ones are taken. */
    cut() {
        this.#sockets.forEach((socket) => socket.destroy());
    }

    async stop() {
        this.#clients.forEach((client) => client.drop());
        this.server.close();
        this.cut();
        await once(this.server, 'close');
    }
}
