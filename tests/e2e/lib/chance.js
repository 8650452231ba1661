/*
 * chance - random choices that can be made again: the seed is printed by the test, and
 * PARLEY_SEED repeats it.
 */
export class Chance {
    constructor() {
        this.seed = Number(process.env.PARLEY_SEED) || Math.floor(Math.random() * 2 ** 31);
        this.state = this.seed;
    }

    /** In [0, 1): a linear congruential step, its high bits mixed down. */
    next() {
        this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
        const mixed = Math.imul(this.state ^ (this.state >>> 15), 2246822519) >>> 0;
        return ((mixed ^ (mixed >>> 13)) >>> 0) / 2 ** 32;
    }

    /** A whole number from 0 to n - 1. */
    below(n) {
        return Math.floor(this.next() * n);
    }

    pick(list) {
        return list[this.below(list.length)];
    }

    /** One of the keys of {key: weight}, as often as its weight says. */
    weighted(weights) {
        const entries = Object.entries(weights);
        let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
        return entries.find(([, weight]) => (left -= weight) < 0)[0];
    }
}
