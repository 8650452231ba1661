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

/**
 * The answer: {status, headers, body, bytes}, and {socket, head} too where it is 101. sent:
 * the request's body. localAddress: from which of 127.0.0.0/8 it comes.
 */
export function request(port, path, { method = 'GET', headers = {}, sent, ms, localAddress } = {}) {
    const answered = new Promise((resolve, reject) => {
        const asked = http.request({
            host: '127.0.0.1',
            port,
            path,
            method,
            headers,
            localAddress,
            agent: false,
        });
        asked.on('error', reject);
        asked.on('upgrade', ({ statusCode: status, headers }, socket, head) => {
            resolve({ status, headers, body: '', socket, head });
        });
        asked.on('response', (response) => {
            const { statusCode: status, headers } = response;
            const parts = [];
            response.on('data', (data) => parts.push(data));
            response.on('end', () => {
                const bytes = Buffer.concat(parts);
                resolve({ status, headers, body: String(bytes), bytes });
            });
            response.on('error', reject);
        });
        asked.end(sent);
    });
    return within(answered, `an answer to ${method} ${path}`, ms);
}

/** An opening handshake; a header given as null is left out. */
export function handshake(port, { path = '/ws', method, headers = {}, ms, localAddress } = {}) {
    const all = Object.entries({ ...HANDSHAKE, ...headers });
    const given = Object.fromEntries(all.filter(([, value]) => value !== null));
    return request(port, path, { method, headers: given, ms, localAddress });
}
