/*
 * messages - the list of what was said: who, when, text, links; days between them, and notes.
 *
 * Everything that comes from others is put in as text or as an address that was looked at;
 * no field can become markup. The list is bounded: the oldest go first.
 */
const ITEMS_MAX = 1000;
const GROUP_MS = 5 * 60_000; // of one author's messages under one name
const AT_END_PX = 60;
const IMAGE_BYTES_MAX = 1 << 20; // greater ones are links only
const IMAGE_NAME = /\.(png|jpe?g|gif|webp)$/i;

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
});

export function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
}

/** A colour of one's own, the same on every screen. */
export function hueOf(user) {
    let hash = 0;
    for (const character of String(user)) hash = (hash * 31 + character.codePointAt(0)) % 360;
    return hash;
}

export function avatar(user) {
    const [initial = '?'] = String(user).trim();
    const made = element('span', 'avatar', initial.toUpperCase());
    made.setAttribute('aria-hidden', 'true');
    made.style.setProperty('--hue', hueOf(user));
    return made;
}

/** The moment that a client's time means; null: it has a form of its own. */
function dateOf(time) {
    if (typeof time !== 'string' || !/^\d{4}-\d\d-\d\dT/.test(time)) return null;
    const date = new Date(time.replace(/(\.\d{3})\d*/, '$1'));
    return Number.isNaN(date.getTime()) ? null : date;
}

const dayOf = (date) => {
    const days = Math.round(
        (new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86_400_000,
    );
    return days === 0 ? 'Today' : days === 1 ? 'Yesterday' : weekday.format(date);
};

/** A link that is a web address; null for all that is not. */
function addressOf(link) {
    try {
        const url = new URL(link, location.href);
        return /^https?:$/.test(url.protocol) ? url : null;
    } catch {
        return null;
    }
}

function anchor(url, text, className) {
    const made = element('a', className, text);
    made.href = url.href;
    made.target = '_blank';
    made.rel = 'noopener noreferrer';
    return made;
}

/** The text with its web addresses as links. */
function linked(text) {
    const made = element('span', 'text');
    for (const [i, part] of String(text ?? '')
        .split(/(https?:\/\/[^\s<>"]+)/)
        .entries()) {
        const url = i % 2 ? addressOf(part) : null;
        made.append(url ? anchor(url, part) : part);
    }
    return made;
}

const nameOf = (url) => {
    const last = url.pathname.split('/').pop();
    try {
        return decodeURIComponent(last) || url.host;
    } catch {
        return last;
    }
};

/** Of our own files only, and once its size is known. */
async function showImage(bubble, url, onSize) {
    if (url.origin !== location.origin || !IMAGE_NAME.test(url.pathname)) return;
    const answer = await fetch(url, { method: 'HEAD' }).catch(() => null);
    if (!answer?.ok || Number(answer.headers.get('Content-Length')) > IMAGE_BYTES_MAX) return;
    const image = element('img');
    image.alt = nameOf(url);
    image.addEventListener('load', onSize);
    image.addEventListener('error', () => image.remove());
    image.src = url.href;
    bubble.prepend(image);
}

export class MessageList {
    #waiting = new Map(); // our own, not heard yet: frame -> item
    #last = null; // {user, at, day} of the last message shown

    /** latest: the button that leads to the end. */
    constructor({ list, scroll, latest }) {
        this.list = list;
        this.scroll = scroll;
        this.latest = latest;
        latest.addEventListener('click', () => this.#toEnd());
        scroll.addEventListener('scroll', () => {
            if (this.#isAtEnd()) latest.hidden = true;
        });
    }

    clear() {
        this.list.replaceChildren();
        this.#waiting.clear();
        this.#last = null;
        this.latest.hidden = true;
    }

    /** Heard from the channel; takes the place of our own that waited. */
    add({ message, frame, isHistory }, isOwn) {
        this.#waiting.get(frame)?.remove();
        this.#waiting.delete(frame);
        this.scroll.setAttribute('aria-live', isHistory ? 'off' : 'polite');
        const date = dateOf(message.time);
        this.#beginDay(date);
        const item = this.#item(message, date, isOwn);
        const at = date?.getTime() ?? Date.now();
        const isSame = this.#last?.user === message.userid && at - this.#last.at < GROUP_MS;
        item.classList.toggle('same', isSame);
        this.#last = { ...this.#last, user: message.userid, at };
        this.#insert(item, isOwn);
    }

    /** Our own, on its way. */
    addWaiting(message, frame) {
        const item = this.#item(message, dateOf(message.time), true);
        item.classList.add('waiting');
        item.querySelector('.fate').textContent = 'Sending…';
        this.#waiting.set(frame, item);
        this.list.append(item);
        this.#toEnd();
    }

    fail(frame, reason) {
        const item = this.#waiting.get(frame);
        if (!item) return;
        item.classList.replace('waiting', 'failed');
        item.querySelector('.fate').textContent = `Not sent: ${reason}`;
    }

    note(text) {
        this.#last = this.#last && { ...this.#last, user: null };
        this.#insert(element('li', 'note', text), false);
    }

    #item(message, date, isOwn) {
        const item = element('li', isOwn ? 'message own' : 'message');
        const who = element('span', 'who', message.userid);
        who.style.setProperty('--hue', hueOf(message.userid));
        const bubble = element('div', 'bubble');
        const when = element('time', 'when', date ? clock.format(date) : (message.time ?? ''));
        if (date) when.dateTime = date.toISOString();
        const url = message.filelink ? addressOf(message.filelink) : null;
        const name = url && nameOf(url);
        if (message.message && message.message !== name) bubble.append(linked(message.message));
        if (url) bubble.append(anchor(url, `↓ ${name}`, 'file'));
        else if (message.filelink) bubble.append(element('span', 'text', message.filelink));
        bubble.append(when, element('span', 'fate'));
        item.append(avatar(message.userid), who, bubble);
        if (url) {
            const isFollowed = this.#isAtEnd();
            showImage(bubble, url, () => isFollowed && this.#toEnd());
        }
        return item;
    }

    #beginDay(date) {
        const day = date ? dayOf(date) : this.#last?.day;
        if (!day || day === this.#last?.day) return;
        this.#last = { user: null, at: 0, day };
        this.#insert(element('li', 'day', day), false);
    }

    /** Before our own that wait, since they have no place in the channel yet. */
    #insert(item, isOwn) {
        const follows = isOwn || this.#isAtEnd();
        const [first = null] = this.#waiting.values();
        this.list.insertBefore(item, first);
        while (this.list.childElementCount > ITEMS_MAX) this.list.firstElementChild.remove();
        if (follows) this.#toEnd();
        else this.latest.hidden = false;
    }

    #isAtEnd() {
        const { scrollHeight, scrollTop, clientHeight } = this.scroll;
        return scrollHeight - scrollTop - clientHeight < AT_END_PX;
    }

    #toEnd() {
        this.scroll.scrollTop = this.scroll.scrollHeight;
        this.latest.hidden = true;
    }
}
