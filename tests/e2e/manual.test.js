/*
 * manual - manual pages and completions, printed by the programs from their tables of options:
 * every option is in them, and those who read them have nothing to complain of.
 */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { PARLEYCTL, PARLEYD, run, temporaryFolder } from './lib/process.js';

const BENCH = path.resolve(
    process.env.PARLEY_BENCH ?? path.join(path.dirname(PARLEYD), 'parley-bench'),
);
const PROGRAMS = { parleyd: PARLEYD, parleyctl: PARLEYCTL, 'parley-bench': BENCH };

const has = (program) => spawnSync('which', [program]).status === 0;

/** What a program prints, which must be all that it says. */
async function printed(program, flag) {
    // a wrong variable is no reason to have no manual
    const { code, stdout, stderr } = await run(program, [flag], { PARLEY_NO_SUCH_OPTION: '1' });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    return stdout;
}

async function optionsOf(program) {
    const found = (await printed(program, '--help')).matchAll(/^ {2}(--[a-z-]+)/gm);
    return [...found].map((match) => match[1]);
}

/** Its name says the section that it belongs to. */
function saved(name, page) {
    const section = /^\.TH \S+ (\d) /m.exec(page)[1];
    const made = path.join(temporaryFolder(), `${name}.${section}`);
    fs.writeFileSync(made, page);
    return made;
}

/** What bash offers for the words of a line, the last of which is not finished. */
async function bashOffers(name, script, words) {
    const ask =
        'source "$1"; name=$2; shift 2; COMP_WORDS=("$name" "$@"); COMP_CWORD=$#; ' +
        'compopt() { :; }; "_${name//-/_}"; printf "%s\\n" "${COMPREPLY[@]}"';
    const { code, stdout, stderr } = await run('bash', ['-c', ask, 'bash', script, name, ...words]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    return stdout.split('\n').filter(Boolean);
}

for (const [name, program] of Object.entries(PROGRAMS)) {
    describe(name, () => {
        const file = (text, ending) => {
            const made = path.join(temporaryFolder(), `${name}${ending}`);
            fs.writeFileSync(made, text);
            return made;
        };

        it('every option of --help is in the manual page', async () => {
            const page = await printed(program, '--print-man');
            const options = await optionsOf(program);
            assert.ok(options.length > 10, `options of ${name}`);
            for (const option of options) {
                const tag = `.TP\n\\fB${option.replaceAll('-', '\\-')}\\fR`;
                assert.ok(page.includes(tag), `${option} is in the page`);
            }
        });

        it('man has no warning for its page', { skip: !has('man') && 'no man here' }, async () => {
            const page = saved(name, await printed(program, '--print-man'));
            const shown = await run('man', ['--warnings', '-E', 'UTF-8', '-l', page], {
                LC_ALL: 'C.UTF-8',
                MANWIDTH: '80',
            });
            assert.equal(shown.stderr, '');
            assert.match(shown.stdout, /^ +--help\b/m);
        });

        it('mandoc has none either', { skip: !has('mandoc') && 'no mandoc here' }, async () => {
            const page = saved(name, await printed(program, '--print-man'));
            const { code, stdout, stderr } = await run('mandoc', ['-Tlint', page]);
            assert.deepEqual({ code, said: stdout + stderr }, { code: 0, said: '' });
        });

        it('bash completes every option', async () => {
            const script = file(await printed(program, '--print-bash-completion'), '.bash');
            assert.deepEqual(await bashOffers(name, script, ['--']), await optionsOf(program));
        });

        it('zsh is offered every option', { skip: !has('zsh') && 'no zsh here' }, async () => {
            const script = file(await printed(program, '--print-zsh-completion'), '.zsh');
            const ask = '_arguments() { print -rl -- "$@" }; source "$1"';
            const { stdout, stderr } = await run('zsh', ['-fc', ask, 'zsh', script]);
            assert.equal(stderr, '');
            const offered = [...stdout.matchAll(/^(--[a-z-]+)/gm)].map((match) => match[1]);
            assert.deepEqual(offered, await optionsOf(program));
        });
    });
}

describe('bash', () => {
    const complete = async (name, words) => {
        const script = path.join(temporaryFolder(), name);
        fs.writeFileSync(script, await printed(PROGRAMS[name], '--print-bash-completion'));
        return bashOffers(name, script, words);
    };

    it('completes the words of a choice, also behind =', async () => {
        assert.deepEqual(await complete('parleyd', ['--log-level', '']), [
            'error',
            'warn',
            'info',
            'debug',
        ]);
        assert.deepEqual(await complete('parleyd', ['--log-level', '=', 'w']), ['warn']);
    });

    it('completes names of files, and nothing where a number is wanted', async () => {
        const start = path.join(path.dirname(PARLEYD), 'parley');
        const found = await complete('parleyd', ['--config', start]);
        assert.ok(found.includes(PARLEYD), found.join(' '));
        assert.deepEqual(await complete('parleyd', ['--workers', '']), []);
    });

    it('completes commands of parleyctl', async () => {
        assert.deepEqual(await complete('parleyctl', ['wa']), ['watch']);
    });
});
