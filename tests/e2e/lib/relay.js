/*
 * relay - what a load balancer does: one address in front of several nodes. A connection
 * goes to the first node, in the order given, that takes it, and ends when the node does.
 * In front of a Redis it is the network: it can be cut off, or fall silent.
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
    #isOpen = true;
    #isSilent = false;

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
        const node = this.#isOpen ? await dial(this.nodes.map(({ port }) => port)) : null;
        if (!node) {
            socket.destroy();
            return;
        }
        this.#sockets.add(node);
        node.on('close', () => this.#sockets.delete(node));
        join(socket, node);
        if (this.#isSilent) this.#hush(node, socket);
    }

    #hush(...sockets) {
        sockets.forEach((socket) => socket.pause());
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

    /** No connection, neither those there are nor new ones, until restore(). */
    isolate() {
        this.#isOpen = false;
        this.cut();
    }

    restore() {
        this.#isOpen = true;
    }

    /** Nothing passes and nobody is told; what was sent arrives after speak(). */
    fallSilent() {
        this.#isSilent = true;
        this.#hush(...this.#sockets);
    }

    speak() {
        this.#isSilent = false;
        this.#sockets.forEach((socket) => socket.resume());
    }

    async stop() {
        this.#clients.forEach((client) => client.drop());
        this.server.close();
        this.cut();
        await once(this.server, 'close');
    }
}
