-- The log has gone back in time: what has seen more of it must not think it is the same.
-- KEYS  1 meta
-- ARGV  1 the epoch that is over  2 the new one
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'offset')
if meta[1] == ARGV[1] then
    redis.call('HSET', KEYS[1], 'epoch', ARGV[2], 'renamed_from', ARGV[1],
        'renamed_at', meta[2] or '0')
end
return 0
