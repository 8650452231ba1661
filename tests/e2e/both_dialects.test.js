/*
 * both_dialects - LuChat clients and SDK clients in one channel.
 */
import { beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { KEY, result } from './lib/api.js';
import { newChannel, useCluster } from './lib/cluster.js';
import { isMessage, message } from './lib/luchat.js';
import { eventually } from './lib/wait.js';

describe('both dialects in one channel', () => {
    const cluster = useCluster({ nodes: 2, options: { 'api-key': KEY } });
    let channel;
    let luchat;
    let sdk;

    beforeEach(async () => {
        channel = newChannel();
        luchat = await cluster.nodes[0].connect(channel);
        await luchat.ping();
        const client = await cluster.nodes[1].connectSdk();
        sdk = await client.subscribe(channel, { joinLeave: true });
    });

    /** The first message a LuChat client hears. */
    const nextMessage = async (client) =>
        JSON.parse(await client.next(isMessage, 'a message')).message;

    it('an SDK receives what a LuChat client says, as it is', async () => {
        const said = luchat.say('42', 'hello');
        await sdk.hears(JSON.parse(said));
    });

    it('a LuChat client hears a message of its shape as it was published', async () => {
        const text = message('42', 'hello');
        await sdk.publish(JSON.parse(text));
        await luchat.hears(text);
    });

    it('a LuChat client hears any other text as a message', async () => {
        await sdk.publish('hello');
        assert.equal((await nextMessage(luchat)).message, 'hello');
    });

    it('a LuChat client hears any other data as JSON in a message', async () => {
        await sdk.publish({ text: 'hello', n: [1, 2] });
        const { message } = await nextMessage(luchat);
        assert.deepEqual(JSON.parse(message), { text: 'hello', n: [1, 2] });
    });

    it('what only resembles a LuChat message is wrapped, too', async () => {
        await sdk.publish({ message: { text: 'hello' } });
        const { message } = await nextMessage(luchat);
        assert.deepEqual(JSON.parse(message), { message: { text: 'hello' } });
    });

    for (const [what, data] of Object.entries({
        'a text': 'hello',
        'an object': { text: 'hello', n: [1, 2] },
        'what only resembles a LuChat message': { message: { text: 'hello' } },
        'a frame of LuChat that is no message': { online: { userid: 'eve' } },
        null: null,
    })) {
        it(`a LuChat client hears ${what} of the server API as a message`, async () => {
            await result(cluster.nodes[1], 'publish', { channel, data });
            const { userid, message } = await nextMessage(luchat);
            const text = typeof data === 'string' ? data : JSON.stringify(data);
            assert.deepEqual([userid, message], ['?', text]);
        });
    }

    it('a LuChat newcomer gets what SDKs published before', async () => {
        await sdk.publish('before');
        await sdk.hears('before');
        const newcomer = await cluster.nodes[1].connect(channel);
        assert.equal((await nextMessage(newcomer)).message, 'before');
    });

    it('history tells SDKs what LuChat clients said', async () => {
        const said = JSON.parse(luchat.say('42', 'before'));
        await sdk.hears(said);
        const { publications } = await sdk.sdk.history({ limit: 1 });
        assert.deepEqual(publications[0].data, said);
    });

    it('both hear everything in one order', async () => {
        const texts = Array.from({ length: 50 }, (_, i) => String(i));
        const publishing = texts.map((text) => {
            luchat.say('42', `luchat ${text}`);
            return sdk.publish({ message: { userid: '43', message: `sdk ${text}` } });
        });
        await Promise.all(publishing);
        const received = (await sdk.publications(100)).map(({ data }) => data);
        const heard = (await luchat.messages(100)).map((frame) => JSON.parse(frame));
        assert.deepEqual(received, heard);
    });

    it('an SDK sees who comes online', async () => {
        await luchat.goOnline('ann');
        const isAnn = ({ event, info }) => event === 'join' && info.user === 'ann';
        await sdk.events.next(isAnn, 'the join of ann');
    });

    it('an SDK sees who goes offline', async () => {
        await luchat.goOnline('ann');
        await luchat.close();
        const isAnn = ({ event, info }) => event === 'leave' && info.user === 'ann';
        await sdk.events.next(isAnn, 'the leave of ann');
    });

    it('presence shows an SDK what LuChat tells of a user', async () => {
        await luchat.goOnline('ann', '777');
        const { clients } = await sdk.sdk.presence();
        const ann = Object.values(clients).find(({ user }) => user === 'ann');
        assert.deepEqual(ann.connInfo, { userid: 'ann', userphone: '777' });
    });

    it('stats count both', async () => {
        await luchat.goOnline('ann');
        const isBoth = async () => {
            const { numClients, numUsers } = await sdk.sdk.presenceStats();
            return numClients === 2 && numUsers === 2;
        };
        await eventually(isBoth, 'two clients and two users');
    });

    it('the users list of LuChat does not show SDK clients without a name', async () => {
        const hasJoined = async () => (await sdk.sdk.presenceStats()).numClients === 1;
        await eventually(hasJoined, 'the SDK client in presence');
        assert.deepEqual(await luchat.goOnline('ann'), ['ann']);
    });
});
