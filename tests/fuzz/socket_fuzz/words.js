/*
 * words - what clients say, by grammar: JSON of both dialects and of the server API.
 */
import { sign, inSeconds } from '../../e2e/lib/token.js';

export const NAMES = [
    'lobby',
    'chat:1',
    'chat:2',
    'news',
    'a',
    '$private',
    '#ann',
    '#ann,bob',
    '',
    'x'.repeat(128),
    'x'.repeat(129),
    'a b',
    '{a}',
    '\u00e9\u20ac',
    'no:such',
    ':',
    '__proto__',
];
const USERS = ['ann', 'bob', '', 'x'.repeat(128), 'x'.repeat(129), 'guest', 'a,b', '\u00e9'];
const NUMBERS = [0, 1, -1, 2, 64, 300, 1e9, 2 ** 31, 2 ** 53, 1e300, -0.5];

const EXOTIC = [
    'null',
    'true',
    '[]',
    '{}',
    '""',
    '1e400',
    '-',
    '18446744073709551616',
    '"\\ud800"',
    '"\\u0000"',
    '[[[[[[[[[[1]]]]]]]]]]',
    '"\\"',
    '{"a":1,"a":2}',
];

/** Text of a JSON value; now and then one that is none, or none that was expected. */
function value(chance, depth = 0) {
    if (chance.oneIn(6)) return chance.pick(EXOTIC);
    if (depth > 3 || chance.oneIn(3))
        return JSON.stringify(
            chance.pick([
                chance.pick(NAMES),
                chance.pick(NUMBERS),
                'y'.repeat(chance.length() % 3000),
            ]),
        );
    if (chance.oneIn(2)) return `[${chance.some(0, 4, () => value(chance, depth + 1)).join()}]`;
    return `{${chance.some(0, 4, () => `${JSON.stringify(chance.pick(NAMES))}:${value(chance, depth + 1)}`).join()}}`;
}

/** Members as the table says, some left out, some of them something else, some twice. */
function object(chance, members) {
    const texts = Object.entries(members).flatMap(([name, make]) => {
        if (chance.oneIn(5)) return [];
        const text = `${JSON.stringify(name)}:${chance.oneIn(10) ? value(chance) : make()}`;
        return chance.oneIn(40) ? [text, text] : [text];
    });
    if (chance.oneIn(15)) texts.push(`"more":${value(chance)}`);
    return `{${texts.join()}}`;
}

export function token(chance) {
    const claims = {
        sub: chance.pick(USERS),
        exp: inSeconds(chance.pick([-100, 1, 2, 3600])),
        ...(chance.oneIn(3) ? { channel: chance.pick(NAMES) } : {}),
        ...(chance.oneIn(3) ? { info: { name: chance.pick(NAMES) } } : {}),
        ...(chance.oneIn(4) ? { channels: [chance.pick(NAMES)] } : {}),
        ...(chance.oneIn(4) ? { subs: { [chance.pick(NAMES)]: {} } } : {}),
        ...(chance.oneIn(4) ? { iat: chance.pick(NUMBERS), nbf: chance.pick(NUMBERS) } : {}),
    };
    const signed = sign(
        claims,
        chance.oneIn(8) ? { alg: chance.pick(['none', 'HS384', 'HS512']) } : {},
    );
    return chance.oneIn(5) ? chance.mutate(Buffer.from(signed)).toString('latin1') : signed;
}

const json = (make) => () => JSON.stringify(make());

export function luchat(chance) {
    const user = json(() => chance.pick(USERS));
    const kinds = [
        () => 'ping',
        () =>
            `{"message":${object(chance, {
                userid: user,
                userphone: user,
                message: json(() => 'm'.repeat(chance.length() % 2000)),
                time: json(() => `12:${chance.below(60)}`),
                filelink: () => 'null',
            })}}`,
        () => `{"online":${object(chance, { userid: user, userphone: user })}}`,
        () => `{"token":${JSON.stringify(token(chance))}}`,
        () => value(chance),
    ];
    return chance.pick(kinds)();
}

export function centrifuge(chance) {
    const channel = json(() => chance.pick(NAMES));
    const number = json(() => chance.pick(NUMBERS));
    const epoch = json(() => chance.pick(['', 'x', 'xxxx']));
    const flag = json(() => chance.oneIn(2));
    const data = () => value(chance);
    const since = () => object(chance, { offset: number, epoch });
    const methods = {
        connect: () =>
            object(chance, {
                token: json(() => (chance.oneIn(3) ? token(chance) : '')),
                data,
                name: channel,
                subs: data,
            }),
        subscribe: () =>
            object(chance, {
                channel,
                recover: flag,
                offset: number,
                epoch,
                token: json(() => (chance.oneIn(3) ? token(chance) : '')),
                positioned: flag,
                recoverable: flag,
                join_leave: flag,
                data,
            }),
        unsubscribe: () => object(chance, { channel }),
        publish: () => object(chance, { channel, data }),
        presence: () => object(chance, { channel }),
        presence_stats: () => object(chance, { channel }),
        history: () => object(chance, { channel, limit: number, since, reverse: flag }),
        rpc: () =>
            object(chance, {
                method: json(() => chance.pick(['publish', 'nothing', ''])),
                data: () =>
                    object(chance, { channel, data, key: epoch, idempotency_key: epoch }),
            }),
        send: () => object(chance, { data }),
        refresh: () => object(chance, { token: json(() => token(chance)) }),
        sub_refresh: () => object(chance, { channel, token: json(() => token(chance)) }),
        ping: () => '{}',
        [chance.pick(NAMES)]: data,
    };
    const command = () => {
        const name = chance.pick(Object.keys(methods));
        const id = chance.oneIn(10) ? value(chance) : chance.between(1, 1000);
        return `{"id":${id},${JSON.stringify(name)}:${methods[name]()}}`;
    };
    return (
        chance.some(1, chance.oneIn(10) ? 40 : 3, command).join('\n') +
        (chance.oneIn(8) ? '\n{}' : '')
    );
}

const API_METHODS = [
    'publish',
    'broadcast',
    'presence',
    'presence_stats',
    'history',
    'history_remove',
    'subscribe',
    'unsubscribe',
    'disconnect',
    'refresh',
    'info',
    'channels',
    'batch',
    'nothing',
    '',
];

/** {method, text} of a call of the server API. */
export function apiCall(chance) {
    const channel = json(() => chance.pick(NAMES));
    const user = json(() => chance.pick(USERS));
    const number = json(() => chance.pick(NUMBERS));
    const text = object(chance, {
        channel,
        channels: json(() => chance.some(0, 4, () => chance.pick(NAMES))),
        data: () => value(chance),
        user,
        client: user,
        limit: number,
        since: () => object(chance, { offset: number, epoch: channel }),
        reverse: json(() => chance.oneIn(2)),
        idempotency_key: user,
        expire_at: number,
        expired: json(() => chance.oneIn(2)),
        code: number,
        reason: channel,
        disconnect: () => object(chance, { code: number, reason: channel }),
        recover_since: () => object(chance, { offset: number, epoch: channel }),
        skip_history: json(() => chance.oneIn(2)),
        tags: () => value(chance),
        info: () => value(chance),
    });
    return { method: chance.pick(API_METHODS), text };
}

/** Often as it should be, sometimes not. */
export function perhapsWrong(chance, text) {
    const bytes = Buffer.from(text);
    return chance.oneIn(4) ? chance.mutate(bytes) : bytes;
}
