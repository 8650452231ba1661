/*
 * readme - every command of README.md is typed, in a cluster of its own.
 *
 * Ports and the folder for logs are other ones than the README's, so that a cluster which
 * somebody has running is left alone. Commands that need what this machine may not have
 * (containers), and tests/run itself, are only checked for being known here. Where there is a
 * browser, people chat on the page meanwhile.
 */
import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { hasBrowser, useBrowser } from './lib/browser.js';
import { Client } from './lib/client.js';
import { freePort, freeRange } from './lib/ports.js';

const top = path.resolve(import.meta.dirname, '../..');
const readme = fs.readFileSync(path.join(top, 'README.md'), 'utf8');
const run = promisify(execFile);
const TYPED_ELSEWHERE = ['tests/run', 'docker compose up'];
const NODES_MAX = 5;
const UP_MS = 600_000; // builds first

/** [{command, output}] of the console blocks, in order. */
function examples() {
    const blocks = [...readme.matchAll(/```console\n([\s\S]*?)```/g)].map((match) => match[1]);
    return blocks.flatMap((block) =>
        block
            .split(/^\$ /m)
            .slice(1)
            .map((text) => {
                const [command, ...output] = text.split('\n');
                return { command, output: output.join('\n').trim() };
            }),
    );
}

/** Ids, times and counts differ from run to run, and redis-cli quotes only on a terminal. */
const shapeOf = (text) =>
    text
        .split('\n')
        .map((line) => line.replace(/^[ \d)]*\) /, '').replace('(integer) ', '').trim())
        .map((line) => line.replace(/^"(.*)"$/, '$1').replaceAll('\\"', '"'))
        .map((line) => line.replace(/[0-9a-f]{8}-[0-9a-f]+/, 'ID').replace(/\d{13}/g, 'TIME'))
        .map((line) => line.replace(/^\d$/, 'DIGIT'))
        .map((line) => line.replace(/\d{4}-\d\d-\d\dT[\d:]{8}Z/, 'WHEN'))
        .map((line) => line.replace(/^(node-\d .* TIME) +\d+ +\d+ /, '$1 COUNTS '))
        .map((line) => line.replace(/\b(\d+[hm] )?\d+(\.\d)?[ms]\b/g, 'DURATION'))
        .map((line) => line.replace(/:\d+$/, ':PORT').replace(/^\d+ keys/, 'KEYS'))
        .map((line) => line.replace(/epoch \w+/, 'EPOCH').replace(/ {2,}/g, ' '))
        .sort()
        .join('\n');

describe('README.md', () => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'parley-readme-'));
    const ports = {};
    const clients = [];
    const browser = useBrowser({ keepsTabs: true });
    const tabs = [];

    before(async () => {
        // node i has the base's port plus i
        ports.base = (await freeRange(NODES_MAX)) - 1;
        ports.internal = (await freeRange(NODES_MAX)) - 1;
        ports.lb = await freePort();
        ports.redis = await freePort();
    });

    after(async () => {
        await Promise.all(clients.map((client) => client.drop()));
        await run('deploy/local', ['down', '--dir', dir], { cwd: top });
        fs.rmSync(dir, { recursive: true });
    });

    const portFlags = () =>
        `--base-port ${ports.base} --internal-port ${ports.internal} ` +
        `--lb-port ${ports.lb} --redis-port ${ports.redis}`;

    /** The command as it is typed here. */
    function ours(command) {
        if (command === 'deploy/local up') return `${command} --dir ${dir} ${portFlags()}`;
        if (command.startsWith('deploy/local')) return `${command} --dir ${dir}`;
        if (command.startsWith('build/parleyctl'))
            return `PARLEY_REDIS=redis://127.0.0.1:${ports.redis} ${command}`;
        return command.replace('6380', ports.redis);
    }

    const type = async (command) =>
        (await run('bash', ['-c', ours(command)], { cwd: top, timeout: UP_MS })).stdout.trim();

    /** Ann on one node, Ben on another, as the README tells it. */
    async function annAndBen() {
        for (const [i, user] of ['ann', 'ben'].entries()) {
            const client = await Client.open(`ws://127.0.0.1:${ports.base + i + 1}/ws`);
            clients.push(client);
            await client.goOnline(user, `555-010${i + 1}`);
        }
        const said = '{"message":{"userid":"ben","message":"hello from node 2","time":"12:00"}}';
        clients[1].send(said);
        await clients[0].hears(said);
    }

    /** People who open the page; the balancer gives each a node. */
    async function openThePage() {
        for (let i = 1; i <= NODES_MAX; i++) {
            const tab = await browser.open(ports.lb, { channel: 'page' });
            await tab.join(`person ${i}`);
            tabs.push(tab);
        }
        await tabs[0].say('we are here');
        await Promise.all(tabs.map((tab) => tab.hears('we are here')));
    }

    /** The tab of the node that was killed goes on, and nobody misses a word. */
    async function goOnChatting() {
        const said = ['we are here', ...tabs.map((_, i) => `said by ${i}`)];
        for (const [i, tab] of tabs.entries()) await tab.say(said[i + 1]);
        for (const tab of tabs) {
            for (const text of said) await tab.hears(text);
            assert.equal((await tab.texts()).length, said.length);
            await tab.untilState('connected');
            assert.notEqual(await tab.node(), 'node-2');
        }
        await browser.closeAll();
    }

    for (const { command, output } of examples()) {
        if (TYPED_ELSEWHERE.some((known) => command.startsWith(known))) continue;
        it(command, { timeout: UP_MS }, async () => {
            const isKill = hasBrowser && command === 'deploy/local kill 2';
            if (isKill) await openThePage();
            const printed = await type(command);
            if (output) assert.equal(shapeOf(printed), shapeOf(output));
            if (command === 'deploy/local up') {
                assert.match(printed, new RegExp(`^chat +http://127.0.0.1:${ports.lb}/$`, 'm'));
                await annAndBen();
            }
            if (isKill) await goOnChatting();
        });
    }
});
