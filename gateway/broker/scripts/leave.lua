-- A connection leaves a channel; the last one of a user is told to everybody, and every one
-- that is anonymous (user "").
-- KEYS  1 members  2 users  3 meta
-- ARGV  1 client  2 user  3 pub/sub channel  4 info  5 meta ttl ms
-- returns the user's connections still in the channel
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then
    return tonumber(redis.call('HGET', KEYS[2], ARGV[2]) or '0')
end
local connections = redis.call('HINCRBY', KEYS[2], ARGV[2], -1)
if connections <= 0 then
    redis.call('HDEL', KEYS[2], ARGV[2])
end
if connections <= 0 or ARGV[2] == '' then
    local version = redis.call('HINCRBY', KEYS[3], 'version', 1)
    redis.call('PEXPIRE', KEYS[3], ARGV[5])
    redis.call('PUBLISH', ARGV[3], 'l ' .. version .. '\n' .. ARGV[2] .. '\n' .. ARGV[1] .. '\n' .. ARGV[4])
end
return connections
