/*
 * haproxy - the load balancer of deploy/haproxy.cfg before some nodes, as deploy/local makes
 * it: all above its line "where the gateways are", and the nodes below.
 */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { request } from './http.js';
import { freePort } from './ports.js';
import { cleanEnvironment, Process, temporaryFolder } from './process.js';
import { eventually } from './wait.js';

const CONFIG = path.resolve(import.meta.dirname, '../../../deploy/haproxy.cfg');
const MARK = '---- where the gateways are ----';

function configFor(nodes) {
    const lines = fs.readFileSync(CONFIG, 'utf8').split('\n');
    const above = lines.slice(0, lines.findIndex((line) => line.includes(MARK)));
    const servers = nodes.map(({ name, port }) => `    server ${name} 127.0.0.1:${port}`);
    return [...above, ...servers, ''].join('\n');
}

const isListening = (port) =>
    new Promise((resolve, reject) => {
        const socket = net.connect(port, '127.0.0.1', () => resolve(true));
        socket.on('connect', () => socket.destroy()).on('error', reject);
    });

export class HaProxy {
    /**
     * Serves when it comes back. All clients of the tests come from one address, so there are no
     * limits for one unless env has them.
     */
    static async start(nodes, name = 'haproxy', env = {}) {
        const balancer = new HaProxy();
        const file = path.join(temporaryFolder(), 'haproxy.cfg');
        fs.writeFileSync(file, configFor(nodes));
        balancer.port = await freePort();
        const all = cleanEnvironment({
            PARLEY_LB_LISTEN: `127.0.0.1:${balancer.port}`,
            PARLEY_LB_CONNECTIONS_PER_SOURCE: '0',
            PARLEY_LB_HANDSHAKES_PER_SOURCE: '0',
            ...env,
        });
        balancer.process = new Process(name, 'haproxy', ['-db', '-f', file], all);
        const isReady = async () =>
            env.PARLEY_LB_CERT
                ? await isListening(balancer.port)
                : (await request(balancer.port, '/health')).status === 200;
        await eventually(isReady, `${balancer.process} to answer`);
        return balancer;
    }

    stop() {
        return this.process.kill();
    }
}
