/*
 * honest - people who use the node meanwhile, and must not notice anything.
 */
import assert from 'node:assert/strict';
import { call } from '../../e2e/lib/api.js';
import { request } from '../../e2e/lib/http.js';
import { message } from '../../e2e/lib/luchat.js';
import { inSeconds, sign } from '../../e2e/lib/token.js';
import { within } from '../../e2e/lib/wait.js';

const DEADLINE_MS = 30_000; // sanitizers, a busy machine, and all that is thrown

export class Honest {
    served = { messages: 0, publications: 0, calls: 0, files: 0 };
    #isOver = false;
    #channel = `honest${process.pid}`;

    constructor(node, hasTokens) {
        this.node = node;
        this.token = hasTokens
            ? (user) => sign({ sub: user, exp: inSeconds(86_400) })
            : () => undefined;
    }

    async open() {
        this.chatters = [
            await this.node.connect(this.#channel, this.token('hana')),
            await this.node.connect(this.#channel, this.token('hugo')),
        ];
        this.sdk = await this.node.connectSdk(
            this.token('hera') ? { token: this.token('hera') } : {},
        );
        this.subscription = await this.sdk.subscribe(this.#channel);
        this.work = Promise.all([
            this.#repeat(() => this.#chat()),
            this.#repeat(() => this.#publish()),
            this.#repeat(() => this.#askApi()),
            this.#repeat(() => this.#share()),
        ]);
        this.work.catch(() => {});
    }

    /** All that was begun has come to its end. */
    async close() {
        this.#isOver = true;
        await this.work;
        assert.equal(this.sdk.all('disconnected').length, 0, 'the SDK was never disconnected');
        this.chatters.forEach((client) =>
            assert.ok(client.isOpen, `${client.name} is still connected`),
        );
    }

    async #repeat(act) {
        for (let i = 0; !this.#isOver; i++) {
            await act(i);
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
    }

    async #chat() {
        const number = this.served.messages;
        const [speaker, listener] = number % 2 ? this.chatters : [...this.chatters].reverse();
        const text = message(number % 2 ? 'hana' : 'hugo', `${number} of the honest`);
        speaker.send(text);
        await listener.next((frame) => frame === text, text, DEADLINE_MS);
        await speaker.next((frame) => frame === text, text, DEADLINE_MS);
        this.served.messages++;
    }

    async #publish() {
        const data = { number: this.served.publications };
        await within(this.subscription.publish(data), 'the answer to a publish', DEADLINE_MS);
        await this.subscription.hears(data, DEADLINE_MS);
        this.served.publications++;
    }

    async #askApi() {
        const { result } = await call(this.node, 'presence_stats', { channel: this.#channel });
        assert.ok(result, 'an answer of the API');
        this.served.calls++;
    }

    /** An upload may be told to come later: all come from one address here. */
    async #share() {
        const text = `file ${this.served.files}`;
        const token = this.token('hana');
        const query = new URLSearchParams({
            channel: `${this.#channel}f`,
            userid: 'hana',
            name: 'a.txt',
            ...(token ? { token } : {}),
        });
        const { status, body } = await request(this.node.port, `/files?${query}`, {
            method: 'POST',
            headers: { 'Content-Type': 'text/plain' },
            sent: text,
            ms: DEADLINE_MS,
        });
        if ([429, 503, 507].includes(status)) return;
        assert.equal(status, 201, body);
        const answer = JSON.parse(body);
        const file = await request(
            this.node.port,
            new URL(answer.filelink, 'http://a').pathname,
            { ms: DEADLINE_MS },
        );
        if (file.status === 429) return;
        assert.deepEqual([file.status, file.body], [200, text]);
        this.served.files++;
    }
}
