/*
 * roster - who is in a channel, as somebody believes who was told: a LuChat client by lists,
 * online and offline, an SDK by join and leave. Being told of a join or a leave that was told
 * before is a fault, and so is the leave of somebody who is surely there.
 */
export class Roster {
    users = new Set();
    faults = [];

    /** isSurelyThere(user): asked at each leave. */
    constructor(name, isSurelyThere) {
        this.name = name;
        this.isSurelyThere = isSurelyThere;
    }

    fault(what, user) {
        this.faults.push(`${this.name}: ${what} of ${user}`);
    }

    join(user) {
        if (this.users.has(user)) this.fault('a second join', user);
        this.users.add(user);
    }

    leave(user) {
        if (!this.users.delete(user)) this.fault('a second leave', user);
        if (this.isSurelyThere(user)) this.fault('a false leave', user);
    }

    list(users, self) {
        this.users = new Set(users.filter((user) => user !== self));
    }

    /** Follows what a LuChat client hears, of others than itself. */
    static luchat(client, self, isSurelyThere) {
        const roster = new Roster(client.name, isSurelyThere);
        const hear = (frame) => {
            const { online, offline, users } = JSON.parse(frame);
            if (users) roster.list(users.map(({ userid }) => userid), self);
            if (online && online.userid !== self) roster.join(online.userid);
            if (offline && offline.userid !== self) roster.leave(offline.userid);
        };
        client.frames.items.forEach(hear);
        client.socket.on('message', (data) => hear(String(data)));
        return roster;
    }

    /** Follows the joins and leaves of an SDK's subscription, not yet under way. */
    static sdk(subscription, isSurelyThere) {
        const roster = new Roster(subscription.name, isSurelyThere);
        subscription.sdk.on('join', ({ info }) => info.user && roster.join(info.user));
        subscription.sdk.on('leave', ({ info }) => info.user && roster.leave(info.user));
        return roster;
    }

    toString() {
        return [...this.users].sort().join(' ');
    }
}
