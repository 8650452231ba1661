-- Members of a channel, their counts and the version of the list, in one look that is bounded
-- by limit.
-- KEYS  1 members  2 users  3 meta
-- ARGV  1 limit
-- returns {version, connections, users, {client, JSON, client, JSON, ...}}
local version = tonumber(redis.call('HGET', KEYS[3], 'version') or '0')
local connections, users = redis.call('HLEN', KEYS[1]), redis.call('HLEN', KEYS[2])
local limit = tonumber(ARGV[1])
local members = {}
if limit > 0 and connections <= limit then
    members = redis.call('HGETALL', KEYS[1])
elseif limit > 0 then
    members = redis.call('HRANDFIELD', KEYS[1], limit, 'WITHVALUES')
end
return {version, connections, users, members}
