/*
 * numbered - publishers who count, and what subscribers make of it: nothing missing, nothing
 * twice, everything in order.
 */
import assert from 'node:assert/strict';

const OUTSTANDING = 8;

/** The numbers from..to. */
export const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/**
 * Publishes 1, 2, 3… with a few always on their way; stop() ends it and tells the last.
 * publish(n) settles when n is acknowledged, and tries again itself if it has to. With one
 * outstanding at a time the numbers keep their order, whatever happens on the way.
 */
export function count(publish, outstanding = OUTSTANDING) {
    let isOver = false;
    let last = 0;
    const worker = async () => {
        while (!isOver) await publish(++last);
    };
    const working = Promise.all(Array.from({ length: outstanding }, worker));
    working.catch(() => {});
    return {
        async stop() {
            isOver = true;
            await working;
            return last;
        },
    };
}

/** Fails unless the numbers are 1…last, each once; order as they came. */
export function assertAllOnce(numbers, last) {
    const sorted = [...numbers].sort((a, b) => a - b);
    const seen = new Set(numbers);
    const missing = range(1, last).filter((n) => !seen.has(n));
    const twice = sorted.filter((n, i) => n === sorted[i - 1]);
    assert.deepEqual({ missing, twice }, { missing: [], twice: [] });
}

/** Fails unless the offsets are first, first + 1, … */
export function assertNoGap(publications) {
    const jumps = publications
        .filter(({ offset }, i) => i > 0 && offset !== publications[i - 1].offset + 1)
        .map(({ offset }) => offset);
    assert.deepEqual(jumps, [], 'offsets that do not follow the one before');
}
