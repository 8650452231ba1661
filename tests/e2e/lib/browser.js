/*
 * browser - the chat page in a real Chromium, and what a person does there.
 */
import { after, before, beforeEach } from 'node:test';
import fs from 'node:fs';
import { chromium } from 'playwright-core';
import { DEADLINE_MS, eventually } from './wait.js';
import { temporaryFolder } from './process.js';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
    ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
    ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** Ubuntu has Chromium as a snap only. */
export const hasBrowser = fs.existsSync(EXECUTABLE);

/** One person's tab. */
class Tab {
    errors = [];

    constructor(page) {
        this.page = page;
        page.setDefaultTimeout(DEADLINE_MS);
        page.on('pageerror', (error) => this.errors.push(error.message));
        page.on('console', (message) => {
            // a request that fails while a node is down is no fault of the page
            if (
                message.type() === 'error' &&
                !/ERR_|WebSocket|status of 5/.test(message.text())
            )
                this.errors.push(message.text());
        });
    }

    async join(name) {
        await this.page.fill('#name', name);
        await this.page.press('#name', 'Enter');
        await this.untilState('connected');
    }

    untilState(state) {
        return this.page.waitForSelector(`#connection[data-state="${state}"]`);
    }

    async say(text) {
        await this.page.fill('#text', text);
        await this.page.press('#text', 'Enter');
    }

    /** What was said, in order, that of our own that waits included. */
    texts() {
        return this.page.locator('.message .text').allTextContents();
    }

    /** Names of who is online. */
    async people() {
        return (await this.page.locator('#roster .name').allTextContents()).sort();
    }

    node() {
        return this.page.locator('#node').textContent();
    }

    hears(text) {
        const isThere = async () => (await this.texts()).includes(text);
        return eventually(isThere, `"${text}" on the page`);
    }

    notes(text) {
        return this.page.locator('.note', { hasText: text }).first().waitFor();
    }

    sees(...names) {
        const isSo = async () => String(await this.people()) === String(names.sort());
        return eventually(isSo, `${names} in the list of people`);
    }
}

/** A browser for the describe() this is called in; its tabs are closed before each test. */
export function useBrowser({ keepsTabs = false } = {}) {
    const browser = {
        /** The page at this port, in a browser profile of its own. */
        async open(port, { channel = 'lobby', ...options } = {}) {
            const context = await this.chromium.newContext(options);
            this.contexts.push(context);
            const tab = new Tab(await context.newPage());
            const query = new URLSearchParams({ channel });
            await tab.page.goto(`http://127.0.0.1:${port}/?${query}`);
            return tab;
        },
        async closeAll() {
            await Promise.all(this.contexts.splice(0).map((context) => context.close()));
        },
        contexts: [],
    };
    before(async () => {
        if (!hasBrowser) return;
        browser.chromium = await chromium.launch({
            executablePath: EXECUTABLE,
            args: FLAGS,
            // without UTF-8 it gives downloads names of its own
            env: { ...process.env, HOME: temporaryFolder(), LC_ALL: 'C.UTF-8' },
        });
    });
    beforeEach(() => keepsTabs || browser.closeAll());
    after(() => browser.chromium?.close());
    return browser;
}
