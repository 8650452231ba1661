-- The log has gone back in time: what has seen more of it must not think it is the same.
-- KEYS  1 meta
-- ARGV  1 the epoch that is over  2 the new one
if redis.call('HGET', KEYS[1], 'epoch') == ARGV[1] then
    redis.call('HSET', KEYS[1], 'epoch', ARGV[2])
end
return 0
