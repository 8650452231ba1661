/*
 * echo - ws_echo, Parley's WebSocket layer over a chat that echoes, and a client whose frames
 * are made and taken apart octet by octet.
 */
import path from 'node:path';
import { freePort } from './ports.js';
import { handshake } from './http.js';
import { PARLEYD, Process } from './process.js';
import { Inbox, within } from './wait.js';

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

const WS_ECHO = path.join(path.dirname(PARLEYD), 'tests/ws_echo');
const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

export class EchoServer {
    static async start(...options) {
        const server = new EchoServer();
        server.port = await freePort();
        const args = ['--listen', `127.0.0.1:${server.port}`, ...options];
        server.process = new Process('ws_echo', WS_ECHO, args);
        await server.process.line(/^listening$/);
        return server;
    }

    async connect() {
        const answer = await handshake(this.port, { path: '/' });
        if (answer.status !== 101)
            throw new Error(`handshake: ${answer.status} ${answer.body}`);
        return new EchoClient(answer);
    }

    /** Its exit code. */
    async stop() {
        this.process.signal('SIGTERM');
        return (await this.process.exit(30_000)).code;
    }
}

/** form: octets of the extended length, 0, 2 or 8; by default the fewest that do. */
function lengthOctets(length, form = length < 126 ? 0 : length < 65_536 ? 2 : 8) {
    if (form === 0) return Buffer.from([length]);
    const octets = Buffer.alloc(1 + form);
    octets[0] = form === 2 ? 126 : 127;
    if (form === 2) octets.writeUInt16BE(length, 1);
    else octets.writeBigUInt64BE(BigInt(length), 1);
    return octets;
}

/** One frame of a client. announced: the length that the head tells, whatever the payload's is. */
export function make(opcode, payload = '', options = {}) {
    const { isFinal = true, reserved = 0, mask = MASK, form, announced } = options;
    const data = Buffer.from(payload);
    const first = Buffer.from([(isFinal ? 0x80 : 0) | (reserved << 4) | opcode]);
    const length = lengthOctets(announced ?? data.length, form);
    if (!mask) return Buffer.concat([first, length, data]);
    length[0] |= 0x80;
    const masked = Buffer.alloc(data.length);
    for (let i = 0; i < data.length; i++) masked[i] = data[i] ^ mask[i % 4];
    return Buffer.concat([first, length, mask, masked]);
}

/** A message in these pieces, as an array of frames. */
export const makePieces = (opcode, pieces) =>
    pieces.map((piece, i) =>
        make(i === 0 ? opcode : OPCODE.continuation, piece, {
            isFinal: i === pieces.length - 1,
        }),
    );

export function closePayload(code, reason = '') {
    const head = Buffer.alloc(2);
    head.writeUInt16BE(code);
    return Buffer.concat([head, Buffer.from(reason)]);
}

export class EchoClient {
    /** Frames of the server: {opcode, isFinal, reserved, payload}. */
    frames = new Inbox();
    #rest = [];
    #restLength = 0;

    constructor({ socket, head }) {
        this.socket = socket.setNoDelay(true);
        socket.on('error', () => {});
        socket.on('data', (data) => this.#take(data));
        this.ended = new Promise((resolve) => {
            socket.on('end', resolve).on('close', resolve);
        });
        this.ended.then(() => this.frames.end('the connection ended'));
        if (head.length) this.#take(head);
    }

    #take(data) {
        this.#rest.push(data);
        this.#restLength += data.length;
        for (;;) {
            const head = this.#head();
            if (!head || this.#restLength < head.size + head.length) return;
            const all = this.#rest.length === 1 ? this.#rest[0] : Buffer.concat(this.#rest);
            this.#rest = [all.subarray(head.size + head.length)];
            this.#restLength = this.#rest[0].length;
            this.frames.push({
                opcode: all[0] & 15,
                isFinal: all[0] >= 0x80,
                reserved: (all[0] >> 4) & 7,
                payload: all.subarray(head.size, head.size + head.length),
            });
        }
    }

    /** Where the next frame's payload is: {size, length}; null: not known yet. */
    #head() {
        if (this.#restLength < 2) return null;
        if (this.#rest[0].length < 10 && this.#rest.length > 1)
            this.#rest = [Buffer.concat(this.#rest)];
        const [bytes] = this.#rest;
        if (bytes.length < 2) return null;
        const form = bytes[1] & 0x7f;
        if (bytes[1] & 0x80) throw new Error('a masked frame of a server');
        if (form < 126) return { size: 2, length: form };
        const size = form === 126 ? 4 : 10;
        if (bytes.length < size) return null;
        return {
            size,
            length: form === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2)),
        };
    }

    /** All in one write. */
    write(...frames) {
        this.socket.write(frames.length === 1 ? frames[0] : Buffer.concat(frames));
    }

    /** In pieces of so many octets, each a write of its own. */
    async writeIn(octets, bytes) {
        for (let at = 0; at < bytes.length; at += octets) {
            this.socket.write(bytes.subarray(at, at + octets));
            await new Promise(setImmediate);
        }
    }

    /** The next frame, whatever it is. */
    next(what = 'a frame') {
        return this.frames.next(() => true, what);
    }

    /** The close frame's code and reason, after which nothing came, and the stream ended. */
    async closing() {
        const frame = await this.frames.next(
            ({ opcode }) => opcode === OPCODE.close,
            'a close frame',
        );
        const { payload } = frame;
        this.write(make(OPCODE.close, payload));
        await within(this.ended, 'the end of the stream');
        if (this.frames.items.at(-1) !== frame)
            throw new Error('something came after the close frame');
        this.socket.destroy();
        return {
            code: payload.length ? payload.readUInt16BE(0) : null,
            reason: payload.subarray(2).toString(),
        };
    }
}
