/*
 * deployment - what the files of a deployment say fits what parleyd knows.
 */
import { before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { PARLEYD, run } from './lib/process.js';

const top = path.resolve(import.meta.dirname, '../..');
const textOf = (name) => fs.readFileSync(path.join(top, name), 'utf8');

/* Not for all replicas alike, or what the image and the balancer have agreed upon. */
const OWN = ['node', 'listen', 'internal'];

/** The options of parleyd that take a value, with what --help says of each. */
async function knownOptions() {
    const { stdout } = await run(PARLEYD, ['--help']);
    const found = stdout.matchAll(/^ {2}--([a-z0-9-]+)(?: (\S+))?\n {8}(.*)$/gm);
    return [...found].map(([, name, value, help]) => ({ name, value, help }));
}

const variableOf = (name) => `PARLEY_${name.toUpperCase().replaceAll('-', '_')}`;

describe('docker-compose.yml', () => {
    let options;
    before(async () => (options = await knownOptions()));

    it('hands every option on', () => {
        const handed = [...textOf('docker-compose.yml').matchAll(/^ {6}(PARLEY_\w+):/gm)];
        const missing = options
            .filter(({ name, value }) => (value || name === 'strict') && !OWN.includes(name))
            .map(({ name }) => variableOf(name))
            .filter((name) => !handed.some(([, known]) => known === name));
        assert.deepEqual(missing, []);
    });

    it('hands on nothing else', () => {
        const known = options.map(({ name }) => variableOf(name));
        const handed = [...textOf('docker-compose.yml').matchAll(/^ {6}(PARLEY_\w+):/gm)];
        const unknown = handed
            .map(([, name]) => name)
            .filter((name) => !name.startsWith('PARLEY_LB_') && !known.includes(name));
        assert.deepEqual(unknown, []);
    });

    it('bounds the memory and the processes of each service', () => {
        const text = textOf('docker-compose.yml');
        const services = text.slice(text.indexOf('\nservices:'), text.indexOf('\nnetworks:'));
        const each = services.split(/^ {2}(?=\w+:$)/m).slice(1);
        assert.equal(each.length, 3);
        for (const service of each) {
            assert.match(service, /^ {4}mem_limit: /m);
            assert.match(service, /^ {4}pids_limit: /m);
        }
    });
});

describe("README's table of limits", () => {
    const chapter = textOf('README.md')
        .split(/^### /m)
        .find((text) => text.startsWith('Limits of what strangers can take'));
    const rows = [...chapter.matchAll(/^\|(.*?)\|(.*?)\|/gm)].flatMap(([, names, values]) =>
        [...names.matchAll(/`--([a-z0-9-]+)`/g)].map(([, name], i) => ({
            name,
            value: values.split(',')[i]?.trim(),
        })),
    );

    it('names options that there are, with their defaults', async () => {
        const options = await knownOptions();
        for (const { name, value } of rows) {
            const option = options.find((known) => known.name === name);
            assert.ok(option, `there is no --${name}`);
            const [, standard] = /\(default (\S+)\)$/.exec(option.help) ?? [];
            if (/^\d+$/.test(value)) assert.equal(value, standard, `--${name}`);
        }
    });

    it('has every limit that is counted', () => {
        const list = textOf('gateway/base/limit.h').matchAll(/^ +LIMIT\((\w+)\)/gm);
        const missing = [...list]
            .map(([, name]) => name.replaceAll('_', '-'))
            .filter((name) => !rows.some((row) => row.name === name));
        assert.deepEqual(missing, []);
    });
});
