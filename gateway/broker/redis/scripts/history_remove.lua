-- What a log holds is forgotten, in Redis and by every node that has the channel open; offsets go on.
-- KEYS  1 log  2 meta
-- ARGV  1 pub/sub channel
-- returns how many logs were removed: 1 or 0
local count = redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[1], 'r ' .. (redis.call('HGET', KEYS[2], 'offset') or '0') .. '\n')
return count
