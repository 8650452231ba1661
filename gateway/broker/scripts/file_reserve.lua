-- Takes room for a file, if what all files take together allows it. Files whose time has come
-- are forgotten first, so that nothing has to be given back.
-- KEYS  1 sorted set "ID bytes" -> when it ends, ms
-- ARGV  1 entry  2 bytes  3 ttl ms  4 bytes for all files
-- returns 1; 0: there is no room
local now = redis.call('TIME')
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%d', now_ms))
local taken = tonumber(ARGV[2])
for _, entry in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    taken = taken + tonumber(string.match(entry, ' (%d+)$'))
end
if taken > tonumber(ARGV[4]) then
    return 0
end
redis.call('ZADD', KEYS[1], string.format('%d', now_ms + ARGV[3]), ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return 1
