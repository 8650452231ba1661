-- A connection joins a channel. Its user's first one is told to everybody, unless the user had
-- left a moment ago and that is not told yet; where each connection counts, and of the
-- anonymous (user ""), every one is.
-- KEYS  1 members  2 users  3 meta  4 leaving  5 grace
-- ARGV  1 client  2 user  3 member as JSON  4 generation of the node's lease  5 pub/sub channel
--       6 info  7 each connection counts (1)  8 meta ttl ms
--       9 mode: join; rejoin: a member that may be there, is put back; restore: the same, but
--         only if the store lost it  10 when the member joined first, Redis time in ms
--       11 when the node's lease ends: what comes later may have been cleaned up already
-- returns 1 if it was added, 0 if it was there, -1 if another holds its place or it is not to be
--         put back, -2 if the lease is over
-- include next_version
local call = redis.call
local client, user, mode = ARGV[1], ARGV[2], ARGV[9]
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[11]) then
    return -2
end
if call('HSETNX', KEYS[1], client, ARGV[3]) == 0 then
    local held = tonumber(string.match(call('HGET', KEYS[1], client), '^{"generation":(%d+)') or '0')
    if held > tonumber(ARGV[4]) then
        return -1
    end
    if held < tonumber(ARGV[4]) then
        call('HSET', KEYS[1], client, ARGV[3])
    end
    return 0
end
-- Not there: either its leave was told, or the store lost it, and with it the channel's birth.
local is_lost = false
if mode ~= 'join' then
    local born = call('HGET', KEYS[3], 'born')
    is_lost = not born or tonumber(born) > tonumber(ARGV[10]) + 1000
    if mode == 'restore' and not is_lost then
        call('HDEL', KEYS[1], client)
        return -1
    end
end
local connections = call('HINCRBY', KEYS[2], user, 1)
local is_told = ARGV[7] == '1' or user == ''
if not is_told and connections == 1 then
    is_told = call('HDEL', KEYS[4], user) == 0
    if not is_told then
        call('ZREM', KEYS[5], user)
    end
end
if is_told then
    local version = next_version(KEYS[3], now)
    call('PEXPIRE', KEYS[3], ARGV[8])
    local head = version .. ' ' .. call('HLEN', KEYS[2]) .. '\n'
    if is_lost then
        call('PUBLISH', ARGV[5], 's ' .. head)
    else
        call('PUBLISH', ARGV[5], 'j ' .. head .. user .. '\n' .. client .. '\n' .. ARGV[6])
    end
end
return 1
