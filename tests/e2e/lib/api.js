/*
 * api - calls of the server API, as backends make them: plain fetch, to whichever node.
 */
import assert from 'node:assert/strict';
import { within } from './wait.js';

export const KEY = 'a key of the tests';

/** POST of this text: {status, body}, the body as it came. */
export async function post(node, method, text, headers = { 'X-API-Key': KEY }) {
    const response = await within(
        fetch(`http://127.0.0.1:${node.internalPort}/api/${method}`, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json', ...headers },
            body: text,
        }),
        `an answer to ${method}`,
    );
    return { status: response.status, body: await response.text() };
}

/** A call as backends make it: the answer, which is 200. */
export async function call(node, method, params = {}) {
    const { status, body } = await post(node, method, JSON.stringify(params));
    assert.equal(status, 200, body);
    return JSON.parse(body);
}

export async function result(node, method, params) {
    const answer = await call(node, method, params);
    assert.ok(answer.result, JSON.stringify(answer));
    return answer.result;
}
