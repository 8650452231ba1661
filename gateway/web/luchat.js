/*
 * luchat - a client of Parley's LuChat dialect, for browsers and for Node 20 or later.
 *
 *   const chat = new LuChat('/ws', { channel: 'lobby', user: { userid: 'ann' } });
 *   chat.addEventListener('message', ({ detail }) => console.log(detail.message));
 *   chat.connect();
 *   chat.send('hello');
 *
 * Events: state, hello, message, users, online, offline, count, service, failed, refused, data; what
 * they carry stands where they are sent, as this.#tell(...).
 *
 * How nothing is lost and nothing shown twice: what is sent stays in #unsent until it comes
 * back from the channel, byte for byte, be it live or in the history after a reconnect; what
 * does not come back is sent again. That is safe because each message has a time of its own,
 * to the microsecond, and the gateway publishes the same userid and time only once in five
 * minutes. The history after a reconnect is laid over what was seen before, and only what is
 * new in it is told.
 */

export const MESSAGE_BYTES_MAX = 65_536; // as the gateway has it, unless told otherwise

const DEFAULTS = {
    channel: 'lobby',
    user: null, // {userid, userphone}: who is online while connected; null: nobody is
    token: null, // where the gateway wants one
    attempts: 5, // to reconnect, one after another; Infinity: never give up
    firstDelayMs: 1_000,
    lastDelayMs: 30_000,
    pingMs: 30_000,
    helloMs: 15_000, // longer than a gateway waits for a token, so that we hear what it says
    answerMs: 10_000, // for a pong, or our own words to come back
    unsentMax: 100,
    WebSocket: globalThis.WebSocket, // Node 20 has none: give the one of the package ws
};

const CLOSE_NORMAL = 1000;
const CLOSE_POLICY = 1008;
/* The gateway closes like this for what was sent: it would do so again. */
const CLOSE_BAD_MESSAGE = [1002, 1003, 1007, 1009];
const SEEN_MIN = 500; // frames remembered, or twice what a history can be if that is more
const JITTER = 0.25; // of a delay, up or down

const encoder = new TextEncoder();

/** Delays and their ends, by name; one of each. */
class Timers {
    #timers = new Map();

    set(name, ms, run) {
        this.clear(name);
        this.#timers.set(
            name,
            setTimeout(() => {
                this.#timers.delete(name);
                run();
            }, ms),
        );
    }

    has(name) {
        return this.#timers.has(name);
    }

    clear(name) {
        clearTimeout(this.#timers.get(name));
        this.#timers.delete(name);
    }

    clearAll() {
        for (const name of [...this.#timers.keys()]) this.clear(name);
    }
}

/** A frame's JSON; null where it has none. */
function parse(frame) {
    try {
        return JSON.parse(frame) ?? {};
    } catch {
        return null;
    }
}

/** What we are called without a token, where others have one: prefix is what the gateway asks. */
function guestName(userid, prefix) {
    if (userid === undefined || !prefix) return userid;
    const name = String(userid);
    return name.startsWith(prefix) ? name : prefix + name;
}

/** Does its time tell a message from all others of its user? */
const isPrecise = (message) => /T\d\d:\d\d:\d\d\.\d{3,}Z$/.test(message?.time);

/** JSON has no lone halves of a character, and the gateway takes no NUL. */
const clean = (text) => new TextDecoder().decode(encoder.encode(text)).replaceAll('\0', '');

export class LuChat extends EventTarget {
    state = 'disconnected'; // connecting | connected | reconnecting | disconnected
    retryAt = null; // when the next attempt is due, in ms as Date.now() has it
    node = null; // which gateway serves us

    #options;
    #socket = null;
    #timers = new Timers();
    #attempt = 0; // failed ones since we were last connected
    #isOver = true; // no reconnect: closed by us, or for good by the gateway
    #unsent = []; // {frame, message, isSent}, oldest first
    #isHeld = false; // the gateway could not publish: what is new waits for the others
    #resendMs = 0;
    #seen = []; // frames of the channel, oldest first
    #history = null; // those of a history that is still coming
    #historyCount = 0;
    #historySize = 0; // how long it can become
    #lastTime = 0;

    constructor(url, options = {}) {
        super();
        this.#options = { ...DEFAULTS, ...options };
        const { channel, token } = this.#options;
        this.url = new URL(url, globalThis.location?.href);
        const isSecure = /^(https|wss):$/.test(this.url.protocol);
        const isPageSecure = globalThis.location?.protocol === 'https:';
        this.url.protocol = isSecure || isPageSecure ? 'wss:' : 'ws:';
        this.url.searchParams.set('channel', channel);
        this.url.searchParams.set('hello', '1');
        if (token) this.url.searchParams.set('token', ''); // it follows in a frame
    }

    get user() {
        return this.#options.user;
    }

    /** Messages that have not come back yet. */
    get unsent() {
        return this.#unsent.map(({ message }) => message);
    }

    connect() {
        if (!this.#isOver) return;
        this.#isOver = false;
        this.#attempt = 0;
        this.#watch(true);
        this.#open('connecting');
    }

    /** The next attempt at once; also after the last one. */
    retryNow() {
        if (this.#isOver) this.connect();
        else if (!this.#socket) this.#open('reconnecting');
    }

    close() {
        this.#end(CLOSE_NORMAL, 'closed');
    }

    /** Says it as soon as there is a connection; gives the message as it will be heard. */
    send(text, more = {}) {
        if (!this.user) throw new TypeError('there is no user to speak as');
        if (this.#unsent.length >= this.#options.unsentMax)
            throw new RangeError(`${this.#unsent.length} messages are waiting already`);
        const message = { ...this.user, message: clean(text), time: this.#newTime(), ...more };
        const frame = JSON.stringify({ message });
        if (encoder.encode(frame).length > MESSAGE_BYTES_MAX)
            throw new RangeError(`a message is at most ${MESSAGE_BYTES_MAX} bytes long`);
        const entry = { frame, message, isSent: false };
        this.#unsent.push(entry);
        if (this.#isReady() && !this.#isHeld) this.#say(entry);
        return message;
    }

    // ------------------------------------------------------------------ connection

    #tell(type, detail) {
        this.dispatchEvent(new CustomEvent(type, { detail }));
    }

    #setState(state, detail = {}) {
        this.state = state;
        this.retryAt = detail.retryAt ?? null;
        if (state !== 'connected') this.node = null;
        this.#tell('state', { state, attempt: this.#attempt, ...detail });
    }

    #isReady() {
        return this.state === 'connected' && !this.#history;
    }

    #open(state) {
        const { WebSocket, helloMs } = this.#options;
        this.#timers.clearAll();
        this.#history = null;
        const socket = new WebSocket(this.url.href);
        this.#socket = socket;
        socket.onopen = () => this.#showToken();
        socket.onmessage = ({ data }) => this.#hear(data);
        socket.onclose = ({ code, reason }) => this.#lost(code, reason);
        socket.onerror = () => {}; // a close follows
        this.#timers.set('answer', helloMs, () => this.#abandon('no hello'));
        this.#setState(state);
    }

    /** In a frame of its own, since addresses are written down on their way. */
    #showToken() {
        const { token } = this.#options;
        if (token) this.#socket.send(JSON.stringify({ token }));
    }

    /** The connection is dead, whatever the socket believes. */
    #abandon(reason) {
        this.#forgetSocket();
        this.#lost(1006, reason);
    }

    #forgetSocket() {
        const socket = this.#socket;
        if (!socket) return;
        this.#socket = null;
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close(CLOSE_NORMAL);
    }

    #lost(code, reason) {
        this.#socket = null;
        this.#timers.clearAll();
        if (CLOSE_BAD_MESSAGE.includes(code)) this.#failSent(reason);
        this.#unsent.forEach((entry) => (entry.isSent = false));
        if (code === CLOSE_NORMAL || code === CLOSE_POLICY) this.#end(code, reason);
        else if (this.#attempt >= this.#options.attempts) this.#giveUp(code, reason);
        else this.#retryLater(code, reason);
    }

    #retryLater(code, reason) {
        const { firstDelayMs, lastDelayMs } = this.#options;
        const delay = Math.min(firstDelayMs * 2 ** this.#attempt, lastDelayMs);
        const jittered = delay * (1 + JITTER * (2 * Math.random() - 1));
        this.#attempt++;
        this.#timers.set('retry', jittered, () => this.#open('reconnecting'));
        this.#setState('reconnecting', { code, reason, retryAt: Date.now() + jittered });
    }

    /** Until retryNow(), or until the browser is back online. */
    #giveUp(code, reason) {
        this.#attempt = 0;
        this.#setState('disconnected', { code, reason, isFinal: false });
    }

    #end(code, reason) {
        const wasOver = this.#isOver;
        this.#isOver = true;
        this.#history = null;
        this.#timers.clearAll();
        this.#forgetSocket();
        this.#watch(false);
        if (!wasOver) this.#setState('disconnected', { code, reason, isFinal: true });
    }

    /** Begun by a message: browsers slow down timers that begin timers in hidden tabs. */
    #pingLater() {
        this.#timers.clear('answer');
        this.#timers.set('ping', this.#options.pingMs, () => this.#ping());
    }

    #ping() {
        this.#socket.send('ping');
        if (!this.#timers.has('answer'))
            this.#timers.set('answer', this.#options.answerMs, () => this.#abandon('no pong'));
    }

    // -------------------------------------------------------------------- the browser

    #watch(isOn) {
        const change = isOn ? 'addEventListener' : 'removeEventListener';
        globalThis[change]?.('online', this.#onOnline);
        globalThis[change]?.('pagehide', this.#onPageHide);
    }

    #onOnline = () => {
        this.#attempt = 0;
        if (this.state === 'connected')
            this.#ping(); // is it still the same network?
        else if (!this.#socket) this.#open('reconnecting');
    };

    /** A page that the browser keeps may be shown again. */
    #onPageHide = ({ persisted }) => {
        this.#end(CLOSE_NORMAL, 'the page is hidden');
        if (persisted) addEventListener('pageshow', () => this.connect(), { once: true });
    };

    // --------------------------------------------------------------- what we are told

    #hear(frame) {
        if (frame === 'pong') return this.#pingLater();
        const data = parse(frame);
        if (this.#history) this.#gather(frame);
        else if (data?.hello) this.#welcome(data.hello);
        else if (data?.message) this.#take(frame, data.message, { isHistory: false });
        else if (data?.users) this.#tell('users', { users: data.users });
        else if (data?.online) this.#tell('online', { user: data.online });
        else if (data?.offline) this.#tell('offline', { user: data.offline });
        else if (data?.count) this.#tell('count', data.count);
        else if (data?.service) this.#tell('service', data.service);
        else if (data?.error) this.#onError(data.error);
        else this.#foreign(frame, data, { isHistory: false });
    }

    #welcome(hello) {
        this.node = hello.node;
        this.#attempt = 0;
        this.#pingLater();
        const userid = hello.user ?? guestName(this.user?.userid, hello.guest);
        if (userid) this.#options.user = { ...this.user, userid };
        this.#historyCount = hello.history;
        this.#historySize = hello.history_size ?? hello.history;
        this.#history = [];
        this.#setState('connected');
        this.#tell('hello', hello);
        if (this.#history?.length === hello.history) this.#merge(); // there is none
    }

    #gather(frame) {
        this.#history.push(frame);
        if (this.#history.length === this.#historyCount) this.#merge();
    }

    /** What is in the history and was seen comes first in it, in the order it was seen. */
    #merge() {
        const history = this.#history;
        const seen = this.#seen.slice(-2 * history.length);
        let from = 0;
        this.#history = null;
        for (const frame of history) {
            const at = seen.indexOf(frame, from);
            if (at >= 0) from = at + 1;
            const data = parse(frame);
            if (at >= 0) this.#confirm(frame);
            else if (data?.message) this.#take(frame, data.message, { isHistory: true });
            else this.#foreign(frame, data, { isHistory: true });
        }
        if (this.user) this.#socket?.send(JSON.stringify({ online: this.user }));
        this.#resend();
    }

    #remember(frame) {
        const most = Math.max(SEEN_MIN, 2 * this.#historySize);
        this.#seen.push(frame);
        if (this.#seen.length > 2 * most) this.#seen.splice(0, most);
    }

    #take(frame, message, detail) {
        const isOwn = this.#confirm(frame);
        if (isPrecise(message) && this.#seen.includes(frame)) return;
        this.#remember(frame);
        this.#tell('message', { message, frame, isOwn, ...detail });
    }

    /** Published by a backend in a shape of its own. */
    #foreign(frame, data, detail) {
        this.#remember(frame);
        this.#tell('data', { data, frame, ...detail });
    }

    #onError({ code, message }) {
        if (message === 'no token is needed') return;
        this.#tell('refused', { code, message });
        if (code === 503 || code === 429) this.#hold();
        else this.#failSent(message);
    }

    // -------------------------------------------------------------------- what we say

    /** Greater from call to call, and unlike those of the user's other tabs. */
    #newTime() {
        this.#lastTime = Math.max(Date.now(), this.#lastTime + 1);
        const micros = String(Math.floor(Math.random() * 1000)).padStart(3, '0');
        return new Date(this.#lastTime).toISOString().replace('Z', `${micros}Z`);
    }

    #say(entry) {
        entry.isSent = true;
        this.#socket.send(entry.frame);
        if (!this.#timers.has('resend'))
            this.#timers.set('resend', this.#options.answerMs, () => this.#resend());
    }

    #resend() {
        this.#isHeld = false;
        this.#timers.clear('resend');
        if (this.#isReady()) this.#unsent.forEach((entry) => this.#say(entry));
    }

    /** All is said again later, in its order. */
    #hold() {
        const { firstDelayMs, lastDelayMs } = this.#options;
        if (this.#isHeld || !this.#unsent.length) return;
        this.#isHeld = true;
        this.#resendMs = Math.min(this.#resendMs * 2 || firstDelayMs, lastDelayMs);
        this.#timers.set('resend', this.#resendMs, () => this.#resend());
    }

    /** It came back; was it ours to wait for? */
    #confirm(frame) {
        const at = this.#unsent.findIndex((entry) => entry.frame === frame);
        if (at < 0) return false;
        this.#unsent.splice(at, 1);
        this.#resendMs = 0;
        if (!this.#unsent.length) this.#timers.clear('resend');
        return true;
    }

    #failSent(reason) {
        const failed = this.#unsent.filter(({ isSent }) => isSent);
        this.#unsent = this.#unsent.filter(({ isSent }) => !isSent);
        for (const { frame, message } of failed)
            this.#tell('failed', { message, frame, reason });
    }
}
