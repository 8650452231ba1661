/*
 * wire - the Centrifuge protocol frame by frame, for what no SDK would say.
 */
import { Client } from './client.js';
import { Inbox, within } from './wait.js';

export const command = (id, method, params = {}) => JSON.stringify({ id, [method]: params });

export class WireClient extends Client {
    /** Replies and pushes, as their texts: a frame may hold several. */
    lines = new Inbox();
    #commands = 0;
    #replies = new Map();

    constructor(url, options) {
        super(url, options);
        this.socket.on('message', (data) => {
            for (const line of String(data).split('\n')) if (line) this.#take(line);
        });
        this.ended.then(({ code }) => this.lines.end(`closed with ${code}`));
    }

    #take(line) {
        const { id } = JSON.parse(line);
        if (id) this.#entry(id).resolve(JSON.parse(line));
        this.lines.push(line);
    }

    #entry(id) {
        if (!this.#replies.has(id)) {
            const entry = {};
            entry.came = new Promise((resolve) => (entry.resolve = resolve));
            this.#replies.set(id, entry);
        }
        return this.#replies.get(id);
    }

    /** The reply to the command of this id. */
    reply(id) {
        const closed = this.ended.then(({ code, reason }) => {
            throw new Error(`reply ${id} never came: closed with ${code} "${reason}"`);
        });
        const came = Promise.race([this.#entry(id).came, closed]);
        return within(came, `reply ${id} at ${this.name}`);
    }

    /** Sends a command and gives its reply. */
    ask(method, params) {
        const id = ++this.#commands;
        this.send(command(id, method, params));
        return this.reply(id);
    }

    /** The next line, as its text, that holds a publication. */
    push() {
        const isPush = (line) => JSON.parse(line).push?.pub !== undefined;
        return this.lines.next(isPush, `a publication at ${this.name}`);
    }

    /** The next ping of the server. */
    ping(ms) {
        return this.lines.next((line) => line === '{}', `a ping at ${this.name}`, ms);
    }
}
