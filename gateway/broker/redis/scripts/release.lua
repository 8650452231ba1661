-- A node gives its lease back, if it is still its own.
-- KEYS  1 the node's key
-- ARGV  1 instance
if redis.call('HGET', KEYS[1], 'instance') == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
