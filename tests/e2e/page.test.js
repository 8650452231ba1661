/*
 * page - the chat page in a real browser, against a real cluster: people on two nodes chat,
 * nodes and Redis die under them, and nothing is missing or doubled.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { hasBrowser, useBrowser } from './lib/browser.js';
import { newChannel, useCluster } from './lib/cluster.js';
import { online } from './lib/luchat.js';
import { eventually } from './lib/wait.js';

const axe = fs.readFileSync(
    createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
    'utf8',
);
const PHONE = { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true };

describe('the chat page', { skip: !hasBrowser && 'there is no Chromium here' }, () => {
    const options = { files: 'on', 'files-per-minute': 1000 };
    const cluster = useCluster({ nodes: 2, redis: { keepsData: true }, options });
    const browser = useBrowser();
    let channel;

    beforeEach(() => {
        channel = newChannel();
    });

    const open = (port, options) => browser.open(port, { channel, ...options });

    async function newcomer(node, name, options) {
        const tab = await open(node.port, options);
        await tab.join(name);
        return tab;
    }

    const annAndBen = () =>
        Promise.all([newcomer(cluster.nodes[0], 'ann'), newcomer(cluster.nodes[1], 'ben')]);

    it('two people on two nodes hear each other', async () => {
        const [ann, ben] = await annAndBen();
        await ann.say('hello ben');
        await ben.hears('hello ben');
        await ben.say('hello ann');
        await ann.hears('hello ann');
        assert.deepEqual(await ann.texts(), ['hello ben', 'hello ann']);
        assert.deepEqual([...ann.errors, ...ben.errors], []);
    });

    it('a name is suggested, so that Enter is enough to be in', async () => {
        const tab = await open(cluster.nodes[0].port);
        await tab.page.keyboard.press('Enter');
        await tab.untilState('connected');
        const [name] = await eventually(async () => {
            const people = await tab.people();
            return people.length && people;
        }, 'one in the list');
        assert.match(name, /^\w+ \w+$/);
    });

    it('own messages stand apart', async () => {
        const [ann, ben] = await annAndBen();
        await ann.say('mine');
        await ben.hears('mine');
        assert.equal(await ann.page.locator('.message.own').count(), 1);
        assert.equal(await ben.page.locator('.message.own').count(), 0);
    });

    it('people see each other come and go', async () => {
        const ann = await newcomer(cluster.nodes[0], 'ann');
        const ben = await newcomer(cluster.nodes[1], 'ben');
        await ann.notes('ben joined');
        await ann.sees('ann', 'ben');
        await ben.sees('ann', 'ben');
        await ben.page.close();
        await ann.notes('ben left');
        await ann.sees('ann');
    });

    it('in a big channel only the number of people goes on', async () => {
        const options = { 'presence-names-limit': 2 };
        const node = await cluster.startNode({ options });
        const ann = await newcomer(node, 'ann');
        const count = ann.page.locator('#people .people-count');
        const isCount = (number) => async () => (await count.textContent()) === String(number);
        await eventually(isCount(1), 'ann to be counted');
        for (let i = 1; i <= 4; i++) await (await node.connect(channel)).goOnline(`user ${i}`);
        await eventually(isCount(5), 'all to be counted');
        assert.deepEqual(ann.errors, []);
    });

    it('which node serves the tab is shown', async () => {
        const [ann, ben] = await annAndBen();
        assert.deepEqual(
            [await ann.node(), await ben.node()],
            cluster.nodes.map(({ name }) => name),
        );
    });

    it('a newcomer sees what was said before', async () => {
        const ann = await newcomer(cluster.nodes[0], 'ann');
        for (const text of ['one', 'two', 'three']) await ann.say(text);
        await ann.page.waitForFunction(() => !document.querySelector('.waiting'));
        const ben = await newcomer(cluster.nodes[1], 'ben');
        await ben.hears('three');
        assert.deepEqual(await ben.texts(), ['one', 'two', 'three']);
    });

    it('a reload keeps the person in the channel', async () => {
        const ann = await newcomer(cluster.nodes[0], 'ann');
        await ann.say('before');
        await ann.page.reload();
        await ann.untilState('connected');
        await ann.hears('before');
        await ann.sees('ann');
    });

    it('no field of a message, a name or a list becomes markup', async () => {
        const evil = '<img src=x onerror=window.hurt=1>';
        const ann = await newcomer(cluster.nodes[0], evil);
        const ben = await newcomer(cluster.nodes[1], 'ben');
        const client = await cluster.nodes[1].connect(channel);
        client.send(online(`${evil}2`, evil));
        const more = {
            time: evil,
            filelink: `javascript:window.hurt=1//${evil}`,
            userphone: evil,
        };
        client.say(`${evil}3`, evil, more);
        await ann.say(evil);
        await ben.page.waitForFunction(
            () => document.querySelectorAll('.message').length === 2,
        );
        await ben.page.waitForFunction(
            () => document.querySelectorAll('#roster li').length === 3,
        );
        const found = await ben.page.evaluate(() => ({
            hurt: window.hurt,
            images: document.querySelectorAll('#room .messages img, #people img').length,
            links: document.querySelectorAll('#messages a').length,
            who: document.querySelector('.message .who').textContent,
        }));
        assert.equal(found.hurt, undefined);
        assert.deepEqual([found.images, found.links], [0, 0]);
        assert.ok(found.who.startsWith('<img src=x'), found.who);
        assert.deepEqual(ben.errors, []);
    });

    it('the file link of a message is a link', async () => {
        const ann = await newcomer(cluster.nodes[0], 'ann');
        const client = await cluster.nodes[1].connect(channel);
        client.say('ben', 'look', { filelink: 'https://files.example/a%20b.pdf' });
        const link = ann.page.locator('.message a.file');
        await link.waitFor();
        assert.equal(await link.getAttribute('href'), 'https://files.example/a%20b.pdf');
        assert.match(await link.textContent(), /a b\.pdf/);
        assert.match(await link.getAttribute('rel'), /noopener/);
    });

    it('the node of a tab is killed: it goes on at another, nothing is missing or doubled', async () => {
        const doomed = await cluster.startNode();
        const relay = await cluster.relayTo(doomed, cluster.nodes[1]);
        const ann = await newcomer(relay, 'ann');
        const ben = await newcomer(cluster.nodes[0], 'ben');
        assert.equal(await ann.node(), doomed.name);
        const said = [];
        const say = async (tab, text) => {
            said.push(text);
            await tab.say(text);
        };
        for (let i = 1; i <= 5; i++) await say(ann, `before ${i}`);
        await doomed.kill();
        await ann.untilState('reconnecting');
        for (let i = 1; i <= 5; i++) await say(ben, `meanwhile ${i}`);
        for (let i = 1; i <= 5; i++) await say(ann, `away ${i}`);
        await ann.untilState('connected');
        assert.equal(await ann.node(), cluster.nodes[1].name);
        await say(ann, 'back');
        await Promise.all([ann, ben].map((tab) => tab.hears('back')));
        for (const tab of [ann, ben]) {
            const isWhole = async () => (await tab.texts()).length >= said.length;
            await eventually(isWhole, 'all that was said');
            assert.deepEqual((await tab.texts()).toSorted(), said.toSorted());
        }
        assert.equal(await ann.page.locator('.waiting').count(), 0);
    });

    it('the page says that it is reconnecting, and when, and tries at once when asked', async () => {
        const doomed = await cluster.startNode();
        const relay = await cluster.relayTo(doomed, cluster.nodes[0]);
        const ann = await newcomer(relay, 'ann');
        await relay.stop();
        await ann.untilState('reconnecting');
        await ann.page.locator('#countdown', { hasText: /in \d+ s/ }).waitFor();
        assert.equal(await ann.page.locator('#state').textContent(), 'Reconnecting');
        await ann.page.locator('#retry').click();
        await ann.untilState('reconnecting');
    });

    it('Redis is restarted: nothing is missing or doubled', async () => {
        const [ann, ben] = await annAndBen();
        await ann.say('before');
        await ben.hears('before');
        await cluster.loseRedis();
        await ann.say('while it was away');
        await cluster.bringBackRedis({ keepsData: true });
        await ben.hears('while it was away');
        await ben.say('after');
        await ann.hears('after');
        await eventually(
            async () => !(await ann.page.locator('.waiting').count()),
            'all to be sent',
        );
        for (const tab of [ann, ben])
            assert.deepEqual((await tab.texts()).toSorted(), [
                'after',
                'before',
                'while it was away',
            ]);
    });

    it('a gateway that ends the connection for good says why', async () => {
        const options = {
            'token-secret': 'a secret of the tests',
            'handshake-timeout-ms': 1000,
        };
        const node = await cluster.startNode({ options });
        const ann = await open(node.port);
        await ann.page.press('#name', 'Enter');
        await ann.untilState('disconnected');
        await ann.page.locator('#trouble', { hasText: 'token' }).waitFor();
    });

    const drop = (tab, files) =>
        tab.page.evaluate((dropped) => {
            const dataTransfer = new DataTransfer();
            for (const { name, type, bytes } of dropped)
                dataTransfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
            const options = { dataTransfer, bubbles: true, cancelable: true };
            dispatchEvent(new DragEvent('dragover', options));
            dispatchEvent(new DragEvent('drop', options));
        }, files);

    it('a file dropped on one page is downloadable from the other', async () => {
        const [ann, ben] = await annAndBen();
        const bytes = Array.from({ length: 300_000 }, (_, i) => i % 251);
        await drop(ann, [{ name: 'über uns.pdf', type: 'application/pdf', bytes }]);
        const link = ben.page.locator('.message a.file');
        await link.waitFor();
        const downloading = ben.page.waitForEvent('download');
        await link.click();
        const download = await downloading;
        assert.equal(download.suggestedFilename(), 'über uns.pdf');
        assert.deepEqual([...fs.readFileSync(await download.path())], bytes);
        await ann.page.locator('.message.own a.file').waitFor();
        assert.deepEqual([...ann.errors, ...ben.errors], []);
    });

    it('small images are shown, on the other page too', async () => {
        const [ann, ben] = await annAndBen();
        const png = Buffer.from(
            'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
            'base64',
        );
        await ann.page.setInputFiles('#file', {
            name: 'dot.png',
            mimeType: 'image/png',
            buffer: png,
        });
        for (const tab of [ann, ben]) {
            const image = tab.page.locator('.bubble img');
            await image.waitFor();
            await eventually(
                () => image.evaluate((img) => img.naturalWidth === 1),
                'the image',
            );
            assert.equal(await image.getAttribute('alt'), 'dot.png');
        }
        assert.deepEqual([...ann.errors, ...ben.errors], []);
    });

    it('an image that is none leaves its link', async () => {
        const ann = await newcomer(cluster.nodes[0], 'ann');
        await drop(ann, [{ name: 'not.png', type: 'image/png', bytes: [1, 2, 3] }]);
        await ann.page.locator('.message a.file').waitFor();
        await eventually(
            async () => !(await ann.page.locator('.bubble img').count()),
            'no image',
        );
    });

    it('a file on its way has a progress bar and can be stopped', async () => {
        const ann = await newcomer(cluster.nodes[0], 'ann');
        const session = await ann.page.context().newCDPSession(ann.page);
        const slow = {
            offline: false,
            latency: 0,
            downloadThroughput: -1,
            uploadThroughput: 50_000,
        };
        await session.send('Network.emulateNetworkConditions', slow);
        const buffer = Buffer.alloc(4_000_000);
        await ann.page.setInputFiles('#file', {
            name: 'long.pdf',
            mimeType: 'application/pdf',
            buffer,
        });
        const bar = ann.page.locator('#uploads progress');
        await bar.waitFor();
        assert.equal(await bar.getAttribute('aria-label'), 'Sending long.pdf');
        await ann.page.locator('#uploads button').click();
        await bar.waitFor({ state: 'detached' });
        await ann.say('still here');
        await ann.hears('still here');
    });

    it('a file that may not be sent is refused with a reason', async () => {
        const ann = await newcomer(cluster.nodes[0], 'ann');
        for (const [file, reason] of [
            [
                { name: 'big.png', mimeType: 'image/png', buffer: Buffer.alloc((8 << 20) + 1) },
                /larger than 8.0 MiB/,
            ],
            [
                { name: 'page.html', mimeType: 'text/html', buffer: Buffer.from('x') },
                /text\/html are not allowed/,
            ],
            [{ name: 'none.png', mimeType: 'image/png', buffer: Buffer.alloc(0) }, /empty/],
        ]) {
            await ann.page.setInputFiles('#file', file);
            await ann.page.locator('#uploads li', { hasText: reason }).waitFor();
        }
    });

    it('with files switched off there is no button', async () => {
        const node = await cluster.startNode({ options: { files: 'off' } });
        const ann = await newcomer(node, 'ann');
        assert.equal(await ann.page.locator('#attach').isVisible(), false);
        const ben = await newcomer(cluster.nodes[0], 'ben');
        assert.equal(await ben.page.locator('#attach').isVisible(), true);
    });

    for (const colorScheme of ['light', 'dark']) {
        for (const [size, device] of Object.entries({ wide: {}, phone: PHONE })) {
            it(`axe finds nothing to complain about (${colorScheme}, ${size})`, async () => {
                const ann = await open(cluster.nodes[0].port, { colorScheme, ...device });
                const check = async (where) => {
                    await ann.page.evaluate(axe);
                    const { violations } = await ann.page.evaluate(() => window.axe.run());
                    const found = violations.map(({ id, nodes }) => [
                        id,
                        nodes[0].html,
                        nodes[0].any[0]?.message,
                    ]);
                    assert.deepEqual(found, [], where);
                };
                await check('at the door');
                await ann.join('ann');
                const client = await cluster.nodes[1].connect(channel);
                for (let i = 0; i < 12; i++)
                    client.say(`someone ${i}`, `https://example.org/${i}`, {
                        filelink: '/files/x/y.pdf',
                    });
                await ann.page.waitForFunction(
                    () => document.querySelectorAll('.message').length === 12,
                );
                await ann.say('mine: https://example.org');
                await ann.page.waitForFunction(() => !document.querySelector('.waiting'));
                if (size === 'phone') await ann.page.click('#people-button');
                await check('in the room');
            });
        }
    }

    it('all of it works by keyboard', async () => {
        const tab = await open(cluster.nodes[0].port);
        const { page } = tab;
        await page.keyboard.type('kay');
        await page.keyboard.press('Tab');
        await page.keyboard.press('Enter');
        await tab.untilState('connected');
        await page.keyboard.type('first line');
        await page.keyboard.press('Shift+Enter');
        await page.keyboard.type('second line');
        await page.keyboard.press('Enter');
        await tab.hears('first line\nsecond line');
        const reached = [];
        for (let i = 0; i < 8; i++) {
            await page.keyboard.press('Tab');
            reached.push(await page.evaluate(() => document.activeElement.id));
        }
        for (const id of ['leave', 'scroll', 'send'])
            assert.ok(reached.includes(id), `${id} of ${reached}`);
    });

    it('fits a phone without scrolling sideways', async () => {
        const ann = await open(cluster.nodes[0].port, PHONE);
        const width = () => ann.page.evaluate(() => document.documentElement.scrollWidth);
        assert.equal(await width(), PHONE.viewport.width);
        await ann.join('a name of thirty-two characters!');
        await ann.say('w'.repeat(500));
        await ann.hears('w'.repeat(500));
        assert.equal(await width(), PHONE.viewport.width);
    });
});
