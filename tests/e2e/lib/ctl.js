/*
 * ctl - parleyctl, run against a Redis.
 */
import assert from 'node:assert/strict';
import { cleanEnvironment, PARLEYCTL, Process, run } from './process.js';

export class Ctl {
    #runs = 0;

    /** redis: a function that gives its URL, since the server may not have been started yet. */
    constructor(redis) {
        this.redis = redis;
    }

    /** Runs it to its end: {code, stdout, stderr}. */
    run(args, env = {}) {
        return run(PARLEYCTL, args, { PARLEY_REDIS: this.redis(), ...env });
    }

    /** What it prints for people; code: how it has to end. */
    async text(args, { code: expected = 0, env } = {}) {
        const { code, stdout, stderr } = await this.run(args, env);
        assert.equal(code, expected, `exit code of ${args.join(' ')}: ${stderr}${stdout}`);
        return stdout;
    }

    /** What it prints for scripts. */
    async json(args, options) {
        return JSON.parse(await this.text([...args, '--json'], options));
    }

    /** That it ends with 2 and one line that names what was wrong. */
    async refusal(named, args, env) {
        const { code, stdout, stderr } = await this.run(args, env);
        assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
        assert.match(stderr, /^parleyctl: [^\n]+\n$/);
        assert.ok(stderr.includes(named), `"${named}" is not in: ${stderr}`);
        return stderr;
    }

    /** `watch`, once it hears the channel. */
    async watch(args) {
        const env = cleanEnvironment({ PARLEY_REDIS: this.redis() });
        const name = `parleyctl-watch-${++this.#runs}`;
        const watching = new Process(name, PARLEYCTL, ['watch', ...args], env);
        await watching.line(/watching/);
        return watching;
    }
}
