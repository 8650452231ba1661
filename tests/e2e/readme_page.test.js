/*
 * readme_page - the page of SDK code in README.md, run as it stands there with only its URL
 * changed, behind HAProxy, while nodes are killed and come back: what another client
 * publishes all the while is heard once and in order.
 */
import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { useCluster } from './lib/cluster.js';
import { UNLIMITED } from './lib/gateway.js';
import { HaProxy } from './lib/haproxy.js';
import { count, range } from './lib/numbered.js';
import { Process, temporaryFolder } from './lib/process.js';
import { SdkClient } from './lib/sdk.js';
import { eventually } from './lib/wait.js';

const README = path.resolve(import.meta.dirname, '../../README.md');
const URL_OF_README = 'ws://127.0.0.1:8080/';
const CHANNEL = 'chat:42';
const STEP = 100; // numbers heard between two events
const RETURN_MS = 60_000; // SDKs wait longer from try to try

/** The first block of JavaScript in the README. */
function codeOfReadme() {
    const [, code] = fs.readFileSync(README, 'utf8').match(/## Use the SDKs[\s\S]*?```js\n([\s\S]*?)```/);
    assert.ok(code.includes(URL_OF_README) && code.includes(CHANNEL), code);
    return code;
}

let pages = 0;

/** The page, in a process of its own that has a WebSocket, as browsers do. */
class Page {
    constructor(port) {
        const dir = temporaryFolder();
        const code = codeOfReadme().replace(URL_OF_README, `ws://127.0.0.1:${port}/`);
        const global = "globalThis.WebSocket = (await import('ws')).default;";
        fs.symlinkSync(path.join(import.meta.dirname, 'node_modules'), `${dir}/node_modules`);
        fs.writeFileSync(`${dir}/global.mjs`, global);
        fs.writeFileSync(`${dir}/page.mjs`, code);
        const args = ['--import', `${dir}/global.mjs`, `${dir}/page.mjs`];
        this.process = new Process(`page-${++pages}`, process.execPath, args);
    }

    /** What it has printed of numbered publications: [[offset, number], …]. */
    get heard() {
        return this.process.lines.items
            .map((line) => line.match(/^(\d+) (\d+)$/))
            .filter((match) => match)
            .map(([, offset, number]) => [Number(offset), Number(number)]);
    }

    /** Waits until it hears the channel. */
    hearsFrom(publisher) {
        const isHeard = async () => {
            await publisher.publish(CHANNEL, 'anybody there?');
            return this.process.lines.items.some((line) => line.endsWith(' anybody there?'));
        };
        return eventually(isHeard, 'the page to hear its channel');
    }

    hearsMore(wanted) {
        const goal = this.heard.length + wanted;
        return eventually(() => this.heard.length >= goal, `${goal} numbers heard`, RETURN_MS);
    }

    hears(number) {
        return eventually(() => this.heard.at(-1)?.[1] >= number, `${number} heard`, RETURN_MS);
    }
}

describe('the page of the README behind HAProxy', () => {
    const cluster = useCluster({
        nodes: 3,
        options: {
            ...UNLIMITED,
            'history-size': 10_000,
            'lease-ttl-ms': 2000,
            'lease-renew-ms': 500,
        },
    });
    let balancer;

    before(async () => {
        balancer = await HaProxy.start(cluster.nodes);
    });
    after(() => balancer.stop());

    /** Connects by calling connect(); the node that the load balancer has chosen for it. */
    async function nodeOf(connect) {
        const counts = () =>
            Promise.all(cluster.nodes.map((node) => node.metric('parley_connections')));
        const counted = await counts();
        await connect();
        let place;
        await eventually(async () => {
            place = (await counts()).findIndex((n, i) => n > counted[i]);
            return place >= 0;
        }, 'one more connection on some node');
        return cluster.nodes[place];
    }

    /**
     * The page and a publisher of numbers are connected; endure(nodes, page) is called while
     * numbers come: {heard, last} when all is over.
     */
    async function publishThroughout(endure) {
        let page;
        const publisher = new SdkClient(balancer.port);
        try {
            const ofPage = await nodeOf(() => (page = new Page(balancer.port)));
            const ofPublisher = await nodeOf(() => publisher.connect());
            await page.process.line(/^\d+ (true|false)$/); // it has published itself
            await page.hearsFrom(publisher);
            const run = pages; // keys are remembered
            const counting = count(
                (n) => publisher.publishForSure(CHANNEL, n, `${run} ${n}`),
                /* outstanding= */ 1,
            );
            await page.hearsMore(STEP);
            await endure({ ofPage, ofPublisher }, page);
            const last = await counting.stop();
            await page.hears(last);
            return { heard: page.heard, last };
        } finally {
            publisher.drop();
            await page?.process.kill();
        }
    }

    function assertWhole({ heard, last }) {
        const [[first]] = heard;
        const expected = range(1, last).map((n, i) => [first + i, n]);
        assert.deepEqual(heard, expected);
    }

    it('hears all, once and in order, while its own node is killed and comes back', async () => {
        const result = await publishThroughout(async ({ ofPage, ofPublisher }, page) => {
            assert.notEqual(ofPage, ofPublisher);
            await cluster.restartNode(ofPage);
            await page.hearsMore(STEP);
        });
        assertWhole(result);
    });

    it("hears all, once and in order, while the publisher's node is killed and comes back", async () => {
        const result = await publishThroughout(async ({ ofPublisher }, page) => {
            await cluster.restartNode(ofPublisher);
            await page.hearsMore(STEP);
        });
        assertWhole(result);
    });

    it('hears all, once and in order, while every node is killed in turn', async () => {
        const result = await publishThroughout(async (_, page) => {
            for (const node of cluster.nodes) {
                await cluster.restartNode(node);
                await page.hearsMore(STEP);
            }
        });
        assertWhole(result);
    });
});
