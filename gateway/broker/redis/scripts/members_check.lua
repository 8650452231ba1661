-- Is a member still there that a node knows to be? If the whole list is gone (evicted, deleted by
-- hand), what hangs on it is cleared, so that members who are put back are counted anew, and nobody
-- is told that they came: they joined before this list's birth.
-- KEYS  1 members  2 users  3 meta  4 leaving  5 grace
-- ARGV  1 client  2 meta ttl ms
-- returns 1: it is there; 0: it is not
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then
    return 1
end
if redis.call('EXISTS', KEYS[1]) == 0 then
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    redis.call('DEL', KEYS[2], KEYS[4], KEYS[5])
    redis.call('HSET', KEYS[3], 'born', now)
    redis.call('PEXPIRE', KEYS[3], ARGV[2])
end
return 0
