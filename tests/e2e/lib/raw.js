/*
 * raw - a connection past its opening handshake whose frames the test makes byte by byte.
 */
import { Receiver } from 'ws';
import { handshake } from './http.js';
import { Inbox, within } from './wait.js';

export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;

/** The bytes of a length, in the shortest of its three forms. */
function lengthBytes(length) {
    const bits = length < 126 ? 7 : length < 65_536 ? 16 : 64;
    if (bits === 7) return Buffer.from([length]);
    const bytes = Buffer.alloc(bits === 16 ? 3 : 9);
    bytes[0] = bits === 16 ? 126 : 127;
    if (bits === 16) bytes.writeUInt16BE(length, 1);
    else bytes.writeBigUInt64BE(BigInt(length), 1);
    return bytes;
}

/**
 * One frame of a client. reserved: the three RSV bits as a number; announced: the length the
 * header tells, whatever the payload's is.
 */
export function frame(payload, options = {}) {
    const data = Buffer.from(payload);
    const { opcode = TEXT, isFinal = true, reserved = 0, isMasked = true } = options;
    const length = lengthBytes(options.announced ?? data.length);
    const first = Buffer.from([(isFinal ? 0x80 : 0) | (reserved << 4) | opcode]);
    if (!isMasked) return Buffer.concat([first, length, data]);
    const mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
    length[0] |= 0x80;
    return Buffer.concat([first, length, mask, data.map((byte, i) => byte ^ mask[i % 4])]);
}

/** One text message cut into the given pieces, the last of them final. */
export function fragments(pieces) {
    return pieces.map((piece, i) =>
        frame(piece, {
            opcode: i === 0 ? TEXT : CONTINUATION,
            isFinal: i === pieces.length - 1,
        }),
    );
}

export class RawClient {
    frames = new Inbox();

    constructor({ socket, head }) {
        this.socket = socket;
        const receiver = new Receiver({ isServer: false });
        receiver.on('message', (data) => this.frames.push(String(data)));
        this.ended = new Promise((resolve) => {
            receiver.on('conclude', (code, reason) =>
                resolve({ code, reason: String(reason) }),
            );
            socket.on('close', () => resolve({ code: null, reason: 'no close frame' }));
        });
        this.dropped = new Promise((resolve) => socket.on('close', resolve));
        socket.on('error', () => {});
        if (head.length) receiver.write(head);
        this.startReading = () => socket.pipe(receiver, { end: false });
        this.startReading();
    }

    static async open(port, path) {
        const answer = await handshake(port, { path });
        if (answer.status !== 101)
            throw new Error(`handshake: ${answer.status} ${answer.body}`);
        return new RawClient(answer);
    }

    /** Several frames go out as one write. */
    write(...frames) {
        this.socket.write(Buffer.concat(frames));
    }

    hears(text) {
        return this.frames.next((frame) => frame === text, text.slice(0, 100));
    }

    /** Reads nothing from now on. */
    stopReading() {
        this.socket.unpipe();
        this.socket.pause();
    }

    /** The close frame that came: {code, reason}; code null if the connection just ended. */
    end(ms) {
        return within(this.ended, 'the close frame', ms);
    }

    drop() {
        this.socket.destroy();
        return within(this.dropped, 'the end of the socket');
    }
}
