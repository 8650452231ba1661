-- Members of a channel and the version of the list, in one look that is bounded by limit.
-- KEYS  1 members  2 meta
-- ARGV  1 limit
-- returns {version, {client, JSON, client, JSON, ...}}
local version = tonumber(redis.call('HGET', KEYS[2], 'version') or '0')
if redis.call('HLEN', KEYS[1]) <= tonumber(ARGV[1]) then
    return {version, redis.call('HGETALL', KEYS[1])}
end
return {version, redis.call('HRANDFIELD', KEYS[1], ARGV[1], 'WITHVALUES')}
