/*
 * main - runs scenarios, one after the other, and prints a row for each; see README.md.
 *
 *     tests/chaos/run [--rounds N] [SCENARIO...]     all of them, unless some are named
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { QUICK, scenarios } from './scenarios.js';
import { World } from './world.js';

const BEFORE_MS = 1500;
const AFTER_MS = 2500;

const sum = (items, of) => items.reduce((total, item) => total + of(item), 0);

async function runOnce(name) {
    const { run, ignoresPresence } = scenarios[name];
    const world = await World.create();
    try {
        await sleep(BEFORE_MS);
        const began = Date.now();
        await run(world);
        const seconds = (Date.now() - began) / 1000;
        if (ignoresPresence) world.attendances.forEach((each) => (each.isWatching = false));
        await sleep(AFTER_MS);
        const problems = (await world.end()).filter(
            (problem) => !ignoresPresence || !/ of \w+, who was there/.test(problem),
        );
        const acknowledged = sum([...world.acknowledged.values()], (n) => n);
        const told = sum(world.readings, (reading) => reading.told);
        const missed = sum(world.readings, (reading) => reading.missed);
        console.log(
            `${problems.length ? 'FAULT' : 'ok   '} ${name.padEnd(24)} ${seconds.toFixed(1)} s: ` +
                `${acknowledged} acknowledged, ${world.refused} refused, ` +
                `${sum(world.readings, (reading) => reading.heard)} heard by ` +
                `${world.readings.length}, ${missed} missed and told (${told} times)`,
        );
        problems.slice(0, 20).forEach((problem) => console.log(`      ${problem}`));
        return problems.length === 0;
    } finally {
        await world.stop();
    }
}

async function main(args) {
    let rounds = 1;
    const names = [];
    for (let i = 0; i < args.length; i++) {
        if (args[i] === '--rounds') rounds = Number(args[++i]);
        else if (args[i] === '--quick') names.push(...QUICK);
        else names.push(args[i]);
    }
    const wrong = names.find((name) => !Object.hasOwn(scenarios, name));
    if (wrong || !(rounds >= 1)) {
        console.error(`usage: tests/chaos/run [--rounds N] [SCENARIO...], of`);
        for (const [name, { about }] of Object.entries(scenarios))
            console.error(`  ${name.padEnd(24)} ${about}`);
        return 2;
    }
    let failed = 0;
    let passed = 0;
    for (let round = 0; round < rounds; round++) {
        for (const name of names.length ? names : Object.keys(scenarios)) {
            if (await runOnce(name)) passed++;
            else failed++;
        }
    }
    console.log(`${passed} passed, ${failed} failed`);
    return failed ? 1 : 0;
}

process.exit(await main(process.argv.slice(2)));
