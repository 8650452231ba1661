/*
 * episode - one connection: what is sent, in which pieces, and how it ends, all drawn before.
 */
import net from 'node:net';
import { make } from '../../e2e/lib/echo.js';
import { Chance } from './chance.js';
import * as requests from './requests.js';
import { centrifuge, luchat, NAMES, perhapsWrong, token } from './words.js';

const LIFE_MS_MAX = 4000;
const PUBLIC_PATHS = ['/', '/health', '/files', '/web/', '/nothing'];
const INTERNAL_PATHS = ['/health', '/ready', '/metrics', '/api/info', '/nothing'];

function frame(chance, words) {
    const isOdd = chance.oneIn(6);
    if (chance.oneIn(30)) return chance.bytes(chance.below(60));
    if (chance.oneIn(8))
        return make(
            chance.pick([8, 9, 9, 10]),
            chance.bytes(isOdd ? chance.length() % 300 : chance.below(126)),
        );
    const payload = perhapsWrong(chance, words(chance));
    const options = isOdd
        ? {
              isFinal: chance.oneIn(2),
              reserved: chance.oneIn(3) ? chance.below(8) : 0,
              mask: chance.oneIn(4) ? null : chance.bytes(4),
              ...(chance.oneIn(4) ? { announced: chance.length() } : {}),
              ...(chance.oneIn(6) ? { form: 8 } : {}),
          }
        : { mask: chance.bytes(4) };
    if (!isOdd && chance.oneIn(6)) return Buffer.concat(fragments(chance, payload));
    return make(isOdd ? chance.pick([0, 1, 1, 1, 2, 3, 11]) : 1, payload, options);
}

function fragments(chance, payload) {
    const frames = [];
    for (let at = 0; at < payload.length || frames.length === 0;) {
        const behind = at + chance.between(0, 100) + 1;
        frames.push(
            make(frames.length ? 0 : 1, payload.subarray(at, behind), {
                isFinal: behind >= payload.length,
            }),
        );
        if (chance.oneIn(4)) frames.push(make(9, 'between'));
        at = behind;
    }
    return frames;
}

function webSocket(chance) {
    const isLuChat = chance.oneIn(2);
    const query = new URLSearchParams();
    if (!chance.oneIn(3)) query.set('channel', chance.pick(NAMES));
    if (chance.oneIn(3)) query.set('token', token(chance));
    if (chance.oneIn(3)) query.set('hello', '1');
    const shake = requests.handshake(isLuChat ? `/ws?${query}` : '/connection/websocket');
    const words = isLuChat ? luchat : centrifuge;
    const begin =
        isLuChat || chance.oneIn(5)
            ? []
            : [make(1, `{"id":1,"connect":{"token":"${token(chance)}"}}`)];
    return [
        chance.oneIn(12) ? chance.mutate(shake) : shake,
        ...begin,
        ...chance.some(0, 30, () => frame(chance, words)),
    ];
}

const pipeline = (chance, paths, others) =>
    chance.some(1, chance.oneIn(10) ? 30 : 5, () => {
        const bytes = chance.oneIn(3)
            ? requests.plain(chance, paths)
            : chance.pick(others)(chance);
        return chance.oneIn(8) ? chance.mutate(bytes) : bytes;
    });

function draw(chance) {
    if (chance.oneIn(40)) return [chance.bytes(chance.below(3000))];
    if (chance.oneIn(2)) return webSocket(chance);
    return chance.oneIn(2)
        ? pipeline(chance, PUBLIC_PATHS, [requests.upload, requests.odd, requests.odd])
        : pipeline(chance, INTERNAL_PATHS, [requests.api, requests.api, requests.odd]);
}

/** The parts as they go out: each as a write, all in one, cut anywhere, or octet by octet. */
function cut(chance, parts) {
    const all = Buffer.concat(parts);
    const ends = () =>
        chance.some(1, 12, () => chance.below(all.length + 1)).sort((a, b) => a - b);
    switch (chance.below(5)) {
        case 0:
            return parts;
        case 1:
            return Array.from(all.subarray(0, 400), (_, i) => all.subarray(i, i + 1)).concat([
                all.subarray(400),
            ]);
        case 2:
            return [0, ...ends()].map((at, i, list) =>
                all.subarray(at, list[i + 1] ?? all.length),
            );
        case 3: // the first by itself: an answer may come in between
            return [parts[0], Buffer.concat(parts.slice(1))];
        default:
            return [all];
    }
}

const ENDS = ['destroy', 'end', 'reset', 'wait', 'wait', 'end and wait'];

export class Episode {
    bytesIn = 0;

    constructor(seed, number) {
        const chance = new Chance(seed + Math.imul(number, 2654435761));
        const before = chance.below(4);
        this.number = number;
        this.isInternal = before === 0 || (before === 1 && chance.oneIn(2));
        this.parts = draw(chance);
        this.writes = cut(chance, this.parts).filter((bytes) => bytes.length);
        this.pauses = this.writes.map(() => (chance.oneIn(6) ? chance.below(30) : 0));
        this.reading = chance.pick(['at once', 'at once', 'at once', 'late', 'never']);
        this.ending = chance.pick(ENDS);
        this.lingerMs = chance.pick([0, 0, 5, 50, 300, 1500]);
    }

    get bytesOut() {
        return this.writes.reduce((sum, bytes) => sum + bytes.length, 0);
    }

    /** ports: {public, internal}. Settles when the connection is gone. */
    async run(ports) {
        const socket = net.connect({
            port: this.isInternal ? ports.internal : ports.public,
            host: '127.0.0.1',
            allowHalfOpen: true,
        });
        const closed = new Promise((resolve) =>
            socket.on('close', resolve).on('error', () => {}),
        );
        const life = setTimeout(() => socket.destroy(), LIFE_MS_MAX);
        if (this.reading === 'at once')
            socket.on('data', (data) => (this.bytesIn += data.length));
        socket.on('end', () => socket.end());
        socket.setNoDelay(true);
        await Promise.race([closed, this.#say(socket)]);
        await Promise.race([closed, this.#end(socket)]);
        await closed;
        clearTimeout(life);
    }

    async #say(socket) {
        for (const [i, bytes] of this.writes.entries()) {
            if (socket.destroyed) return;
            socket.write(bytes);
            await (this.pauses[i] ? pause(this.pauses[i]) : new Promise(setImmediate));
        }
        if (this.reading === 'late') socket.on('data', (data) => (this.bytesIn += data.length));
    }

    async #end(socket) {
        if (this.ending === 'end and wait') socket.end();
        if (this.ending.endsWith('wait')) await pause(this.lingerMs);
        if (this.ending === 'reset') socket.resetAndDestroy();
        else if (this.ending === 'end') socket.end();
        else socket.destroy();
        if (this.ending === 'end') socket.on('data', () => {});
    }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
