/*
 * roster - who is online, and a word when somebody comes or goes.
 *
 * The list that answers our own online is the truth at that moment; after a reconnect it
 * replaces what was shown, without a word for each.
 */
import { avatar, element } from './messages.js';

const SHOWN_MAX = 500;

const byName = new Intl.Collator();

export class Roster {
    #users = new Map(); // userid -> user
    #isKnown = false; // has the list come since we (re)connected?

    constructor({ list, counts, onNote }) {
        this.list = list;
        this.counts = counts;
        this.onNote = onNote;
    }

    /** A new connection: a list is on its way. */
    expect(self) {
        this.self = self;
        this.#isKnown = false;
    }

    clear() {
        this.#users.clear();
        this.#show();
    }

    replace(users) {
        this.#users = new Map(users.map((user) => [String(user.userid), user]));
        this.#isKnown = true;
        this.#show();
    }

    /** In a big channel there are only counts, and nobody is named who comes or goes. */
    recount(users) {
        for (const count of this.counts) count.textContent = users;
    }

    join(user) {
        const id = String(user.userid);
        const isNew = !this.#users.has(id);
        this.#users.set(id, user);
        this.#show();
        if (isNew && this.#isKnown && id !== this.self) this.onNote(`${id} joined`);
    }

    leave(user) {
        const id = String(user.userid);
        if (!this.#users.delete(id)) return;
        this.#show();
        if (id !== this.self) this.onNote(`${id} left`);
    }

    #show() {
        const ids = [...this.#users.keys()].sort(byName.compare);
        this.recount(ids.length);
        this.list.replaceChildren(...ids.slice(0, SHOWN_MAX).map((id) => this.#item(id)));
        const more = ids.length - SHOWN_MAX;
        if (more > 0) this.list.append(element('li', 'you', `and ${more} more`));
    }

    #item(id) {
        const item = element('li');
        item.append(avatar(id), element('span', 'name', id));
        if (id === this.self) item.append(element('span', 'you', '(you)'));
        return item;
    }
}
