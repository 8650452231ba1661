-- A connection joins a channel; the first one of a user is told to everybody, and every one
-- that is anonymous (user "").
-- KEYS  1 members  2 users  3 meta
-- ARGV  1 client  2 user  3 member as JSON  4 pub/sub channel  5 info  6 quiet (1: tell nobody)
--       7 meta ttl ms
-- returns the user's connections in the channel
if redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) == 0 then
    return tonumber(redis.call('HGET', KEYS[2], ARGV[2]) or '0')
end
local connections = redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
if (connections == 1 or ARGV[2] == '') and ARGV[6] ~= '1' then
    local version = redis.call('HINCRBY', KEYS[3], 'version', 1)
    redis.call('PEXPIRE', KEYS[3], ARGV[7])
    redis.call('PUBLISH', ARGV[4], 'j ' .. version .. '\n' .. ARGV[2] .. '\n' .. ARGV[1] .. '\n' .. ARGV[5])
end
return connections
