/*
 * checker - what every client saw, against what was acknowledged.
 *
 * Writers number their messages and say the next one when the last is acknowledged, so that a
 * reader has to see 1, 2, 3, ... of each of them: once, in order, and without a hole, unless it was
 * told that something is missing before the hole ends. Users who stay are never said to have left.
 */

/** What one reader saw of all writers. */
export class Reading {
    #last = new Map(); // by writer
    #wasTold = new Map(); // since the last message of the writer

    constructor(name) {
        this.name = name;
        this.problems = [];
        this.heard = 0;
        this.told = 0; // how often it was told of a loss
        this.missed = 0; // and how many messages that was
    }

    hear({ w, n }) {
        const last = this.#last.get(w) ?? 0;
        this.heard++;
        if (n <= last) this.problems.push(`${w}/${n} came after ${w}/${last}`);
        else this.#skip(w, last + 1, n);
        this.#last.set(w, Math.max(n, last));
        this.#wasTold.set(w, false);
    }

    /** Something is missing, of whomever. */
    tell() {
        this.told++;
        for (const w of this.#wasTold.keys()) this.#wasTold.set(w, true);
        this.isTold = true;
    }

    /** All has settled: what was acknowledged is here, or it was told. */
    end(acknowledged) {
        for (const [w, n] of acknowledged) this.#skip(w, (this.#last.get(w) ?? 0) + 1, n + 1);
    }

    hasAll(acknowledged) {
        return [...acknowledged].every(([w, n]) => (this.#last.get(w) ?? 0) >= n);
    }

    /** from..to-1 did not come. */
    #skip(w, from, to) {
        if (from >= to) return;
        const isTold = this.#wasTold.get(w) ?? this.isTold ?? false;
        if (isTold) this.missed += to - from;
        else this.problems.push(`${w}/${from}..${to - 1} never came, and nobody said so`);
    }
}

/** Joins and leaves as one observer was told, of users who are there all the time. */
export class Attendance {
    constructor(name, stayers) {
        this.name = name;
        this.stayers = new Set(stayers);
        this.problems = [];
        this.isWatching = false;
    }

    note(kind, user) {
        if (this.isWatching && this.stayers.has(user))
            this.problems.push(`${kind} of ${user}, who was there all the time`);
    }
}
