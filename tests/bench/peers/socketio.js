/*
 * A Socket.IO server with the Redis adapter: rooms, and messages that go to all of a room.
 *
 * usage: node socketio.js PORT REDIS-PORT
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';

const [port, redisPort] = process.argv.slice(2).map(Number);
const publisher = new Redis({ host: '127.0.0.1', port: redisPort });
const subscriber = publisher.duplicate();
await Promise.all([once(publisher, 'ready'), once(subscriber, 'ready')]);
const http = createServer();
const io = new Server(http, { adapter: createAdapter(publisher, subscriber) });

io.on('connection', (socket) => {
    socket.on('join', async (room) => {
        await socket.join(room);
        socket.emit('joined', room);
    });
    socket.on('message', (room, data) => io.to(room).emit('message', data));
});
http.listen({ port, host: '127.0.0.1', backlog: 4096 }, () => console.log('listening'));
