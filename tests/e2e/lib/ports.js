/*
 * ports - finds TCP ports that nobody else will take.
 *
 * They come from below the range the kernel picks clients' ports from. The UDP port of the
 * same number is held for as long as this process lives: it is the lock by which test
 * processes running at the same time keep out of each other's way.
 */
import dgram from 'node:dgram';
import net from 'node:net';
import { once } from 'node:events';

const FIRST = 10_240;
const LAST = 32_000;

async function hold(port) {
    const lock = dgram.createSocket('udp4');
    lock.bind({ port, address: '127.0.0.1', exclusive: true });
    await once(lock, 'listening');
    lock.unref();
}

async function tryListening(port) {
    const server = net.createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
}

/** The first of n ports in a row that are free. */
export async function freeRange(n) {
    for (;;) {
        const first = FIRST + Math.floor(Math.random() * (LAST - FIRST - n));
        try {
            for (let port = first; port < first + n; port++) {
                await hold(port);
                await tryListening(port);
            }
            return first;
        } catch (error) {
            if (error.code !== 'EADDRINUSE') throw error;
        }
    }
}

export const freePort = () => freeRange(1);
