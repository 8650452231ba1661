/*
 * luchat - what is said on the wire: builders of what clients send, matchers of what comes.
 */

/** The text of a chat message; more replaces or adds members. */
export function message(userid, text, more = {}) {
    const said = { userid, userphone: '555', message: text, time: '12:00', filelink: null };
    return JSON.stringify({ message: { ...said, ...more } });
}

export function online(userid, userphone = '555') {
    return JSON.stringify({ online: { userid, userphone } });
}

function member(frame, name) {
    try {
        return JSON.parse(frame)[name];
    } catch {
        return undefined;
    }
}

export const isMessage = (frame) => member(frame, 'message') !== undefined;
export const isOnline = (userid) => (frame) => member(frame, 'online')?.userid === userid;
export const isOffline = (userid) => (frame) => member(frame, 'offline')?.userid === userid;
export const isUsers = (frame) => Array.isArray(member(frame, 'users'));
export const isError = (code) => (frame) => member(frame, 'error')?.code === code;

export const textOf = (frame) => member(frame, 'message').message;
export const errorOf = (frame) => member(frame, 'error');
/** The ids in a users list, sorted: its order says nothing. */
export const idsOf = (frame) =>
    member(frame, 'users')
        .map((user) => user.userid)
        .sort();

/** The numbers from..to, as the texts of numbered messages. */
export const numbers = (from, to) =>
    Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
