/*
 * http - plain requests and opening handshakes, each on a connection of its own.
 */
import http from 'node:http';
import { within } from './wait.js';

const HANDSHAKE = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** The answer: {status, headers, body}, and {socket, head} too where it is 101. */
export function request(port, path, { method = 'GET', headers = {}, ms } = {}) {
    const answered = new Promise((resolve, reject) => {
        const asked = http.request({
            host: '127.0.0.1',
            port,
            path,
            method,
            headers,
            agent: false,
        });
        asked.on('error', reject);
        asked.on('upgrade', ({ statusCode: status, headers }, socket, head) => {
            resolve({ status, headers, body: '', socket, head });
        });
        asked.on('response', (response) => {
            const { statusCode: status, headers } = response;
            let body = '';
            response.on('data', (data) => (body += data));
            response.on('end', () => resolve({ status, headers, body }));
            response.on('error', reject);
        });
        asked.end();
    });
    return within(answered, `an answer to ${method} ${path}`, ms);
}

/** An opening handshake; a header given as null is left out. */
export function handshake(port, { path = '/ws', method, headers = {}, ms } = {}) {
    const all = Object.entries({ ...HANDSHAKE, ...headers });
    const given = Object.fromEntries(all.filter(([, value]) => value !== null));
    return request(port, path, { method, headers: given, ms });
}
