-- One publication: its place in the log, the log itself, everybody who listens, the ack.
-- KEYS  1 log  2 meta
-- ARGV  1 pub/sub channel  2 payload  3 log size  4 log ttl ms  5 meta ttl ms  6 a new epoch
-- returns {offset, epoch}
local offset = redis.call('HINCRBY', KEYS[2], 'offset', 1)
local epoch = redis.call('HGET', KEYS[2], 'epoch')
if offset == 1 or not epoch then
    epoch = ARGV[6]
    redis.call('HSET', KEYS[2], 'epoch', epoch)
    redis.call('DEL', KEYS[1])
end
redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[3], offset .. '-0', 'd', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
redis.call('PUBLISH', ARGV[1], 'p ' .. offset .. ' ' .. epoch .. '\n' .. ARGV[2])
return {offset, epoch}
