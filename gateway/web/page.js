/*
 * page - the chat page: a door to pick name and channel at, and the room behind it.
 *
 * Puts the client (luchat.js) and the parts of the page together; knows no details of either.
 * A token, where the gateway wants one, is given behind the page's #: /#token=...
 */
import { LuChat } from './luchat.js';
import { MessageList } from './messages.js';
import { Roster } from './roster.js';
import { Uploads } from './uploads.js';

const $ = (id) => document.getElementById(id);

const ADJECTIVES = ['Quiet', 'Brave', 'Merry', 'Swift', 'Gentle', 'Clever', 'Sunny', 'Lucky'];
const ANIMALS = ['Otter', 'Heron', 'Badger', 'Lynx', 'Robin', 'Hare', 'Marten', 'Finch'];
const DEFAULT_CHANNEL = 'lobby';

const STATES = {
    connecting: 'Connecting',
    connected: 'Connected',
    reconnecting: 'Reconnecting',
    disconnected: 'Disconnected',
};

const messages = new MessageList({
    list: $('messages'),
    scroll: $('scroll'),
    latest: $('latest'),
});
const roster = new Roster({
    list: $('roster'),
    counts: document.querySelectorAll('.people-count'),
    onNote: (text) => messages.note(text),
});
const uploads = new Uploads($('uploads'));

let chat = null;
let channel = DEFAULT_CHANNEL;
let countdown = null;

// ------------------------------------------------------------------------- remembering

/** Storage that may be forbidden. */
const store = {
    get(where, key) {
        try {
            return window[where].getItem(`parley.${key}`);
        } catch {
            return null;
        }
    },
    set(where, key, value) {
        try {
            if (value === null) window[where].removeItem(`parley.${key}`);
            else window[where].setItem(`parley.${key}`, value);
        } catch {
            // then it is asked for again
        }
    },
};

const pick = (words) => words[Math.floor(Math.random() * words.length)];
const inviteName = () => `${pick(ADJECTIVES)} ${pick(ANIMALS)}`;
const asked = () => new URLSearchParams(location.search).get('channel');
const token = () => new URLSearchParams(location.hash.slice(1)).get('token');

// --------------------------------------------------------------------------- the state

function showCountdown(retryAt) {
    clearInterval(countdown);
    $('countdown').textContent = '';
    if (retryAt === null) return;
    const show = () => {
        const left = Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
        $('countdown').textContent = `in ${left} s`;
    };
    countdown = setInterval(show, 250);
    show();
}

function onState({ detail }) {
    const { state, retryAt = null, isFinal, reason } = detail;
    $('connection').dataset.state = state;
    $('state').textContent = STATES[state];
    $('node').textContent = chat.node ?? '';
    $('retry').hidden = !(retryAt !== null || state === 'disconnected');
    showCountdown(retryAt);
    if (state === 'connected') $('trouble').textContent = '';
    if (isFinal && reason)
        $('trouble').textContent = `The gateway ended the connection: ${reason}`;
}

function onHello({ detail: hello }) {
    roster.expect(chat.user.userid);
    uploads.setLimits(hello.files);
    $('attach').hidden = !uploads.isOn;
    $('file').accept = uploads.accept;
}

function onMessage({ detail }) {
    messages.add(detail, String(detail.message.userid) === chat.user.userid);
}

function onService({ detail: { state } }) {
    const isWell = state === 'restored';
    $('trouble').textContent = isWell ? '' : 'The gateway has a problem: messages may be late.';
}

function onRefused({ detail: { code, message } }) {
    if (code !== 503) $('trouble').textContent = message;
}

// ---------------------------------------------------------------------- door and room

function showDoor() {
    $('room').hidden = true;
    $('door').hidden = false;
    $('name').value = store.get('localStorage', 'name') ?? inviteName();
    $('channel').value = asked() ?? channel;
    $('name').focus();
    $('name').select();
}

function enter(name) {
    store.set('localStorage', 'name', name);
    store.set('sessionStorage', 'channel', channel);
    const address = new URL(location.href);
    address.searchParams.set('channel', channel);
    history.replaceState(null, '', address);
    document.title = `${channel} · Parley`;
    $('title').textContent = channel;
    $('door').hidden = true;
    $('room').hidden = false;
    messages.clear();
    roster.clear();
    chat = new LuChat('/ws', {
        channel,
        user: { userid: name },
        token: token(),
        attempts: Infinity,
    });
    chat.addEventListener('state', onState);
    chat.addEventListener('hello', onHello);
    chat.addEventListener('message', onMessage);
    chat.addEventListener('users', ({ detail }) => roster.replace(detail.users));
    chat.addEventListener('online', ({ detail }) => roster.join(detail.user));
    chat.addEventListener('offline', ({ detail }) => roster.leave(detail.user));
    chat.addEventListener('count', ({ detail }) => roster.recount(detail.users));
    chat.addEventListener('failed', ({ detail }) => messages.fail(detail.frame, detail.reason));
    chat.addEventListener('service', onService);
    chat.addEventListener('refused', onRefused);
    chat.connect();
    $('text').focus();
}

$('join').addEventListener('submit', (event) => {
    event.preventDefault();
    const name = $('name').value.trim();
    channel = $('channel').value.trim();
    const isChannel = channel && !/[\s{}]/.test(channel);
    $('join-error').textContent = !name
        ? 'Please pick a name.'
        : isChannel
          ? ''
          : 'A channel’s name has no spaces and no braces.';
    if (name && isChannel) enter(name);
});

$('leave').addEventListener('click', () => {
    chat.close();
    $('trouble').textContent = '';
    store.set('sessionStorage', 'channel', null);
    showDoor();
});

$('retry').addEventListener('click', () => chat.retryNow());

$('people-button').addEventListener('click', () => {
    const isOpen = $('people').classList.toggle('open');
    $('people-button').setAttribute('aria-expanded', isOpen);
});

// ------------------------------------------------------------------------- composing

function say(text) {
    try {
        const message = chat.send(text);
        messages.addWaiting(message, JSON.stringify({ message }));
        $('trouble').textContent = '';
        $('text').value = '';
    } catch (error) {
        $('trouble').textContent = `Not sent: ${error.message}`;
    }
}

$('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    const text = $('text').value.trim();
    if (text) say(text);
    $('text').focus();
});

$('text').addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    $('composer').requestSubmit();
});

// ------------------------------------------------------------------------------ files

function sendFiles(files) {
    const to = { channel, userid: chat.user.userid };
    for (const file of files) uploads.send(file, to, token());
}

$('attach').addEventListener('click', () => $('file').click());
$('file').addEventListener('change', () => {
    sendFiles($('file').files);
    $('file').value = '';
});
$('text').addEventListener('paste', ({ clipboardData }) => {
    if (uploads.isOn && clipboardData.files.length) sendFiles(clipboardData.files);
});

const bringsFiles = ({ dataTransfer }) =>
    !$('room').hidden && uploads.isOn && dataTransfer?.types.includes('Files');

addEventListener('dragover', (event) => {
    if (!bringsFiles(event)) return;
    event.preventDefault();
    $('drop').hidden = false;
});
addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) $('drop').hidden = true;
});
addEventListener('drop', (event) => {
    $('drop').hidden = true;
    if (!bringsFiles(event)) return;
    event.preventDefault();
    sendFiles(event.dataTransfer.files);
});

// ------------------------------------------------------------------------------ start

channel = asked() ?? DEFAULT_CHANNEL;
const lastName = store.get('localStorage', 'name');
if (lastName && store.get('sessionStorage', 'channel') === channel)
    enter(lastName); // a reload
else showDoor();
