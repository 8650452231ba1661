-- A range of a channel's log, with the place it has reached, in one look.
-- KEYS  1 log  2 meta
-- ARGV  1 since (an offset, not included; 0: from the end it begins at)  2 limit
--       3 reverse (1: newest first)  4 a new epoch, for a log that has none  5 meta ttl ms
-- returns {epoch, offset, entries, the epoch it had before or '', its offset then}
local meta = redis.call('HMGET', KEYS[2], 'epoch', 'offset', 'renamed_from', 'renamed_at')
if not meta[1] then
    redis.call('HSET', KEYS[2], 'epoch', ARGV[4])
    redis.call('PEXPIRE', KEYS[2], ARGV[5])
    redis.call('DEL', KEYS[1])
end
local entries = {}
local since = ARGV[1] ~= '0' and '(' .. ARGV[1] .. '-0'
if ARGV[2] ~= '0' and ARGV[3] == '1' then
    entries = redis.call('XREVRANGE', KEYS[1], since or '+', '-', 'COUNT', ARGV[2])
elseif ARGV[2] ~= '0' then
    entries = redis.call('XRANGE', KEYS[1], since or '-', '+', 'COUNT', ARGV[2])
end
return {meta[1] or ARGV[4], tonumber(meta[2] or '0') or 0, entries, meta[3] or '',
    tonumber(meta[4] or '0') or 0}
