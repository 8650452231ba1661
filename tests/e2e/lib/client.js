/*
 * client - a chat client: the `ws` package, an inbox of the frames that came, and the words
 * of the dialect.
 */
import WebSocket from 'ws';
import { Inbox, within } from './wait.js';
import { idsOf, isMessage, isOffline, isOnline, isUsers, message, online } from './luchat.js';

let count = 0;

export class Client {
    frames = new Inbox();

    constructor(url, options = {}) {
        this.name = `client ${++count} of ${url}`;
        this.socket = new WebSocket(url, { perMessageDeflate: false, ...options });
        this.opened = new Promise((resolve, reject) => {
            this.socket.on('open', resolve);
            this.socket.on('error', (error) => {
                this.error = error;
                reject(error);
            });
        });
        this.ended = new Promise((resolve) => {
            this.socket.on('close', (code, reason) =>
                resolve({ code, reason: String(reason) }),
            );
        });
        this.opened.catch(() => {});
        this.ended.then(({ code, reason }) => {
            this.frames.end(`closed with ${code} "${this.error?.message ?? reason}"`);
        });
        this.socket.on('message', (data) => this.frames.push(String(data)));
    }

    static async open(url, options) {
        const client = new this(url, options);
        await within(client.opened, `the opening of ${client.name}`);
        return client;
    }

    send(data, options = {}) {
        this.socket.send(data, options, () => {});
    }

    /** Sends a chat message and returns its text as it went out. */
    say(userid, text, more) {
        const sent = message(userid, text, more);
        this.send(sent);
        return sent;
    }

    /** Waits for a frame that has not been waited for yet and matches. */
    next(matches, what = 'a frame', ms) {
        return this.frames.next(matches, `${what} at ${this.name}`, ms);
    }

    hears(text) {
        return this.next((frame) => frame === text, text.slice(0, 100));
    }

    /** The next count chat messages. */
    async messages(wanted) {
        const heard = [];
        while (heard.length < wanted) {
            heard.push(await this.next(isMessage, `message ${heard.length + 1} of ${wanted}`));
        }
        return heard;
    }

    /** Says something and waits until it comes back: from then on all of the channel is heard. */
    settle() {
        return this.hears(this.say('settler', `${this.name} is here`));
    }

    async ping() {
        this.send('ping');
        await this.hears('pong');
    }

    /** Joins presence; gives the ids in the list that answers it. */
    async goOnline(userid, userphone) {
        this.send(online(userid, userphone));
        return idsOf(await this.next(isUsers, `the users list for ${userid}`));
    }

    seesOnline(userid) {
        return this.next(isOnline(userid), `online of ${userid}`);
    }

    seesOffline(userid) {
        return this.next(isOffline(userid), `offline of ${userid}`);
    }

    /** How many of all frames so far match. */
    count(matches) {
        return this.frames.items.filter(matches).length;
    }

    get isOpen() {
        return this.socket.readyState === WebSocket.OPEN;
    }

    /** How the connection ended: {code, reason}. */
    end(ms) {
        return within(this.ended, `the end of ${this.name}`, ms);
    }

    async close(code = 1000) {
        this.socket.close(code);
        return this.end();
    }

    /** Cuts the connection without a word. */
    drop() {
        this.socket.terminate();
        return this.end();
    }
}
