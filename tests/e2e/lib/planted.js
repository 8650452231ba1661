/*
 * planted - a cluster's keys written by hand, as nodes would have left them; for damaging.
 */
const PREFIX = 'parley';
const HOUR_MS = 3_600_000;

export class Planted {
    /** redis: an ioredis client. */
    constructor(redis) {
        this.redis = redis;
    }

    key(channel, part) {
        return `${PREFIX}:{${channel}}:${part}`;
    }

    set({ id, generation }) {
        return `${PREFIX}:node:${id}:${generation}:members`;
    }

    async now() {
        const [seconds, micros] = await this.redis.time();
        return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    }

    /** A node that holds its lease for an hour: {id, generation}. */
    async node(id) {
        const now = await this.now();
        const node = { id, generation: now - 60_000 };
        const heartbeat = `${PREFIX}:node:${id}`;
        const about = { instance: 'i', connections: 1, channels: 1, version: '0.0.0' };
        await this.redis.hset(heartbeat, { ...about, ...node, started: now - 60_000 });
        await this.redis.pexpire(heartbeat, HOUR_MS);
        await this.redis.zadd(`${PREFIX}:nodes`, now + HOUR_MS, `${id}:${node.generation}`);
        return node;
    }

    /** The same, but its lease is over, and it has been cleaned up but for this entry. */
    async deadNode(id) {
        const node = { id, generation: (await this.now()) - 120_000 };
        const ended = (await this.now()) - 60_000;
        await this.redis.zadd(`${PREFIX}:nodes`, ended, `${id}:${node.generation}`);
        return node;
    }

    member(node, user) {
        const { id, generation } = node;
        const info = { userid: user };
        return JSON.stringify({ generation, node: id, since: generation, user, info });
    }

    async join(node, channel, client, user) {
        await this.redis.sadd(this.set(node), `${client} ${channel}`);
        await this.redis.hset(this.key(channel, 'members'), client, this.member(node, user));
        await this.redis.hincrby(this.key(channel, 'users'), user, 1);
        await this.redis.hincrby(this.key(channel, 'meta'), 'version', 1);
        await this.redis.pexpire(this.key(channel, 'meta'), HOUR_MS);
    }

    /** Its only connection is gone, and it is in the grace time for an hour. */
    async leave(node, channel, client, user) {
        const value = `${client} ${this.member(node, user)}`;
        await this.redis.sadd(this.set(node), `- ${channel}`);
        await this.redis.srem(this.set(node), `${client} ${channel}`);
        await this.redis.hdel(this.key(channel, 'members'), client);
        await this.redis.hset(this.key(channel, 'users'), user, 0);
        await this.redis.hset(this.key(channel, 'leaving'), user, value);
        await this.redis.zadd(this.key(channel, 'grace'), (await this.now()) + HOUR_MS, user);
    }

    async publish(channel, offset) {
        await this.redis.xadd(this.key(channel, 'log'), `${offset}-0`, 'd', '{}');
        await this.redis.hset(this.key(channel, 'meta'), { epoch: 'e', offset });
        await this.redis.pexpire(this.key(channel, 'log'), HOUR_MS);
        await this.redis.pexpire(this.key(channel, 'meta'), HOUR_MS);
    }
}
