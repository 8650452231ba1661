/*
 * report - all that was measured, as tables for the terminal, Markdown, and JSON.
 *
 * Results are found under server and scenario: {values: [one array a row], problems}.
 */
import fs from 'node:fs';
import os from 'node:os';
import { figure, markdownTable, median, plainTable } from './table.js';
import { COMMON, OWN } from './scenarios.js';
import { ask, SERVERS } from './servers.js';

const BEGIN = '<!-- tables: begin -->';
const END = '<!-- tables: end -->';

/** Whom the scenarios of OWN are about, in the order of the table's columns. */
export const OWNERS = ['parley', 'before'];

export class Results {
    #found = new Map();

    add(server, scenario, { values, problems }) {
        const key = `${server} ${scenario}`;
        if (!this.#found.has(key)) this.#found.set(key, { values: [], problems: [] });
        const entry = this.#found.get(key);
        values.forEach((value, row) => (entry.values[row] ??= []).push(value));
        entry.problems.push(...problems);
    }

    median(server, scenario, row = 0) {
        const values = this.#found.get(`${server} ${scenario}`)?.values[row];
        return values && median(values);
    }

    /** [['nats light', 'lost 3'], …] */
    get problems() {
        return [...this.#found].flatMap(([key, { problems }]) =>
            problems.map((problem) => [key, problem]),
        );
    }

    toJSON() {
        return Object.fromEntries(this.#found);
    }
}

/** Servers down, scenarios across; every figure beside the floor of the same run. */
function commonRows(results, servers, scenarios) {
    const heads = scenarios.map((name) => COMMON[name].rows[0].title);
    const cell = (server, name) => {
        const { rows, hasFloor } = COMMON[name];
        const floor = hasFloor && results.median('floor', name);
        return figure(results.median(server, name), rows[0].unit, floor);
    };
    const lines = servers.map((server) => [
        SERVERS[server].title,
        ...scenarios.map((name) => cell(server, name)),
    ]);
    return [['deliveries per CPU second', ...heads], ...lines];
}

/** Figures across: this build, and the one before where there is one. */
function ownRows(results, servers, scenarios) {
    const owners = OWNERS.filter((server) => servers.includes(server));
    const lines = scenarios.flatMap((name) =>
        OWN[name].rows.map(({ title, unit }, row) => [
            title,
            ...owners.map((server) => figure(results.median(server, name, row), unit)),
        ]),
    );
    const heads = owners.length > 1 ? ['now', 'before'] : [''];
    return [['Parley', ...heads], ...lines];
}

/** The tables there is something for. */
export function tables(results, { servers, scenarios }) {
    const common = scenarios.filter((name) => name in COMMON);
    const own = scenarios.filter((name) => name in OWN);
    return [
        ...(common.length ? [commonRows(results, servers, common)] : []),
        ...(own.length && servers.includes('parley') ? [ownRows(results, servers, own)] : []),
    ];
}

function machine() {
    const memory = Math.round(os.totalmem() / 2 ** 30);
    return `${os.cpus().length} cores, ${memory} GiB, Linux ${os.release().split('-')[0]}`;
}

function notes(results, { servers, runs, seconds }) {
    const date = new Date().toISOString().slice(0, 10);
    const redis = ask('redis-server', '--version').match(/v=([\d.]+)/)?.[1];
    const versions = servers.map(
        (name) => `- ${SERVERS[name].title.replaceAll('*', '')}: ${SERVERS[name].version()}`,
    );
    const troubles = results.problems.map(([key, problem]) => `- ${key}: ${problem}`);
    return [
        `${date}, ${machine()}, Redis ${redis}. ${runs === 1 ? 'One round' : `Medians of ${runs} rounds`}, ${seconds} s of messages each.`,
        versions.join('\n'),
        ...(troubles.length ? [`Not all went well:\n\n${troubles.join('\n')}`] : []),
    ];
}

export function printTables(results, settings) {
    for (const rows of tables(results, settings)) console.log(`\n${plainTable(rows)}`);
    for (const [key, problem] of results.problems) console.log(`! ${key}: ${problem}`);
}

/** A file that has the two marks gets the tables between them and stays as it is otherwise. */
export function writeMarkdown(file, results, settings) {
    const parts = [
        ...tables(results, settings).map(markdownTable),
        ...notes(results, settings),
    ];
    const text = parts.join('\n\n');
    const old = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
    const [before, after] = [old.indexOf(BEGIN), old.indexOf(END)];
    const isMarked = before >= 0 && after > before;
    const whole = isMarked
        ? `${old.slice(0, before)}${BEGIN}\n\n${text}\n\n${old.slice(after)}`
        : `${text}\n`;
    fs.writeFileSync(file, whole);
}
