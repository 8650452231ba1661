/*
 * exchange - plain HTTP byte by byte: what is written as it stands, and what came back.
 */
import net from 'node:net';
import { eventually, within } from './wait.js';

export class Exchange {
    #parts = [];

    /** from: another address of this machine than 127.0.0.1. */
    constructor(port, { from, socket } = {}) {
        this.socket = socket ?? net.connect({ port, host: '127.0.0.1', localAddress: from });
        this.socket.on('data', (data) => this.#parts.push(data));
        this.closed = new Promise((resolve) =>
            this.socket.on('close', resolve).on('error', () => {}),
        );
        this.ended = new Promise((resolve) => this.socket.on('end', resolve));
    }

    /** Opens one, writes these bytes, and gives it. */
    static begin(port, bytes, options) {
        const exchange = new Exchange(port, options);
        exchange.write(bytes);
        return exchange;
    }

    write(bytes) {
        this.socket.write(bytes);
    }

    get bytes() {
        return Buffer.concat(this.#parts);
    }

    get text() {
        return this.bytes.toString('latin1');
    }

    /** The statuses of the answers so far, those of 1xx too. */
    get statuses() {
        return [...this.text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code));
    }

    /** The statuses once there are so many answers. */
    async answers(count) {
        await eventually(() => this.statuses.length >= count, `${count} answers`);
        return this.statuses;
    }

    async answer() {
        return (await this.answers(1))[0];
    }

    /** Waits for the end that the other side makes; gives all statuses. */
    async end(ms) {
        await within(Promise.race([this.ended, this.closed]), 'the end of the connection', ms);
        return this.statuses;
    }

    close() {
        this.socket.destroy();
    }
}
