-- One publication: was it made before, its place in the log, everybody who listens, the ack.
-- KEYS  1 log  2 meta  3 result of this idempotency key (may be missing)
-- ARGV  1 pub/sub channel  2 payload  3 info  4 log size  5 log ttl ms  6 meta ttl ms
--       7 a new epoch  8 ttl ms of the idempotency key  9 refresh (1: put both ttls forward)
--       10 digest of what the key is used for
-- returns {offset, epoch, 1 if it was made before, 2 if the key was used for something else}
local offset, epoch, is_new = 0, '-', false
if ARGV[4] ~= '0' then
    local meta = redis.call('HMGET', KEYS[2], 'offset', 'epoch')
    offset = tonumber(meta[1] or '0') + 1
    is_new = not meta[2] or #meta[2] > 16 or not string.find(meta[2], '^[%w_-]+$')
    epoch = is_new and ARGV[7] or meta[2]
end
if KEYS[3] then
    local doing = offset .. ' ' .. epoch .. ' ' .. ARGV[10]
    if not redis.call('SET', KEYS[3], doing, 'NX', 'PX', ARGV[8]) then
        local done = redis.call('GET', KEYS[3])
        local done_offset, done_epoch, digest = string.match(done, '^(%d+) (%S+) ?(%S*)$')
        return {tonumber(done_offset or '0'), done_epoch or '-', digest == ARGV[10] and 1 or 2}
    end
end
if is_new then
    redis.call('DEL', KEYS[1])
    redis.call('HSET', KEYS[2], 'offset', offset, 'epoch', epoch)
elseif offset > 0 then
    redis.call('HSET', KEYS[2], 'offset', offset)
end
if offset > 0 then
    if ARGV[3] == '' then
        redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[4], offset .. '-0', 'd', ARGV[2])
    else
        redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[4], offset .. '-0', 'd', ARGV[2], 'i', ARGV[3])
    end
    if is_new or offset == 1 or ARGV[9] == '1' then
        redis.call('PEXPIRE', KEYS[1], ARGV[5])
        redis.call('PEXPIRE', KEYS[2], ARGV[6])
    end
end
redis.call('PUBLISH', ARGV[1],
    'p ' .. offset .. ' ' .. epoch .. ' ' .. #ARGV[3] .. '\n' .. ARGV[3] .. ARGV[2])
return {offset, epoch, 0}
