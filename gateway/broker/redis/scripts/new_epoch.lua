-- Somebody has seen more of the log than there is. If so, it has lost its end, and gets a new
-- epoch: what has seen more of it must not think it is the same. A client can say what it likes:
-- the end can only be lost in another run of Redis than the one that wrote last.
-- KEYS  1 meta
-- ARGV  1 the epoch that was seen  2 the offset that was seen  3 a new epoch
--       4 the run of this Redis; '': not known  5 it was a node that saw it (1)
-- returns 1: renamed; 0: not
-- include rename
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'offset', 'run')
local offset = tonumber(meta[2] or '0') or 0
local is_other_run = not meta[3] or ARGV[4] == '' or meta[3] ~= ARGV[4]
if meta[1] ~= ARGV[1] or offset >= tonumber(ARGV[2]) or not (is_other_run or ARGV[5] == '1') then
    return 0
end
rename(KEYS[1], meta[1], offset, ARGV[3])
redis.call('HSET', KEYS[1], 'run', ARGV[4])
return 1
