/*
 * wait - how the tests wait: for an event, never for time to pass.
 *
 * Every wait has a deadline and says in its error what it was waiting for. Deadlines are
 * generous, since a sanitized build on a busy machine is slow; they cost nothing when met.
 */
export const DEADLINE_MS = 10_000;

/** Settles as promise does, or fails once ms have passed. */
export async function within(promise, what, ms = DEADLINE_MS) {
    let timer;
    const expired = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms);
    });
    try {
        return await Promise.race([promise, expired]);
    } finally {
        clearTimeout(timer);
    }
}

/** Asks check again and again until it gives something true; for state nobody announces. */
export async function eventually(check, what, ms = DEADLINE_MS) {
    const end = Date.now() + ms;
    for (;;) {
        let seen;
        try {
            seen = await check();
            if (seen) return seen;
        } catch (error) {
            seen = error;
        }
        if (Date.now() > end) {
            throw new Error(`not within ${ms} ms: ${what} (last seen: ${seen})`);
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

const textOf = (item) => (typeof item === 'string' ? item : JSON.stringify(item));

/** What somebody sent us, in order of arrival, and a reader who takes it in that order. */
export class Inbox {
    items = [];
    #taken = 0;
    #ended = null;
    #wake = () => {};

    push(item) {
        this.items.push(item);
        this.#wake();
    }

    /** Nothing comes any more; whoever waits is told why. */
    end(why) {
        this.#ended ??= why;
        this.#wake();
    }

    /** The first item not yet taken that matches; those passed over stay in items. */
    async next(matches, what, ms = DEADLINE_MS) {
        const end = Date.now() + ms;
        for (;;) {
            while (this.#taken < this.items.length) {
                const item = this.items[this.#taken++];
                if (matches(item)) return item;
            }
            if (this.#ended)
                throw new Error(`${what} never came: ${this.#ended}${this.#tail()}`);
            const woken = new Promise((resolve) => (this.#wake = resolve));
            await within(woken, what + this.#tail(), Math.max(end - Date.now(), 0));
        }
    }

    #tail() {
        const last = this.items.slice(-5).map((item) => `\n    ${textOf(item).slice(0, 300)}`);
        return last.length
            ? `; the last of ${this.items.length} that came:${last.join('')}`
            : '';
    }
}
