-- Members of a channel and users in their grace, their counts and the version of the list, in
-- one look that is bounded by limit.
-- KEYS  1 members  2 users  3 meta  4 leaving
-- ARGV  1 limit, of each
-- returns {version, connections, users, {client, JSON, ...}, {user, "client JSON", ...}}
local limit = tonumber(ARGV[1])

local function read(key)
    local count = redis.call('HLEN', key)
    if limit > 0 and count > limit then
        return count, redis.call('HRANDFIELD', key, limit, 'WITHVALUES')
    end
    return count, limit > 0 and count > 0 and redis.call('HGETALL', key) or {}
end

local version = tonumber(redis.call('HGET', KEYS[3], 'version') or '0') or 0
local connections, members = read(KEYS[1])
local _, leaving = read(KEYS[4])
return {version, connections, redis.call('HLEN', KEYS[2]), members, leaving}
