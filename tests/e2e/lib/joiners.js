/*
 * joiners - a process of its own with many LuChat clients that join one channel as fast as
 * they can. Started by Joiners.start(); counts the frames each of them gets.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';
import { online } from './luchat.js';

const AT_ONCE = 40;
const self = fileURLToPath(import.meta.url);

export class Joiners {
    /** ports: of the nodes they connect to, in turn. */
    static start({ ports, channel, name, count }) {
        const joiners = new Joiners();
        joiners.child = fork(self, [JSON.stringify({ ports, channel, name, count })]);
        return joiners;
    }

    /** Settles when all have got the list that answers their join. */
    async joined() {
        const [{ error }] = await once(this.child, 'message');
        if (error) throw new Error(error);
    }

    /** So far: the most frames, and counts among them, that one of them got; how many users
     * they know of. */
    async report() {
        this.child.send('report');
        const [report] = await once(this.child, 'message');
        return report;
    }

    async stop() {
        if (this.child.exitCode !== null || this.child.signalCode !== null) return;
        this.child.kill('SIGKILL');
        await once(this.child, 'exit');
    }
}

class Joiner {
    frames = 0;
    counts = 0; // frames that tell how many users there are
    users = null; // as the last count said

    constructor(url, user) {
        this.socket = new WebSocket(url, { perMessageDeflate: false });
        this.joined = new Promise((resolve, reject) => {
            this.socket.on('error', reject);
            this.socket.on('close', (code) => reject(new Error(`closed with ${code}`)));
            this.socket.on('open', () => this.socket.send(online(user)));
            this.socket.on('message', (data) => this.#hear(String(data), resolve));
        });
    }

    #hear(frame, resolve) {
        this.frames++;
        if (frame.startsWith('{"count"')) {
            this.counts++;
            this.users = JSON.parse(frame).count.users;
        }
        if (frame.startsWith('{"users"')) resolve();
    }
}

async function main({ ports, channel, name, count }) {
    const joiners = [];
    const numbers = Array.from({ length: count }, (_, i) => i).values();
    const work = async () => {
        for (const i of numbers) {
            const url = `ws://127.0.0.1:${ports[i % ports.length]}/ws?channel=${channel}`;
            const joiner = new Joiner(url, `${name}-${i}`);
            joiners.push(joiner);
            await joiner.joined;
        }
    };
    process.on('message', () => {
        const most = (what) => Math.max(...joiners.map((joiner) => joiner[what]));
        const users = [...new Set(joiners.map((joiner) => joiner.users))];
        process.send({ frames: most('frames'), counts: most('counts'), users });
    });
    process.on('disconnect', () => process.exit());
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    process.send({});
}

if (process.argv[1] === self) {
    main(JSON.parse(process.argv[2])).catch(({ message }) => process.send({ error: message }));
}
