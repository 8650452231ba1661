/*
 * main - the command line of tests/bench/run, and its rounds.
 *
 * A round measures every scenario on every server once, so that a busy minute of the machine
 * falls on all of them and not on one; the tables show medians over the rounds.
 */
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { measure } from './measure.js';
import { OWNERS, printTables, Results, writeMarkdown } from './report.js';
import { COMMON, OWN } from './scenarios.js';
import { SERVERS } from './servers.js';

const SCENARIOS = { ...COMMON, ...OWN };

const HELP = `usage: tests/bench/run [--install] [OPTION...]

  --install          first install the servers to compare with
  --runs N           rounds; the tables show their medians (5)
  --seconds S        of messages, in each measurement (5)
  --servers A,B      only these: ${Object.keys(SERVERS).join(' ')}
  --scenarios A,B    only these: ${Object.keys(SCENARIOS).join(' ')}
                     (hold takes ten minutes a round, and is measured only if named here)
  --markdown FILE    write the tables there as well, with versions; into a file with the marks of
                     tests/bench/README.md between these
  --json FILE        write all figures there
  --smoke            seconds, small, without other servers: does everything arrive?

PARLEYD_BEFORE=PROGRAM measures another build of parleyd ("before") in the same run.

Exit: 0 all went well; 1 Parley or the floor did not; 2 bad arguments.`;

class UsageError extends Error {}

function choose(option, text, all, defaults) {
    if (text === undefined) return defaults;
    const names = text.split(',');
    for (const name of names) {
        if (!(name in all)) throw new UsageError(`--${option}: there is no "${name}"`);
    }
    return Object.keys(all).filter((name) => names.includes(name));
}

function number(option, text, { min, max }) {
    const value = Number(text);
    if (!(value >= min && value <= max))
        throw new UsageError(`--${option}: "${text}" is not a number from ${min} to ${max}`);
    return value;
}

function parse(args) {
    const text = (value) => ({ type: 'string', default: value });
    const flag = { type: 'boolean', default: false };
    try {
        return parseArgs({
            args,
            options: {
                ...{ runs: text('5'), seconds: text('5'), servers: text(), scenarios: text() },
                ...{ markdown: text(), json: text(), smoke: flag, help: flag },
            },
        }).values;
    } catch (error) {
        throw new UsageError(error.message);
    }
}

function settingsOf(args) {
    const given = parse(args);
    const usual = Object.keys(SCENARIOS).filter((name) => !SCENARIOS[name].isLong);
    const known = given.smoke
        ? { servers: ['floor', 'parley', 'parley-memory'], scenarios: ['one-fast'] }
        : { servers: Object.keys(SERVERS), scenarios: usual };
    return {
        ...given,
        runs: Math.trunc(number('runs', given.smoke ? '1' : given.runs, { min: 1, max: 1000 })),
        seconds: number('seconds', given.smoke ? '1' : given.seconds, { min: 0.1, max: 3600 }),
        servers: choose('servers', given.servers, SERVERS, known.servers),
        scenarios: choose('scenarios', given.scenarios, SCENARIOS, known.scenarios),
    };
}

/** Leaves out, with a word, those that are not there. */
function installed(names) {
    return names.filter((name) => {
        if (SERVERS[name].version()) return true;
        const way = name === 'before' ? 'PARLEYD_BEFORE=PROGRAM' : 'tests/bench/run --install';
        console.log(`skipped: ${name} is not there (${way})`);
        return false;
    });
}

/** The floor has no connections to hold, and the rest of OWN is about Parley's cluster. */
function isMeasured(name, scenario) {
    if (scenario in OWN) return OWNERS.includes(name);
    return !SERVERS[name].isFloor || COMMON[scenario].hasFloor;
}

async function round(results, settings, number) {
    for (const scenario of settings.scenarios) {
        for (const name of settings.servers.filter((name) => isMeasured(name, scenario))) {
            console.log(`run ${number} of ${settings.runs}: ${scenario}, ${name}`);
            const result = await measure(SERVERS[name], SCENARIOS[scenario], {
                seconds: settings.seconds,
                isSmoke: settings.smoke,
            });
            results.add(name, scenario, result);
        }
    }
}

async function main(args) {
    const settings = settingsOf(args);
    if (settings.help) {
        console.log(HELP);
        return 0;
    }
    settings.servers = installed(settings.servers);
    const results = new Results();
    for (let i = 1; i <= settings.runs; i++) await round(results, settings, i);
    printTables(results, settings);
    if (settings.markdown) writeMarkdown(settings.markdown, results, settings);
    if (settings.json) fs.writeFileSync(settings.json, JSON.stringify(results, null, 2));
    const isOurs = ([key]) => /^(floor|parley)/.test(key);
    return results.problems.some(isOurs) ? 1 : 0;
}

try {
    process.exit(await main(process.argv.slice(2)));
} catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`tests/bench/run: ${error.message}`);
    process.exit(2);
}
