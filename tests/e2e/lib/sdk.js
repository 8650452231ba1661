/*
 * sdk - a client of the Centrifuge protocol: the npm package `centrifuge` as people use it,
 * with an inbox of what it tells.
 *
 * An item of an inbox is the context the SDK hands to its listeners, and the event's name.
 */
import { Centrifuge } from 'centrifuge';
import WebSocket from 'ws';
import { Inbox } from './wait.js';

const CLIENT_EVENTS = [
    ...['connecting', 'connected', 'disconnected', 'error', 'message'],
    ...['subscribed', 'unsubscribed', 'publication'], // of server-side subscriptions
];
const CHANNEL_EVENTS = [
    ...['subscribing', 'subscribed', 'unsubscribed'],
    ...['publication', 'join', 'leave', 'error'],
];
const RECONNECT = { minReconnectDelay: 20, maxReconnectDelay: 500 };
const RESUBSCRIBE = { minResubscribeDelay: 20, maxResubscribeDelay: 500 };

export const centrifugeUrl = (port) => `ws://127.0.0.1:${port}/connection/websocket`;

let count = 0;

class Listener {
    events = new Inbox();

    constructor(name, emitter, names) {
        this.name = name;
        for (const event of names) {
            emitter.on(event, (context) => this.events.push({ event, ...context }));
        }
    }

    /** Waits for an event that has not been waited for yet. */
    next(event, ms) {
        return this.events.next((item) => item.event === event, `${event} at ${this.name}`, ms);
    }

    /** All that came so far under this name. */
    all(event) {
        return this.events.items.filter((item) => item.event === event);
    }
}

class SdkSubscription extends Listener {
    constructor(client, channel, options) {
        const sdk = client.sdk.newSubscription(channel, { ...RESUBSCRIBE, ...options });
        super(`${client.name} in ${channel}`, sdk, CHANNEL_EVENTS);
        this.sdk = sdk;
    }

    subscribe() {
        this.sdk.subscribe();
        return this.next('subscribed');
    }

    unsubscribe() {
        this.sdk.unsubscribe();
        return this.next('unsubscribed');
    }

    publish(data) {
        return this.sdk.publish(data);
    }

    /** The next so many publications. */
    async publications(wanted, ms) {
        const received = [];
        while (received.length < wanted) received.push(await this.next('publication', ms));
        return received;
    }

    /** Waits for the publication of this data, and passes over others. */
    hears(data, ms) {
        const expected = JSON.stringify(data);
        const matches = ({ event, data }) =>
            event === 'publication' && JSON.stringify(data) === expected;
        return this.events.next(matches, `${expected.slice(0, 100)} at ${this.name}`, ms);
    }

    /** The data of all publications so far. */
    get heard() {
        return this.all('publication').map(({ data }) => data);
    }
}

export class SdkClient extends Listener {
    constructor(port, options = {}) {
        const sdk = new Centrifuge(centrifugeUrl(port), {
            websocket: WebSocket,
            ...RECONNECT,
            ...options,
        });
        super(`SDK client ${++count} at ${port}`, sdk, CLIENT_EVENTS);
        this.sdk = sdk;
    }

    connect(ms) {
        this.sdk.connect();
        return this.next('connected', ms);
    }

    disconnect() {
        this.sdk.disconnect();
        return this.next('disconnected');
    }

    channel(name, options) {
        return new SdkSubscription(this, name, options);
    }

    /** A subscription that is under way. */
    async subscribe(name, options) {
        const subscription = this.channel(name, options);
        await subscription.subscribe();
        return subscription;
    }

    /** The acknowledged publish: {offset, epoch, deduplicated}. */
    async publish(channel, data, key) {
        return (await this.sdk.rpc('publish', { channel, data, key })).data;
    }

    /** The same, tried again with its key until it is acknowledged. */
    async publishForSure(channel, data, key) {
        for (;;) {
            try {
                return await this.publish(channel, data, key);
            } catch {
                await this.sdk.ready();
            }
        }
    }

    drop() {
        this.sdk.disconnect();
    }
}
