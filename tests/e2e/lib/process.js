/*
 * process - a program under test, and what it says.
 *
 * Its output goes line by line to an inbox and to a log file that stays for reading after
 * the run. No process and no temporary folder outlives the tests, however they end.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { after } from 'node:test';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Inbox, within } from './wait.js';

const top = fileURLToPath(new URL('../../../', import.meta.url));
const suite = path.basename(process.argv[1] ?? 'suite', '.test.js');
const logs = path.join(process.env.TEST_LOGS ?? path.join(top, 'build/sanitized/log/e2e'), suite);
fs.rmSync(logs, { recursive: true, force: true });

export const PARLEYD = path.resolve(
    process.env.PARLEYD ?? path.join(top, 'build/sanitized/parleyd'),
);

export const PARLEYCTL = path.resolve(
    process.env.PARLEYCTL ?? path.join(top, 'build/sanitized/parleyctl'),
);

const running = new Set();
const folders = new Set();
process.on('exit', () => {
    running.forEach((child) => child.kill('SIGKILL'));
    folders.forEach((folder) => fs.rmSync(folder, { recursive: true, force: true }));
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => process.exit(1));
}
/* A test that failed has stopped nothing; what it left would keep the runner waiting. */
if (process.env.NODE_TEST_CONTEXT) after(() => running.forEach((child) => child.kill('SIGKILL')));

/** A folder that is gone when the tests are. */
export function temporaryFolder() {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'parley-e2e-'));
    folders.add(folder);
    return folder;
}

/**
 * The environment without what would configure a gateway, and with sanitizers strict; tests/run
 * has said where they report to.
 */
export function cleanEnvironment(extra = {}) {
    const inherited = Object.entries(process.env).filter(
        ([name]) => !name.startsWith('PARLEY'),
    );
    return {
        ASAN_OPTIONS: 'detect_leaks=1:halt_on_error=1:exitcode=99:quarantine_size_mb=8',
        UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1:exitcode=98',
        ...Object.fromEntries(inherited),
        ...extra,
    };
}

export class Process {
    lines = new Inbox();

    constructor(name, command, args, env = cleanEnvironment()) {
        fs.mkdirSync(logs, { recursive: true });
        this.name = name;
        this.logFile = path.join(logs, `${name}.log`);
        const log = fs.createWriteStream(this.logFile, { flags: 'a' });
        this.child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
        running.add(this.child);
        for (const output of [this.child.stdout, this.child.stderr]) {
            output.pipe(log, { end: false });
            createInterface({ input: output }).on('line', (line) => this.lines.push(line));
        }
        this.exited = new Promise((resolve, reject) => {
            this.child.on('error', reject);
            this.child.on('close', (code, signal) => {
                running.delete(this.child);
                log.end();
                this.lines.end(`${this} ended (${signal ?? `exit ${code}`})`);
                resolve({ code, signal });
            });
        });
        this.exited.catch((error) => this.lines.end(`${this}: ${error.message}`));
    }

    get pid() {
        return this.child.pid;
    }

    get isRunning() {
        return running.has(this.child);
    }

    /** Waits for a line of output that has not been waited for yet. */
    line(pattern, ms) {
        return this.lines.next((line) => pattern.test(line), `${pattern} from ${this}`, ms);
    }

    signal(name) {
        this.child.kill(name);
    }

    /** How it ended: {code, signal}. */
    exit(ms) {
        return within(this.exited, `the end of ${this}`, ms);
    }

    async kill() {
        this.signal('SIGKILL');
        await this.exit();
    }

    toString() {
        return `${this.name} (log: ${this.logFile})`;
    }
}

/** Runs a program to its end: {code, stdout, stderr}. */
export async function run(command, args, env) {
    const child = spawn(command, args, {
        env: cleanEnvironment(env),
        stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    const ended = new Promise((resolve, reject) => {
        child.on('error', reject);
        child.on('close', (code) => resolve({ code, stdout, stderr }));
    });
    try {
        return await within(ended, `the end of ${command} ${args.join(' ')}`);
    } finally {
        child.kill('SIGKILL');
        running.delete(child);
    }
}
