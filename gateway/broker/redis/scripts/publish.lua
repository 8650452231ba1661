-- One publication: was it made before, its place in the log, everybody who listens, the ack.
--
-- What is wrong with a key is found out before anything is written, and the result of the
-- idempotency key is written last: what is acknowledged was published.
-- KEYS  1 log  2 meta  3 result of this idempotency key (may be missing)
-- ARGV  1 pub/sub channel  2 payload  3 info  4 log size  5 log ttl ms  6 meta ttl ms
--       7 a new epoch  8 ttl ms of the idempotency key
--       9 lifetimes: put forward when a tenth is over (''); always (1); only where there is none (0)
--       10 digest of what the key is used for
--       11 the run of this Redis, another after each start and on each replica; '': not known
-- returns {offset, epoch, 1 if it was made before, 2 if the key was used for something else}
-- include rename
-- include is_epoch
if KEYS[3] then
    local done = redis.call('GET', KEYS[3])
    if done then
        local offset, epoch, digest = string.match(done, '^(%d+) (%S+) ?(%S*)$')
        return {tonumber(offset or '0'), epoch or '-', digest == ARGV[10] and 1 or 2}
    end
end
local offset, epoch = 0, '-'
if ARGV[4] ~= '0' then
    local meta = redis.call('HMGET', KEYS[2], 'offset', 'epoch', 'run')
    local left = redis.call('PTTL', KEYS[1])
    local is_new = not is_epoch(meta[2])
    local is_other_run = ARGV[11] ~= '' and meta[3] ~= ARGV[11]
    offset = tonumber(meta[1] or '0') + 1
    epoch = meta[2]
    if is_new or (is_other_run and meta[3]) then
        epoch = ARGV[7]
    end
    if is_new then
        redis.call('DEL', KEYS[1])
        left = -2
    end
    if ARGV[3] == '' then
        redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[4], offset .. '-0', 'd', ARGV[2])
    else
        redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[4], offset .. '-0', 'd', ARGV[2], 'i', ARGV[3])
    end
    if is_other_run and meta[3] and not is_new then
        rename(KEYS[2], meta[2], offset - 1, epoch)
    end
    if is_new or is_other_run then
        redis.call('HSET', KEYS[2], 'offset', offset, 'epoch', epoch, 'run', ARGV[11])
    else
        redis.call('HSET', KEYS[2], 'offset', offset)
    end
    if left < 0 or ARGV[9] == '1' or (ARGV[9] == '' and left < ARGV[5] * 0.9) then
        redis.call('PEXPIRE', KEYS[1], ARGV[5])
        redis.call('PEXPIRE', KEYS[2], ARGV[6])
    end
end
redis.call('PUBLISH', ARGV[1],
    'p ' .. offset .. ' ' .. epoch .. ' ' .. #ARGV[3] .. '\n' .. ARGV[3] .. ARGV[2])
if KEYS[3] then
    redis.call('SET', KEYS[3], offset .. ' ' .. epoch .. ' ' .. ARGV[10], 'PX', ARGV[8])
end
return {offset, epoch, 0}
