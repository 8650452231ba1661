-- One publication: was it made before, its place in the log, everybody who listens, the ack.
-- KEYS  1 log  2 meta  3 result of this idempotency key (may be missing)
-- ARGV  1 pub/sub channel  2 payload  3 info  4 log size  5 log ttl ms  6 meta ttl ms
--       7 a new epoch  8 ttl ms of the idempotency key
-- returns {offset, epoch, 1 if it was made before}
if KEYS[3] then
    local done = redis.call('GET', KEYS[3])
    if done then
        local offset, epoch = string.match(done, '^(%d+) (.*)$')
        return {tonumber(offset), epoch, 1}
    end
end
local offset, epoch = 0, '-'
if ARGV[4] ~= '0' then
    offset = redis.call('HINCRBY', KEYS[2], 'offset', 1)
    epoch = redis.call('HGET', KEYS[2], 'epoch')
    if not epoch then
        epoch = ARGV[7]
        redis.call('HSET', KEYS[2], 'epoch', epoch)
        redis.call('DEL', KEYS[1])
    end
    if ARGV[3] == '' then
        redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[4], offset .. '-0', 'd', ARGV[2])
    else
        redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[4], offset .. '-0', 'd', ARGV[2], 'i', ARGV[3])
    end
    redis.call('PEXPIRE', KEYS[1], ARGV[5])
    redis.call('PEXPIRE', KEYS[2], ARGV[6])
end
if KEYS[3] then
    redis.call('SET', KEYS[3], offset .. ' ' .. epoch, 'PX', ARGV[8])
end
redis.call('PUBLISH', ARGV[1],
    'p ' .. offset .. ' ' .. epoch .. ' ' .. #ARGV[3] .. '\n' .. ARGV[3] .. ARGV[2])
return {offset, epoch, 0}
