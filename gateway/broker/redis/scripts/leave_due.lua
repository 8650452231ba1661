-- Users whose grace is over have left: everybody is told.
-- KEYS  1 users  2 meta  3 leaving  4 grace
-- ARGV  1 pub/sub channel  2 meta ttl ms  3 how many at the most
-- returns ms until there is more to do; -1: nobody is in a grace
-- include next_version
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, user in ipairs(call('ZRANGEBYSCORE', KEYS[4], '-inf', now, 'LIMIT', 0, ARGV[3])) do
    local client, info = string.match(call('HGET', KEYS[3], user) or '', '^(%S+) .-","info":(.*)}$')
    call('ZREM', KEYS[4], user)
    call('HDEL', KEYS[3], user)
    call('HDEL', KEYS[1], user)
    local version = next_version(KEYS[2], now)
    call('PUBLISH', ARGV[1], 'l ' .. version .. ' ' .. call('HLEN', KEYS[1]) .. '\n' ..
        user .. '\n' .. (client or '?') .. '\n' .. (info or 'null'))
    call('PEXPIRE', KEYS[2], ARGV[2])
end
local next = call('ZRANGE', KEYS[4], 0, 0, 'WITHSCORES')
if not next[2] then
    return -1
end
return math.max(0, tonumber(next[2]) - now)
