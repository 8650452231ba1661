/*
 * luchat_client - the client that the gateway serves (gateway/web/luchat.js): its states, its
 * patience, and what it keeps, on a clock and a socket of the test's own.
 */
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import assert from 'node:assert/strict';
import { LuChat, MESSAGE_BYTES_MAX } from '../../gateway/web/luchat.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** A socket whose other end is the test. */
class FakeSocket {
    static all = [];
    static get last() {
        return this.all.at(-1);
    }

    sent = [];
    isOpen = true;

    constructor(url) {
        this.url = new URL(url);
        FakeSocket.all.push(this);
    }

    send(frame) {
        this.sent.push(frame);
    }

    close() {
        this.isOpen = false;
    }

    hear(...frames) {
        for (const frame of frames) {
            this.onmessage({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) });
        }
    }

    /** The gateway lets it in, and tells what was said before. */
    welcome(history = []) {
        this.hear({
            hello: { node: 'node-1', channel: 'lobby', user: null, history: history.length },
        });
        this.hear(...history);
    }

    lose(code = 1006, reason = '') {
        this.isOpen = false;
        this.onclose({ code, reason });
    }

    /** Chat messages that were sent here. */
    get said() {
        return this.sent.filter((frame) => frame.startsWith('{"message"'));
    }
}

const said = (userid, text, time = '12:00') =>
    JSON.stringify({ message: { userid, message: text, time } });

describe('the client luchat.js', () => {
    let chat;
    let states;
    let told;

    beforeEach(() => {
        const page = new EventTarget();
        globalThis.addEventListener = (...args) => page.addEventListener(...args);
        globalThis.removeEventListener = (...args) => page.removeEventListener(...args);
        globalThis.page = page;
        mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.UTC(2030, 0, 1) });
        mock.method(Math, 'random', () => 0.5); // the middle of the jitter
        FakeSocket.all = [];
        create();
    });

    afterEach(() => {
        chat.close();
        mock.timers.reset();
        mock.restoreAll();
        for (const name of ['addEventListener', 'removeEventListener', 'page', 'location'])
            delete globalThis[name];
    });

    function create(options = {}, url = 'ws://127.0.0.1:8080/ws') {
        chat = new LuChat(url, { user: { userid: 'ann' }, WebSocket: FakeSocket, ...options });
        states = [];
        told = [];
        chat.addEventListener('state', ({ detail }) => states.push(detail.state));
        for (const type of [
            'message',
            'users',
            'online',
            'offline',
            'count',
            'failed',
            'refused',
            'data',
        ])
            chat.addEventListener(type, ({ detail }) => told.push({ type, ...detail }));
    }

    const texts = () =>
        told.filter(({ type }) => type === 'message').map(({ message }) => message.message);
    const tick = (ms) => mock.timers.tick(ms);
    const socket = () => FakeSocket.last;

    function beConnected(history) {
        chat.connect();
        socket().welcome(history);
    }

    /** Fails every attempt; the delays between them. */
    function failingDelays(count) {
        const delays = [];
        while (delays.length < count) {
            socket().lose();
            if (chat.retryAt === null) break;
            delays.push(chat.retryAt - Date.now());
            tick(delays.at(-1));
        }
        return delays;
    }

    describe('connecting', () => {
        it('asks for its channel and for a hello', () => {
            create({ channel: 'room:1 ü', token: 'abc' });
            chat.connect();
            assert.deepEqual(Object.fromEntries(socket().url.searchParams), {
                channel: 'room:1 ü',
                hello: '1',
                token: '', // it comes in a frame
            });
        });

        it('shows its token in its first frame, each time', () => {
            create({ token: 'abc' });
            chat.connect();
            socket().onopen();
            assert.deepEqual(socket().sent, ['{"token":"abc"}']);
            socket().lose();
            tick(SECOND);
            socket().onopen();
            assert.deepEqual(socket().sent, ['{"token":"abc"}']);
        });

        it('does not mind a gateway that needs no token', () => {
            create({ token: 'abc' });
            beConnected();
            chat.send('hi');
            socket().hear({ error: { code: 400, message: 'no token is needed' } });
            assert.equal(chat.unsent.length, 1);
            assert.deepEqual(
                told.filter(({ type }) => type === 'refused'),
                [],
            );
        });

        it('is connecting until the gateway says hello, then connected', () => {
            chat.connect();
            assert.deepEqual(states, ['connecting']);
            socket().welcome();
            assert.deepEqual(states, ['connecting', 'connected']);
            assert.equal(chat.node, 'node-1');
        });

        it('uses wss on a page of https', () => {
            globalThis.location = new URL('https://chat.example/room');
            create({}, '/ws');
            assert.equal(chat.url.href, 'wss://chat.example/ws?channel=lobby&hello=1');
        });

        it('uses ws on a page of http', () => {
            globalThis.location = new URL('http://chat.example/room');
            create({}, '/ws');
            assert.equal(chat.url.protocol, 'ws:');
        });

        it('connecting twice opens one socket', () => {
            chat.connect();
            chat.connect();
            assert.equal(FakeSocket.all.length, 1);
        });

        it('goes online once it is connected, and again after a reconnect', () => {
            beConnected();
            assert.deepEqual(socket().sent, ['{"online":{"userid":"ann"}}']);
            socket().lose();
            tick(SECOND);
            socket().welcome();
            assert.deepEqual(socket().sent, ['{"online":{"userid":"ann"}}']);
        });

        it('gives up on a gateway that does not say hello', () => {
            chat.connect();
            tick(15 * SECOND);
            assert.equal(chat.state, 'reconnecting');
            assert.equal(socket().isOpen, false);
        });

        it('takes the name that its token has', () => {
            chat.connect();
            socket().hear({
                hello: { node: 'n', channel: 'lobby', user: 'token-ann', history: 0 },
            });
            assert.equal(chat.send('hi').userid, 'token-ann');
        });
    });

    describe('reconnecting', () => {
        it('waits 1, 2, 4, 8, 16 seconds, then it is disconnected', () => {
            beConnected();
            assert.deepEqual(
                failingDelays(9),
                [1, 2, 4, 8, 16].map((s) => s * SECOND),
            );
            assert.equal(chat.state, 'disconnected');
            tick(10 * MINUTE);
            assert.equal(FakeSocket.all.length, 6);
        });

        it('waits no longer than 30 seconds, and without end if told so', () => {
            create({ attempts: Infinity });
            beConnected();
            const delays = failingDelays(50);
            assert.equal(delays.length, 50);
            assert.deepEqual(
                delays.slice(4, 8),
                [16, 30, 30, 30].map((s) => s * SECOND),
            );
        });

        it('spreads its attempts by a quarter up and down', () => {
            beConnected();
            for (const [random, delay] of [
                [0, 750],
                [0.999, 1249.5],
            ]) {
                mock.method(Math, 'random', () => random);
                socket().lose();
                assert.equal(chat.retryAt - Date.now(), delay);
                tick(2 * SECOND);
                socket().welcome();
            }
        });

        it('begins with one second again after a success', () => {
            beConnected();
            failingDelays(3);
            socket().welcome();
            assert.deepEqual(failingDelays(1), [SECOND]);
        });

        it('a socket that opens without a hello is no success', () => {
            beConnected();
            failingDelays(2);
            socket().lose(1013);
            assert.equal(chat.retryAt - Date.now(), 4 * SECOND);
        });

        for (const code of [1000, 1008]) {
            it(`does not come back after a close with ${code}`, () => {
                beConnected();
                socket().lose(code, 'that is it');
                assert.equal(chat.state, 'disconnected');
                tick(10 * MINUTE);
                assert.equal(FakeSocket.all.length, 1);
            });
        }

        for (const code of [1001, 1006, 1009, 1011, 1012, 1013, 4000]) {
            it(`comes back after a close with ${code}`, () => {
                beConnected();
                socket().lose(code);
                assert.deepEqual(states.slice(-1), ['reconnecting']);
                tick(SECOND);
                assert.equal(FakeSocket.all.length, 2);
            });
        }

        it('tries at once when asked, and goes on counting', () => {
            beConnected();
            socket().lose();
            chat.retryNow();
            assert.equal(FakeSocket.all.length, 2);
            tick(SECOND);
            assert.equal(FakeSocket.all.length, 2);
            socket().lose();
            assert.equal(chat.retryAt - Date.now(), 2 * SECOND);
        });

        it('tries at once when the browser is back online', () => {
            beConnected();
            failingDelays(4);
            socket().lose();
            globalThis.page.dispatchEvent(new Event('online'));
            const count = FakeSocket.all.length;
            socket().welcome();
            assert.equal(chat.state, 'connected');
            tick(MINUTE / 4);
            assert.equal(FakeSocket.all.length, count);
        });

        it('tries again after it gave up, when the browser is back online', () => {
            beConnected();
            failingDelays(9);
            globalThis.page.dispatchEvent(new Event('online'));
            socket().welcome();
            assert.equal(chat.state, 'connected');
        });

        it('can be told to try after a close for good', () => {
            beConnected();
            socket().lose(1008);
            chat.retryNow();
            socket().welcome();
            assert.equal(chat.state, 'connected');
        });
    });

    describe('the heartbeat', () => {
        const pings = () => socket().sent.filter((frame) => frame === 'ping').length;

        it('pings every 30 seconds', () => {
            beConnected();
            for (let expected = 1; expected <= 3; expected++) {
                tick(30 * SECOND);
                assert.equal(pings(), expected);
                socket().hear('pong');
            }
            assert.equal(chat.state, 'connected');
        });

        it('a connection without a pong is dead', () => {
            beConnected();
            tick(30 * SECOND);
            tick(10 * SECOND);
            assert.equal(chat.state, 'reconnecting');
            assert.equal(socket().isOpen, false);
        });

        it('other messages are no pong', () => {
            beConnected();
            tick(30 * SECOND);
            socket().hear(said('ben', 'hi'));
            tick(10 * SECOND);
            assert.equal(chat.state, 'reconnecting');
        });

        it('what a dead connection still brings is not heard', () => {
            beConnected();
            const dead = socket();
            tick(30 * SECOND);
            tick(10 * SECOND);
            assert.deepEqual([dead.onmessage, dead.onclose], [null, null]);
        });
    });

    describe('what is said', () => {
        it('goes out at once while connected', () => {
            beConnected();
            const message = chat.send('hello');
            assert.deepEqual(socket().said, [JSON.stringify({ message })]);
        });

        it('is told when it comes back, as our own', () => {
            beConnected();
            chat.send('hello');
            assert.deepEqual(texts(), []);
            socket().hear(socket().said[0]);
            assert.deepEqual(texts(), ['hello']);
            assert.equal(told.at(-1).isOwn, true);
            assert.deepEqual(chat.unsent, []);
        });

        it('is kept while away and sent on return, in order, once', () => {
            beConnected();
            socket().lose();
            ['one', 'two', 'three'].forEach((text) => chat.send(text));
            tick(SECOND);
            socket().welcome();
            const sent = socket().said.map((frame) => JSON.parse(frame).message.message);
            assert.deepEqual(sent, ['one', 'two', 'three']);
            socket().hear(...socket().said);
            socket().lose();
            tick(SECOND);
            socket().welcome();
            assert.deepEqual(socket().said, []);
        });

        it('is kept before the first connection, too', () => {
            chat.send('early');
            beConnected();
            assert.equal(socket().said.length, 1);
        });

        it('waits for the history, so as not to be sent twice', () => {
            beConnected();
            chat.send('was it heard?');
            const [frame] = socket().said;
            socket().lose();
            tick(SECOND);
            socket().welcome([said('ben', 'yes'), frame]);
            assert.deepEqual(socket().said, []);
            assert.deepEqual(texts(), ['yes', 'was it heard?']);
            assert.deepEqual(chat.unsent, []);
        });

        it('is sent again where the history does not have it', () => {
            beConnected();
            chat.send('was it heard?');
            const first = socket().said;
            socket().lose();
            tick(SECOND);
            socket().welcome([said('ben', 'no')]);
            assert.deepEqual(socket().said, first);
        });

        it('is sent again when it does not come back', () => {
            beConnected();
            chat.send('hello?');
            tick(10 * SECOND);
            assert.equal(socket().said.length, 2);
            socket().hear(socket().said[0]);
            tick(10 * SECOND);
            assert.equal(socket().said.length, 2);
        });

        it('is shown once, however often it comes back', () => {
            beConnected();
            chat.send('hello');
            const [frame] = socket().said;
            socket().hear(frame, frame);
            assert.deepEqual(texts(), ['hello']);
        });

        it('is held while the gateway cannot publish, and said again later, in order', () => {
            beConnected();
            chat.send('one');
            socket().hear({ error: { code: 503, message: 'not sent: try again later' } });
            chat.send('two');
            assert.equal(socket().said.length, 1);
            tick(SECOND);
            const sent = socket().said.map((frame) => JSON.parse(frame).message.message);
            assert.deepEqual(sent, ['one', 'one', 'two']);
        });

        it('is held, too, when the user sends too much at once', () => {
            beConnected();
            chat.send('one');
            socket().hear({ error: { code: 429, message: 'not sent: too many messages' } });
            chat.send('two');
            tick(SECOND);
            const sent = socket().said.map((frame) => JSON.parse(frame).message.message);
            assert.deepEqual(sent, ['one', 'one', 'two']);
        });

        it('is held ever longer while the gateway cannot publish', () => {
            beConnected();
            chat.send('one');
            const refuse = () => socket().hear('pong', { error: { code: 503, message: 'no' } });
            refuse();
            for (const [i, seconds] of [1, 2, 4, 8, 16, 30, 30].entries()) {
                tick(seconds * SECOND - 1);
                assert.equal(socket().said.length, i + 1, `before ${seconds} s`);
                tick(1);
                assert.equal(socket().said.length, i + 2, `after ${seconds} s`);
                refuse();
            }
        });

        it('has failed when the gateway refuses it', () => {
            beConnected();
            chat.send('hello');
            socket().hear({ error: { code: 403, message: "userid is not the token's" } });
            assert.deepEqual(
                told.map(({ type }) => type),
                ['refused', 'failed'],
            );
            assert.deepEqual(chat.unsent, []);
        });

        it('has failed when the connection is closed for it', () => {
            beConnected();
            chat.send('hello');
            socket().lose(1009, 'message too big');
            chat.send('next');
            tick(SECOND);
            socket().welcome();
            assert.deepEqual(
                socket().said.map((frame) => JSON.parse(frame).message.message),
                ['next'],
            );
            assert.equal(told[0].type, 'failed');
        });

        it('is refused when too much waits already', () => {
            create({ unsentMax: 3 });
            for (let i = 0; i < 3; i++) chat.send(`${i}`);
            assert.throws(() => chat.send('3'), RangeError);
        });

        it('is refused when it is too long for the gateway', () => {
            assert.throws(() => chat.send('ü'.repeat(MESSAGE_BYTES_MAX / 2)), RangeError);
            assert.deepEqual(chat.unsent, []);
        });

        it('has no lone halves of characters and no NUL in it', () => {
            assert.equal(chat.send('a\ud800b\0c').message, 'a\ufffdbc');
        });

        it('has a time of its own, though the clock stands still', () => {
            const times = Array.from({ length: 50 }, () => chat.send('same').time);
            assert.equal(new Set(times).size, 50);
            assert.deepEqual(times.toSorted(), times);
        });
    });

    describe('what is heard', () => {
        const old = [said('ben', 'a'), said('ben', 'b'), said('ben', 'c')];

        it('the history comes first and is marked as such', () => {
            beConnected(old);
            socket().hear(said('ben', 'd'));
            assert.deepEqual(texts(), ['a', 'b', 'c', 'd']);
            assert.deepEqual(
                told.map(({ isHistory }) => isHistory),
                [true, true, true, false],
            );
        });

        it('a reconnect tells only what is new in the history', () => {
            beConnected(old);
            socket().hear(said('ben', 'd'));
            socket().lose();
            tick(SECOND);
            socket().welcome([...old.slice(1), said('ben', 'd'), said('ben', 'e')]);
            assert.deepEqual(texts(), ['a', 'b', 'c', 'd', 'e']);
        });

        it('a history with nothing known in it is told whole', () => {
            beConnected(old);
            socket().lose();
            tick(SECOND);
            socket().welcome([said('ben', 'x'), said('ben', 'y')]);
            assert.deepEqual(texts(), ['a', 'b', 'c', 'x', 'y']);
        });

        it('others may repeat themselves, word for word', () => {
            const ok = said('ben', 'ok');
            beConnected([ok]);
            socket().hear(ok);
            socket().lose();
            tick(SECOND);
            socket().welcome([ok, ok, ok]);
            assert.deepEqual(texts(), ['ok', 'ok', 'ok']);
        });

        it('what was missed in the middle is told, what was heard after it is not', () => {
            beConnected([said('ben', 'a')]);
            socket().hear(said('ben', 'c'));
            socket().lose();
            tick(SECOND);
            socket().welcome(['a', 'b', 'c', 'd'].map((text) => said('ben', text)));
            assert.deepEqual(texts(), ['a', 'c', 'b', 'd']);
        });

        it('what another client of this kind says twice is told once', () => {
            const frame = said('ben', 'hi', '2030-01-01T00:00:00.000123Z');
            beConnected();
            socket().hear(frame, frame);
            assert.deepEqual(texts(), ['hi']);
        });

        it('frames of backends with a shape of their own are counted and told apart', () => {
            beConnected(['{"score":1}', 'not json', '5', said('ben', 'hi')]);
            assert.deepEqual(
                told.map(({ type }) => type),
                ['data', 'data', 'data', 'message'],
            );
            assert.equal(chat.state, 'connected');
        });

        it('who is there, who comes and who goes is told', () => {
            beConnected();
            socket().hear({ users: [{ userid: 'ann' }] }, { online: { userid: 'ben' } });
            socket().hear({ offline: { userid: 'ben' } }, { count: { users: 5000 } });
            assert.deepEqual(
                told.map(({ type }) => type),
                ['users', 'online', 'offline', 'count'],
            );
        });
    });

    describe('the end', () => {
        it('close() leaves no socket, no timer and no listener', () => {
            beConnected();
            chat.send('hello');
            chat.close();
            assert.equal(chat.state, 'disconnected');
            assert.equal(socket().isOpen, false);
            const sent = socket().sent.length;
            globalThis.page.dispatchEvent(new Event('online'));
            tick(10 * MINUTE);
            assert.deepEqual([FakeSocket.all.length, socket().sent.length], [1, sent]);
        });

        it('close() while waiting for the next attempt ends it, too', () => {
            beConnected();
            socket().lose();
            chat.close();
            tick(10 * MINUTE);
            assert.equal(FakeSocket.all.length, 1);
            assert.deepEqual(states, [
                'connecting',
                'connected',
                'reconnecting',
                'disconnected',
            ]);
        });

        it('a page that is hidden for good leaves nothing behind', () => {
            beConnected();
            globalThis.page.dispatchEvent(
                Object.assign(new Event('pagehide'), { persisted: false }),
            );
            assert.equal(chat.state, 'disconnected');
            globalThis.page.dispatchEvent(new Event('pageshow'));
            tick(10 * MINUTE);
            assert.equal(FakeSocket.all.length, 1);
        });

        it('a page that the browser kept comes back when it is shown', () => {
            beConnected();
            globalThis.page.dispatchEvent(
                Object.assign(new Event('pagehide'), { persisted: true }),
            );
            assert.equal(socket().isOpen, false);
            globalThis.page.dispatchEvent(new Event('pageshow'));
            socket().welcome();
            assert.equal(chat.state, 'connected');
        });

        it('can be connected again after close()', () => {
            beConnected();
            chat.close();
            beConnected();
            assert.equal(chat.state, 'connected');
        });
    });
});
