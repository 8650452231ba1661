/*
 * garbler - the network to a Redis, when it is broken: what Redis answers arrives in another
 * order, twice, not at all, or as something else. What is said to Redis arrives as it is.
 */
import net from 'node:net';
import { once } from 'node:events';
import { Chance } from './chance.js';
import { freePort } from './ports.js';

const CRLF = '\r\n';
const LISTS = '*>%~';
const TEXTS = '$=';

/** Where the reply that begins at `at` ends; -1: not all of it is there. */
function endOfReply(bytes, at) {
    const line = bytes.indexOf(CRLF, at);
    if (line < 0) return -1;
    const kind = String.fromCharCode(bytes[at]);
    const number = Number(bytes.toString('latin1', at + 1, line));
    let end = line + 2;
    if (TEXTS.includes(kind) && number >= 0) end += number + 2;
    const parts = LISTS.includes(kind) ? number * (kind === '%' ? 2 : 1) : 0;
    for (let i = 0; i < parts && end >= 0; i++) end = endOfReply(bytes, end);
    return end > bytes.length ? -1 : end;
}

/** A stream of bytes as replies, one by one. */
class Replies {
    #rest = Buffer.alloc(0);

    *take(bytes) {
        this.#rest = Buffer.concat([this.#rest, bytes]);
        for (;;) {
            const end = this.#rest.length ? endOfReply(this.#rest, 0) : -1;
            if (end < 0) return;
            yield this.#rest.subarray(0, end);
            this.#rest = this.#rest.subarray(end);
        }
    }
}

export const ODD_REPLIES = [
    ':0\r\n',
    ':-1\r\n',
    ':9223372036854775807\r\n',
    '$-1\r\n',
    '$0\r\n\r\n',
    '*0\r\n',
    '*-1\r\n',
    '*2\r\n$-1\r\n$-1\r\n',
    '*3\r\n:0\r\n:0\r\n:0\r\n',
    '*3\r\n:2\r\n:-5\r\n:1\r\n',
    '*3\r\n:1\r\n$4\r\n"}]x\r\n:0\r\n',
    '*5\r\n:1\r\n:1\r\n:1\r\n*1\r\n$1\r\na\r\n*1\r\n$1\r\nb\r\n',
    '*5\r\n$2\r\ne1\r\n:7\r\n*1\r\n*2\r\n$1\r\nx\r\n*1\r\n$1\r\nd\r\n$0\r\n\r\n:0\r\n',
    '+OK\r\n',
    '-ERR garbled\r\n',
    '-NOSCRIPT garbled\r\n',
    '>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n',
    '>3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n',
    '%1\r\n+a\r\n+b\r\n',
    '_\r\n',
    '#t\r\n',
    ',1.5\r\n',
    '=5\r\ntxt:a\r\n',
    '*4000000000\r\n',
    '$99999999999\r\n',
    '*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n',
    '?\r\n',
    '\r\n',
].map((text) => Buffer.from(text));

/*
 * Ways to garble: each makes for one connection a function that is given a reply and answers
 * with what arrives in its place.
 */
export const ways = {
    'each third answer comes one later': () => {
        let count = 0;
        let held = null;
        return (reply) => {
            const before = held;
            held = ++count % 3 === 0 ? reply : null;
            if (held) return before ? [before] : [];
            return before ? [reply, before] : [reply];
        };
    },
    'answers are lost': (random) => (reply) => (random() < 0.1 ? [] : [reply]),
    'answers come twice': (random) => (reply) => (random() < 0.1 ? [reply, reply] : [reply]),
    'answers are others': (random) => (reply) =>
        random() < 0.2 ? [ODD_REPLIES[Math.floor(random() * ODD_REPLIES.length)]] : [reply],
    'octets are others': (random) => (reply) => {
        if (random() > 0.2) return [reply];
        const other = Buffer.from(reply);
        other[Math.floor(random() * other.length)] = Math.floor(random() * 256);
        return [other];
    },
    'answers are cut off': (random) => (reply) =>
        random() < 0.1 ? [reply.subarray(0, Math.floor(random() * reply.length))] : [reply],
};

export class Garbler {
    #sockets = new Set();
    #garble = null;
    garbled = 0;
    chance = new Chance();

    static async start({ port }) {
        const garbler = new Garbler();
        garbler.redisPort = port;
        garbler.port = await freePort();
        garbler.server = net.createServer((socket) => garbler.#forward(socket));
        garbler.server.listen(garbler.port, '127.0.0.1');
        await once(garbler.server, 'listening');
        return garbler;
    }

    get url() {
        return `redis://127.0.0.1:${this.port}`;
    }

    #forward(socket) {
        const redis = net.connect({ host: '127.0.0.1', port: this.redisPort });
        const replies = new Replies();
        const garble = this.#garble?.(() => this.chance.next());
        for (const [one, other] of [
            [socket, redis],
            [redis, socket],
        ]) {
            this.#sockets.add(one);
            one.on('error', () => {});
            one.on('close', () => {
                this.#sockets.delete(one);
                other.destroy();
            });
        }
        socket.pipe(redis);
        redis.on('data', (bytes) => {
            for (const reply of replies.take(bytes)) {
                const arriving = garble ? garble(reply) : [reply];
                if (arriving.length !== 1 || arriving[0] !== reply) this.garbled++;
                arriving.forEach((part) => socket.write(part));
            }
        });
    }

    /** New connections are garbled in that way, and the old ones cut. */
    begin(way) {
        this.#garble = way;
        this.#sockets.forEach((socket) => socket.destroy());
    }

    end() {
        this.begin(null);
    }

    async stop() {
        this.server.close();
        this.#sockets.forEach((socket) => socket.destroy());
        await once(this.server, 'close');
    }
}
