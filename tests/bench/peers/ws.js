/*
 * `ws` with Redis: a message is published there, and what comes from there goes to everyone
 * of the channel.
 *
 * usage: node ws.js PORT REDIS-PORT
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import { WebSocketServer } from 'ws';

const [port, redisPort] = process.argv.slice(2).map(Number);
const publisher = new Redis({ host: '127.0.0.1', port: redisPort });
const subscriber = publisher.duplicate();
const channels = new Map();
await Promise.all([once(publisher, 'ready'), once(subscriber, 'ready')]);

subscriber.on('message', (name, text) => {
    for (const socket of channels.get(name) ?? []) socket.send(text);
});

function join(name, socket) {
    if (!channels.has(name)) {
        channels.set(name, new Set());
        subscriber.subscribe(name);
    }
    channels.get(name).add(socket);
    socket.on('close', () => channels.get(name).delete(socket));
    socket.on('message', (data) => publisher.publish(name, data.toString()));
}

const http = createServer();
new WebSocketServer({ server: http }).on('connection', (socket, request) => {
    const name = new URL(request.url, 'http://localhost').searchParams.get('channel');
    join(name ?? 'lobby', socket);
});
http.listen({ port, host: '127.0.0.1', backlog: 4096 }, () => console.log('listening'));
