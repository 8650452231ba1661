/*
 * conformance - the WebSocket layer alone, judged by RFC 6455: framing, fragments, control
 * frames, UTF-8, closing, limits.
 *
 * Each case is a connection of its own to ws_echo, which says what it hears.
 */
import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';
import { closePayload, EchoClient, EchoServer, make, makePieces, OPCODE } from './lib/echo.js';
import { within } from './lib/wait.js';

const { continuation, text, binary, close, ping, pong } = OPCODE;
const NORMAL = 1000;
const PROTOCOL_ERROR = 1002;
const INVALID_DATA = 1007;
const POLICY = 1008;
const TOO_BIG = 1009;
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
const FRAGMENTS_MAX = 65_536;
const KINDS = { text, binary };

/** So many octets that are text, with characters of one and more octets. */
function letters(length) {
    const pattern = Buffer.from('a\u00e9z\u20ac0\u{1f600}~');
    const bytes = Buffer.alloc(length, pattern);
    bytes.fill('.', length - (length % pattern.length));
    return bytes;
}

describe('the WebSocket layer', () => {
    let server;

    before(async () => (server = await EchoServer.start()));
    after(async () => assert.equal(await server.stop(), 0));

    /** A case: what is sent to a new connection, and then what must have been answered. */
    const given = (name, run) =>
        it(name, async () => {
            const client = await server.connect();
            await run(client);
            client.socket.destroy();
        });

    async function expectEcho(client, opcode, payload) {
        const frame = await client.next('the echo');
        assert.deepEqual(
            [frame.opcode, frame.isFinal, frame.reserved, frame.payload.length],
            [opcode, true, 0, payload.length],
        );
        assert.ok(frame.payload.equals(Buffer.from(payload)), 'the same octets');
    }

    async function expectPong(client, payload) {
        const frame = await client.next('a pong');
        assert.deepEqual([frame.opcode, frame.payload], [pong, Buffer.from(payload)]);
    }

    async function expectClose(client, code) {
        assert.equal((await client.closing()).code, code);
    }

    /** Nothing but a close frame with the code comes. */
    const refused = (name, code, ...frames) =>
        given(name, async (client) => {
            client.write(...frames);
            await expectClose(client, code);
            assert.equal(client.frames.items.length, 1, 'frames that came');
        });

    describe('messages of each length', () => {
        const LENGTHS = [
            0, 1, 2, 3, 4, 5, 7, 8, 9, 124, 125, 126, 127, 128, 254, 255, 256, 257, 1000, 4082,
            4083, 4088, 4089, 4090, 4091, 4095, 4096, 4097, 8192, 16_384, 65_534, 65_535,
            65_536, 65_537, 131_072, 1_048_576,
        ];
        for (const [kind, opcode] of Object.entries(KINDS))
            for (const length of [...LENGTHS, MESSAGE_BYTES_MAX])
                given(`a ${kind} of ${length} octets comes back`, async (client) => {
                    const payload = letters(length);
                    client.write(make(opcode, payload));
                    await expectEcho(client, opcode, payload);
                });

        const CHOPS = [
            [1, [0, 1, 2, 125, 126, 127, 128, 300]],
            [2, [1, 125, 126, 300]],
            [3, [0, 126, 1000]],
            [7, [125, 126, 1000]],
            [997, [4096, 65_535, 65_536, 200_000]],
            [4096, [65_536, 1_048_576]],
        ];
        for (const [octets, lengths] of CHOPS)
            for (const length of lengths)
                given(`${length} octets sent ${octets} at a time come back`, async (client) => {
                    const payload = letters(length);
                    await client.writeIn(octets, make(binary, payload));
                    await expectEcho(client, binary, payload);
                });

        given('two hundred messages in one segment come back in order', async (client) => {
            const payloads = Array.from({ length: 200 }, (_, i) => `message ${i}`);
            client.write(...payloads.map((payload) => make(text, payload)));
            for (const payload of payloads) await expectEcho(client, text, payload);
        });

        given('a client that reads later gets all that it sent', async (client) => {
            const payload = letters(1_000_000);
            client.socket.pause();
            for (let i = 0; i < 8; i++) client.write(make(binary, payload));
            client.write(make(ping, 'and now?'));
            client.socket.resume();
            let echoes = 0;
            for (let i = 0; i < 9; i++) {
                const frame = await client.next('an echo or the pong');
                if (frame.opcode === binary) echoes += frame.payload.equals(payload) ? 1 : 0;
                else assert.equal(String(frame.payload), 'and now?');
            }
            assert.equal(echoes, 8);
        });
    });

    describe('lengths and masks', () => {
        for (const [name, opcode] of Object.entries(OPCODE))
            refused(
                `a ${name} without a mask is refused`,
                PROTOCOL_ERROR,
                ...(opcode === continuation ? [make(text, 'a', { isFinal: false })] : []),
                make(opcode, '', { mask: null }),
            );
        for (const length of [1, 126, 65_536])
            refused(
                `a text of ${length} octets without a mask is refused`,
                PROTOCOL_ERROR,
                make(text, letters(length), { mask: null }),
            );

        given('the second frame without a mask is refused', async (client) => {
            client.write(make(text, 'masked'));
            await expectEcho(client, text, 'masked');
            client.write(make(text, 'bare', { mask: null }));
            await expectClose(client, PROTOCOL_ERROR);
        });

        const MASKS = [
            [0, 0, 0, 0],
            [255, 255, 255, 255],
            [0x80, 0, 0, 0x7f],
            [1, 2, 3, 4],
        ];
        for (const mask of MASKS)
            given(`a message under the mask ${mask} comes back`, async (client) => {
                client.write(make(text, letters(1000), { mask: Buffer.from(mask) }));
                await expectEcho(client, text, letters(1000));
            });

        given('each frame has its own mask', async (client) => {
            for (const [i, mask] of MASKS.entries()) {
                client.write(make(text, `frame ${i}`, { mask: Buffer.from(mask) }));
                await expectEcho(client, text, `frame ${i}`);
            }
        });

        for (const length of [0, 1, 125])
            refused(
                `${length} octets told in sixteen bits are refused`,
                PROTOCOL_ERROR,
                make(binary, letters(length), { form: 2 }),
            );
        for (const length of [0, 1, 125, 126, 65_535])
            refused(
                `${length} octets told in sixty-four bits are refused`,
                PROTOCOL_ERROR,
                make(binary, letters(length), { form: 8 }),
            );
        for (const length of [2n ** 63n, 2n ** 64n - 1n])
            refused(
                `a length of ${length} is refused`,
                PROTOCOL_ERROR,
                make(binary, '', { form: 8, announced: length }),
            );
    });

    describe('reserved bits and opcodes', () => {
        for (const reserved of [1, 2, 3, 4, 5, 6, 7]) {
            for (const name of ['text', 'binary', 'ping', 'pong', 'close'])
                refused(
                    `a ${name} with the reserved bits ${reserved} is refused`,
                    PROTOCOL_ERROR,
                    make(OPCODE[name], '', { reserved }),
                );
            given(
                `a continuation with the reserved bits ${reserved} is refused`,
                async (client) => {
                    client.write(
                        make(text, 'a', { isFinal: false }),
                        make(continuation, 'b', { reserved }),
                    );
                    await expectClose(client, PROTOCOL_ERROR);
                },
            );
        }

        for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
            refused(`opcode ${opcode} is refused`, PROTOCOL_ERROR, make(opcode));
            refused(
                `opcode ${opcode} with octets is refused`,
                PROTOCOL_ERROR,
                make(opcode, 'octets'),
            );
            given(
                `opcode ${opcode} behind a message is refused, the message answered`,
                async (client) => {
                    client.write(make(text, 'good'), make(opcode), make(text, 'never'));
                    await expectEcho(client, text, 'good');
                    await expectClose(client, PROTOCOL_ERROR);
                },
            );
            refused(
                `opcode ${opcode} between fragments is refused`,
                PROTOCOL_ERROR,
                make(text, 'a', { isFinal: false }),
                make(opcode),
                make(continuation, 'b'),
            );
        }

        given('the first octet is enough to see that it is wrong', async (client) => {
            client.write(make(3).subarray(0, 1));
            await expectClose(client, PROTOCOL_ERROR);
        });
    });

    describe('pings and pongs', () => {
        for (const length of [0, 1, 2, 60, 124, 125])
            given(`a ping of ${length} octets is answered with them`, async (client) => {
                client.write(make(ping, letters(length)));
                await expectPong(client, letters(length));
            });
        given('a ping of any octets is answered with them', async (client) => {
            const octets = Buffer.from([0, 0xff, 0xfe, 0xfd, 0xfc, 0x80, 0xc0]);
            client.write(make(ping, octets));
            await expectPong(client, octets);
        });
        for (const length of [126, 127, 65_535, 65_536])
            for (const name of ['ping', 'pong', 'close'])
                refused(
                    `a ${name} of ${length} octets is refused`,
                    PROTOCOL_ERROR,
                    make(OPCODE[name], letters(length)),
                );

        for (const [how, write] of Object.entries({
            'in one segment': (client, frames) => client.write(...frames),
            'octet by octet': (client, frames) => client.writeIn(1, Buffer.concat(frames)),
            'three octets at a time': (client, frames) =>
                client.writeIn(3, Buffer.concat(frames)),
            'frame by frame': (client, frames) =>
                frames.forEach((frame) => client.write(frame)),
        }))
            given(`ten pings ${how} are each answered, in order`, async (client) => {
                const payloads = Array.from({ length: 10 }, (_, i) => `ping ${i}`);
                await write(
                    client,
                    payloads.map((payload) => make(ping, payload)),
                );
                for (const payload of payloads) await expectPong(client, payload);
            });

        given('a thousand pings are each answered', async (client) => {
            client.write(...Array.from({ length: 1000 }, (_, i) => make(ping, `${i}`)));
            for (let i = 0; i < 1000; i++) await expectPong(client, `${i}`);
        });

        for (const payload of ['', 'nobody asked'])
            given(
                `a pong "${payload}" that nobody asked for is passed over`,
                async (client) => {
                    client.write(make(pong, payload), make(ping, 'x'));
                    await expectPong(client, 'x');
                },
            );
        given('ten pongs and a ping are answered once', async (client) => {
            client.write(
                ...Array.from({ length: 10 }, () => make(pong, 'p')),
                make(ping, 'x'),
                make(text, 'end'),
            );
            await expectPong(client, 'x');
            await expectEcho(client, text, 'end');
        });
        for (const name of ['ping', 'pong', 'close'])
            refused(
                `a ${name} in fragments is refused`,
                PROTOCOL_ERROR,
                make(OPCODE[name], 'a', { isFinal: false }),
                make(continuation, 'b'),
            );
    });

    describe('fragments', () => {
        for (const [kind, opcode] of Object.entries(KINDS)) {
            for (const count of [2, 3, 10, 65, 1000])
                given(`a ${kind} in ${count} fragments comes back whole`, async (client) => {
                    const pieces = Array.from({ length: count }, (_, i) => `piece ${i},`);
                    client.write(...makePieces(opcode, pieces));
                    await expectEcho(client, opcode, pieces.join(''));
                });
            for (const pieces of [
                ['', ''],
                ['', '', ''],
                ['', 'a'],
                ['a', ''],
                ['a', '', 'b'],
                ['', 'a', '', 'b', ''],
            ])
                given(
                    `a ${kind} in the fragments ${JSON.stringify(pieces)} comes back`,
                    async (client) => {
                        client.write(...makePieces(opcode, pieces));
                        await expectEcho(client, opcode, pieces.join(''));
                    },
                );
            given(
                `a ${kind} with a ping between each two fragments: pongs first, then the message`,
                async (client) => {
                    const pieces = Array.from({ length: 10 }, (_, i) => `piece ${i},`);
                    const frames = makePieces(opcode, pieces).flatMap((frame, i) => [
                        make(ping, `${i}`),
                        frame,
                    ]);
                    client.write(...frames);
                    for (let i = 0; i < 10; i++) await expectPong(client, `${i}`);
                    await expectEcho(client, opcode, pieces.join(''));
                },
            );
            given(`a ${kind} with pings between, octet by octet`, async (client) => {
                const frames = makePieces(opcode, ['one', 'two', 'three']).flatMap((frame) => [
                    frame,
                    make(ping, 'p'),
                ]);
                await client.writeIn(1, Buffer.concat(frames));
                await expectPong(client, 'p');
                await expectPong(client, 'p');
                await expectEcho(client, opcode, 'onetwothree');
                await expectPong(client, 'p');
            });
            for (const [other, inner] of Object.entries(KINDS))
                refused(
                    `a ${other} inside a ${kind} is refused`,
                    PROTOCOL_ERROR,
                    make(opcode, 'a', { isFinal: false }),
                    make(inner, 'b'),
                );
            given(
                `a ${kind} of ${FRAGMENTS_MAX} fragments of 64 octets comes back`,
                async (client) => {
                    const piece = 'x'.repeat(64);
                    client.write(...makePieces(opcode, Array(FRAGMENTS_MAX).fill(piece)));
                    await expectEcho(client, opcode, piece.repeat(FRAGMENTS_MAX));
                },
            );
        }
        for (const isFinal of [true, false]) {
            refused(
                `a continuation of nothing (final: ${isFinal}) is refused`,
                PROTOCOL_ERROR,
                make(continuation, 'a', { isFinal }),
            );
            given(
                `a continuation behind a whole message (final: ${isFinal}) is refused`,
                async (client) => {
                    client.write(make(text, 'whole'), make(continuation, 'a', { isFinal }));
                    await expectEcho(client, text, 'whole');
                    await expectClose(client, PROTOCOL_ERROR);
                },
            );
            given(
                `a continuation behind a message in fragments (final: ${isFinal}) is refused`,
                async (client) => {
                    client.write(
                        ...makePieces(text, ['a', 'b']),
                        make(continuation, 'c', { isFinal }),
                    );
                    await expectEcho(client, text, 'ab');
                    await expectClose(client, PROTOCOL_ERROR);
                },
            );
        }
        refused(
            'more fragments than there may be are refused',
            POLICY,
            ...makePieces(binary, Array(FRAGMENTS_MAX + 1).fill('')),
        );
        given('a message after one in fragments comes back by itself', async (client) => {
            client.write(
                ...makePieces(text, ['a', 'b']),
                make(binary, 'c'),
                ...makePieces(binary, ['d', 'e']),
            );
            await expectEcho(client, text, 'ab');
            await expectEcho(client, binary, 'c');
            await expectEcho(client, binary, 'de');
        });
    });

    describe('UTF-8', () => {
        const GOOD = {
            'two octets, first': [0xc2, 0x80],
            'two octets, last': [0xdf, 0xbf],
            'three octets, first': [0xe0, 0xa0, 0x80],
            'three octets, last': [0xef, 0xbf, 0xbf],
            'the last before the surrogates': [0xed, 0x9f, 0xbf],
            'the first after the surrogates': [0xee, 0x80, 0x80],
            'four octets, first': [0xf0, 0x90, 0x80, 0x80],
            'the last of all, U+10FFFF': [0xf4, 0x8f, 0xbf, 0xbf],
            'the replacement character': [0xef, 0xbf, 0xbd],
            'a byte order mark': [0xef, 0xbb, 0xbf],
            'a zero': [0x00],
            'a delete': [0x7f],
            'words of many scripts': Buffer.from('κόσμε мир 世界 שלום 😀'),
            'a mixture': Buffer.from('a\u00e9z\u20ac0\u{1f600}~'),
        };
        const BAD = {
            'a continuation alone': [0x80],
            'the last continuation alone': [0xbf],
            'two continuations alone': [0x80, 0xbf],
            'a start of two without its second': [0xc3, 0x20],
            'a start of three without its second': [0xe2, 0x20],
            'a start of three without its third': [0xe2, 0x82, 0x20],
            'a start of four without its fourth': [0xf0, 0x9f, 0x98, 0x20],
            'two starts in a row': [0xc3, 0xc3, 0xa9],
            'octet fe': [0xfe],
            'octet ff': [0xff],
            'octet c0': [0xc0],
            'octet c1': [0xc1],
            'octet f5': [0xf5],
            'an overlong slash in two': [0xc0, 0xaf],
            'an overlong slash in three': [0xe0, 0x80, 0xaf],
            'an overlong slash in four': [0xf0, 0x80, 0x80, 0xaf],
            'an overlong slash in five': [0xf8, 0x80, 0x80, 0x80, 0xaf],
            'an overlong slash in six': [0xfc, 0x80, 0x80, 0x80, 0x80, 0xaf],
            'an overlong zero in two': [0xc0, 0x80],
            'an overlong U+7F': [0xc1, 0xbf],
            'an overlong U+7FF': [0xe0, 0x9f, 0xbf],
            'an overlong U+FFFF': [0xf0, 0x8f, 0xbf, 0xbf],
            'the first surrogate': [0xed, 0xa0, 0x80],
            'the last surrogate': [0xed, 0xbf, 0xbf],
            'a pair of surrogates': [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
            'U+110000': [0xf4, 0x90, 0x80, 0x80],
            'U+1FFFFF': [0xf7, 0xbf, 0xbf, 0xbf],
            'five octets': [0xf8, 0x88, 0x80, 0x80, 0x80],
            'six octets': [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80],
            Latin1: Buffer.from('caf\u00e9!', 'latin1'),
        };
        const HALF = {
            'one octet of two': [0xc3],
            'one octet of three': [0xe2],
            'two octets of three': [0xe2, 0x82],
            'one octet of four': [0xf0],
            'two octets of four': [0xf0, 0x9f],
            'three octets of four': [0xf0, 0x9f, 0x98],
        };
        const around = (octets) =>
            Buffer.concat([
                Buffer.from('before '),
                Buffer.from(octets),
                Buffer.from(' behind'),
            ]);
        const single = (bytes) => Array.from(bytes, (octet) => Buffer.from([octet]));
        const WAYS = {
            'in one frame': (client, bytes) => client.write(make(text, bytes)),
            'an octet a fragment': (client, bytes) =>
                client.write(...makePieces(text, single(bytes))),
            'an octet a write': (client, bytes) => client.writeIn(1, make(text, bytes)),
        };

        for (const [way, write] of Object.entries(WAYS)) {
            for (const [what, octets] of Object.entries(GOOD))
                given(`${what}, ${way}, comes back`, async (client) => {
                    await write(client, around(octets));
                    await expectEcho(client, text, around(octets));
                });
            for (const [what, octets] of Object.entries(BAD))
                given(`${what}, ${way}, is refused`, async (client) => {
                    await write(client, around(octets));
                    await expectClose(client, INVALID_DATA);
                });
            for (const [what, octets] of Object.entries(HALF))
                given(`${what} at the end, ${way}, is refused`, async (client) => {
                    await write(
                        client,
                        Buffer.concat([Buffer.from('before '), Buffer.from(octets)]),
                    );
                    await expectClose(client, INVALID_DATA);
                });
        }
        for (const [what, octets] of Object.entries({ ...BAD, ...HALF }))
            given(`${what} in a binary message comes back`, async (client) => {
                client.write(make(binary, octets));
                await expectEcho(client, binary, octets);
            });
        for (const [what, octets] of Object.entries(BAD))
            given(`${what} is refused before the message has ended`, async (client) => {
                client.write(make(text, around(octets), { isFinal: false }));
                await expectClose(client, INVALID_DATA);
            });
        for (const [what, octets] of Object.entries(BAD))
            given(`${what} is refused before the frame has ended`, async (client) => {
                client.write(make(text, around(octets), { announced: 1000 }));
                await expectClose(client, INVALID_DATA);
            });
        given(
            'a character cut by a fragment with a ping between comes back',
            async (client) => {
                client.write(
                    make(text, [0xf0, 0x9f], { isFinal: false }),
                    make(ping, [0xff]),
                    make(continuation, [0x98, 0x80]),
                );
                await expectPong(client, [0xff]);
                await expectEcho(client, text, [0xf0, 0x9f, 0x98, 0x80]);
            },
        );
        given(
            'half a character in one message does not reach into the next',
            async (client) => {
                client.write(make(binary, [0xf0, 0x9f]), make(text, 'whole'));
                await expectEcho(client, binary, [0xf0, 0x9f]);
                await expectEcho(client, text, 'whole');
            },
        );
    });

    describe('closing', () => {
        given('a close without a code is answered without one', async (client) => {
            client.write(make(close));
            await expectClose(client, null);
        });
        for (const code of [
            1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999,
            4000, 4999,
        ])
            for (const reason of ['', 'because'])
                refused(
                    `a close with ${code} "${reason}" is answered with it`,
                    code,
                    make(close, closePayload(code, reason)),
                );
        for (const code of [
            0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 5001, 65_535,
        ])
            for (const reason of ['', 'because'])
                refused(
                    `a close with ${code} "${reason}", which nobody may use, is answered with 1002`,
                    PROTOCOL_ERROR,
                    make(close, closePayload(code, reason)),
                );
        for (const octet of [0, 3, 255])
            refused(
                `a close of the one octet ${octet} is answered with 1002`,
                PROTOCOL_ERROR,
                make(close, [octet]),
            );
        for (const length of [1, 122, 123])
            refused(
                `a close with a reason of ${length} octets is answered`,
                NORMAL,
                make(close, closePayload(NORMAL, 'x'.repeat(length))),
            );
        for (const reason of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0x61, 0xf0, 0x9f]])
            refused(
                `a close whose reason is ${Buffer.from(reason).toString('hex')}, no UTF-8, is answered with 1007`,
                INVALID_DATA,
                make(close, closePayload(NORMAL, Buffer.from(reason))),
            );
        refused(
            'nothing behind a close is answered',
            NORMAL,
            make(close, closePayload(NORMAL)),
            make(text, 'late'),
            make(ping, 'late'),
        );
        refused(
            'nonsense behind a close is passed over',
            NORMAL,
            make(close, closePayload(NORMAL)),
            Buffer.from('nonsense'),
        );
        refused(
            'two closes are answered once',
            1001,
            make(close, closePayload(1001)),
            make(close, closePayload(1000)),
        );
        refused(
            'a message that had begun is dropped by a close',
            NORMAL,
            make(text, 'a', { isFinal: false }),
            make(close, closePayload(NORMAL)),
            make(continuation, 'b'),
        );
        given('what came before a close is answered first', async (client) => {
            client.write(
                make(text, 'a'),
                make(ping, 'b'),
                make(binary, 'c'),
                make(close, closePayload(NORMAL)),
            );
            await expectEcho(client, text, 'a');
            await expectPong(client, 'b');
            await expectEcho(client, binary, 'c');
            await expectClose(client, NORMAL);
        });
        given('a big message before a close comes back whole', async (client) => {
            client.write(make(binary, letters(4_000_000)), make(close, closePayload(NORMAL)));
            await expectEcho(client, binary, letters(4_000_000));
            await expectClose(client, NORMAL);
        });
        for (const octets of [1, 2, 3])
            given(`a close sent ${octets} octets at a time is answered`, async (client) => {
                await client.writeIn(octets, make(close, closePayload(1001, 'slowly')));
                await expectClose(client, 1001);
            });
        given(
            'much that is sent behind what is refused does not cost the close frame',
            async (client) => {
                client.write(make(3), Buffer.alloc(3_000_000));
                await expectClose(client, PROTOCOL_ERROR);
            },
        );
        given('a client that just ends its stream is let go', async (client) => {
            client.socket.end();
            await within(client.ended, 'the end');
        });
        given('a client that ends its stream inside a frame is let go', async (client) => {
            client.socket.end(make(text, 'half', { announced: 100 }));
            await within(client.ended, 'the end');
        });
    });

    describe('limits', () => {
        for (const [kind, opcode] of Object.entries(KINDS)) {
            given(
                `a ${kind} of one octet more than there may be is refused by its head`,
                async (client) => {
                    client.write(make(opcode, '', { announced: MESSAGE_BYTES_MAX + 1 }));
                    await expectClose(client, TOO_BIG);
                },
            );
            given(
                `fragments of a ${kind} that are too many octets together are refused by a head`,
                async (client) => {
                    client.write(
                        make(opcode, letters(1000), { isFinal: false }),
                        make(continuation, '', { announced: MESSAGE_BYTES_MAX - 999 }),
                    );
                    await expectClose(client, TOO_BIG);
                },
            );
        }
        for (const size of [64, 1024, 65_536, 1_048_576])
            given(`4 MB in fragments of ${size} octets come back`, async (client) => {
                const pieces = Array(4_194_304 / size).fill('y'.repeat(size));
                client.write(...makePieces(text, pieces));
                await expectEcho(client, text, 'y'.repeat(4_194_304));
            });
    });

    describe('frames in one segment with the handshake', () => {
        const ASK =
            'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
            'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

        async function ask(...frames) {
            const socket = net.connect(server.port, '127.0.0.1');
            socket.write(Buffer.concat([Buffer.from(ASK), ...frames]));
            let all = Buffer.alloc(0);
            const answered = new Promise((resolve) => {
                const take = (data) => {
                    all = Buffer.concat([all, data]);
                    if (all.indexOf('\r\n\r\n') < 0) return;
                    socket.off('data', take);
                    resolve();
                };
                socket.on('data', take);
            });
            await within(answered, 'the answer to the handshake');
            return new EchoClient({ socket, head: all.subarray(all.indexOf('\r\n\r\n') + 4) });
        }

        for (const length of [0, 1, 126, 300, 5000, 15_000])
            it(`a message of ${length} octets comes back`, async () => {
                const client = await ask(make(text, letters(length)));
                await expectEcho(client, text, letters(length));
                client.socket.destroy();
            });
        it('several messages and a ping are answered', async () => {
            const client = await ask(make(text, 'a'), make(ping, 'b'), make(binary, 'c'));
            await expectEcho(client, text, 'a');
            await expectPong(client, 'b');
            await expectEcho(client, binary, 'c');
            client.socket.destroy();
        });
        it('half a frame is put together with the rest', async () => {
            const frame = make(text, letters(500));
            const client = await ask(frame.subarray(0, 5));
            await client.writeIn(100, frame.subarray(5));
            await expectEcho(client, text, letters(500));
            client.socket.destroy();
        });
        it('a close is answered', async () => {
            const client = await ask(make(close, closePayload(1001)));
            await expectClose(client, 1001);
        });
        it('a frame that breaks the protocol is refused', async () => {
            const client = await ask(make(3, 'x'));
            await expectClose(client, PROTOCOL_ERROR);
        });
    });
});
