-- What a channel's log holds, with the place it has reached, in one look.
-- KEYS  1 log  2 meta
-- ARGV  1 since (an offset; 0: the newest)  2 limit
-- returns {epoch, offset, entries}; entries are newest first when since is 0
local meta = redis.call('HMGET', KEYS[2], 'epoch', 'offset')
local entries
if ARGV[1] == '0' then
    entries = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', ARGV[2])
else
    entries = redis.call('XRANGE', KEYS[1], '(' .. ARGV[1] .. '-0', '+', 'COUNT', ARGV[2])
end
return {meta[1] or '', tonumber(meta[2] or '0'), entries}
