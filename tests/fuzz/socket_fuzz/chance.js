/*
 * chance - what is drawn follows from a seed, so that it can be drawn again.
 */

export class Chance {
    #state;

    constructor(seed) {
        this.#state = seed >>> 0;
        for (let i = 0; i < 4; i++) this.next(); // neighbours among seeds shall differ at once
    }

    /** 0 to 2^32 - 1. (mulberry32) */
    next() {
        this.#state = (this.#state + 0x6d2b79f5) >>> 0;
        let mixed = this.#state;
        mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return (mixed ^ (mixed >>> 14)) >>> 0;
    }

    /** 0 to below - 1. */
    below(below) {
        return this.next() % below;
    }

    between(first, last) {
        return first + this.below(last - first + 1);
    }

    /** true once in so many times. */
    oneIn(times) {
        return this.below(times) === 0;
    }

    pick(list) {
        return list[this.below(list.length)];
    }

    /** So many of what make gives. */
    some(first, last, make) {
        return Array.from({ length: this.between(first, last) }, make);
    }

    bytes(length) {
        return Buffer.from(Array.from({ length }, () => this.below(256)));
    }

    /** A length at which something may happen. */
    length() {
        const edge = this.pick([
            0, 1, 2, 16, 125, 126, 127, 128, 255, 256, 512, 1024, 4096, 16_384, 65_535, 65_536,
        ]);
        return this.oneIn(3) ? Math.max(0, edge + this.between(-2, 2)) : this.below(200);
    }

    /** The same bytes with something wrong. */
    mutate(bytes) {
        let mutated = Buffer.from(bytes);
        for (let i = this.between(1, 3); i > 0; i--) mutated = this.#mutateOnce(mutated);
        return mutated;
    }

    #mutateOnce(bytes) {
        const at = this.below(bytes.length + 1);
        const behind = Math.min(bytes.length, at + this.between(1, 8));
        const parts = (middle) =>
            Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(behind)]);
        switch (this.below(6)) {
            case 0:
                return parts(Buffer.alloc(0));
            case 1:
                return parts(this.bytes(behind - at));
            case 2:
                return Buffer.concat([
                    bytes.subarray(0, at),
                    this.bytes(this.between(1, 4)),
                    bytes.subarray(at),
                ]);
            case 3:
                return Buffer.concat([bytes.subarray(0, behind), bytes.subarray(at)]);
            case 4:
                return bytes.subarray(0, at);
            default: {
                const flipped = Buffer.from(bytes);
                if (at < flipped.length) flipped[at] ^= 1 << this.below(8);
                return flipped;
            }
        }
    }
}
