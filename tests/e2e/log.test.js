/*
 * log - the events that parleyd logs: the table of them, and the lines that follow one connection
 * from its first octet to its last.
 */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { PARLEYD, run } from './lib/process.js';

const top = path.resolve(import.meta.dirname, '../..');

const printed = async () => (await run(PARLEYD, ['--print-log-events'])).stdout;

describe('the table of events', () => {
    it('stands in README.md as the program prints it', async () => {
        const readme = fs.readFileSync(path.join(top, 'README.md'), 'utf8');
        const table = await printed();
        assert.ok(table.split('\n').length > 30, table);
        const first = table.split('\n')[0];
        const shown = readme.slice(readme.indexOf(first));
        assert.equal(shown.slice(0, shown.indexOf('\n\n') + 1), table);
    });

    it('has no event that nobody logs', async () => {
        const folder = path.join(top, 'gateway');
        const sources = fs
            .readdirSync(folder, { recursive: true })
            .filter((name) => name.endsWith('.c'))
            .map((name) => fs.readFileSync(path.join(folder, name), 'utf8'))
            .join('\n');
        for (const [, name] of (await printed()).matchAll(/^\| `(\w+)`/gm)) {
            const use = new RegExp(`\\b(log_event\\(${name},|LOG_EVENT_${name}\\b)`);
            assert.match(sources, use);
        }
    });
});
