/*
 * presence_storm - very many users join one channel within a few seconds: each client gets few
 * frames, and in the end all know how many there are. PARLEY_JOINS=10000 for more of them.
 */
import { afterEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { newChannel, useCluster } from './lib/cluster.js';
import { Joiners } from './lib/joiners.js';
import { eventually } from './lib/wait.js';

const JOINS = Number(process.env.PARLEY_JOINS) || 1500;
const PROCESSES = 3;
const NAMES_LIMIT = 100;
const WINDOW_MS = 200;
const STORM_MS = 120_000;
const SOME = 20; // lists, and what a few windows more may bring
const FEW = 5; // windows, until all know

describe('a storm of joins', () => {
    const cluster = useCluster({
        nodes: 2,
        options: { 'presence-names-limit': NAMES_LIMIT, 'presence-window-ms': WINDOW_MS },
    });
    const crowds = [];

    afterEach(() => Promise.all(crowds.splice(0).map((crowd) => crowd.stop())));

    /** All of them have joined; the ms that took. */
    async function storm(channel) {
        const began = Date.now();
        const ports = cluster.nodes.map(({ port }) => port);
        const count = Math.ceil(JOINS / PROCESSES);
        for (let i = 0; i < PROCESSES; i++)
            crowds.push(Joiners.start({ ports, channel, name: `crowd${i}`, count }));
        await Promise.all(crowds.map((crowd) => crowd.joined()));
        return { took: Date.now() - began, users: count * PROCESSES };
    }

    it('costs each client a bounded number of frames, and all learn the count', async (t) => {
        const channel = newChannel();
        const { took, users } = await storm(channel);
        let reports;
        const allKnow = async () => {
            reports = await Promise.all(crowds.map((crowd) => crowd.report()));
            return reports.every((report) => report.users.join() === String(users));
        };
        await eventually(allKnow, `all to know of ${users} users`, STORM_MS);
        const most = (what) => Math.max(...reports.map((report) => report[what]));
        const [frames, counts] = [most('frames'), most('counts')];
        t.diagnostic(`${users} joins in ${took} ms: at most ${frames} frames, ${counts} counts`);
        const windows = took / WINDOW_MS;
        assert.ok(frames <= NAMES_LIMIT + 2 * windows + SOME, `${frames} frames at a client`);
        assert.ok(counts <= windows + FEW, `${counts} counts in ${windows} windows`);
    });

    it('is counted for SDKs as well', async () => {
        const channel = newChannel();
        const sdk = await cluster.nodes[1].connectSdk();
        await sdk.subscribe(channel, { joinLeave: true });
        const { users } = await storm(channel);
        const counted = { channel, users: users + 1 };
        const isCounted = ({ event, data }) =>
            event === 'message' && isDeepStrictEqual(data.presence, counted);
        await sdk.events.next(isCounted, `a count of ${users + 1}`, STORM_MS);
        const { numClients, numUsers } = await sdk.sdk.presenceStats(channel);
        assert.deepEqual([numClients, numUsers], [users + 1, users + 1]);
    });
});
