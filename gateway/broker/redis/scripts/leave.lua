-- Connections leave a channel. A user's last one begins the user's grace: who is back before it
-- ends has not left. Without a grace the leave is told at once; where each connection counts,
-- and of the anonymous (user ""), every one is.
-- KEYS  1 members  2 users  3 meta  4 leaving  5 grace
-- ARGV  1 pub/sub channel  2 each connection counts (1)  3 grace ms  4 meta ttl ms
--       5 only members of this generation; '': of any  6 when the grace began, Redis time in ms;
--       0: now  then clients
-- returns how many users of the channel are in their grace: somebody has to end it
-- include next_version
local call = redis.call
local fence = ARGV[5] ~= '' and '{"generation":' .. ARGV[5] .. ','
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = (ARGV[6] ~= '0' and tonumber(ARGV[6]) or now) + tonumber(ARGV[3])

-- USER and INFO of {...,"user":USER,"info":INFO}; quotes inside a string are escaped
local function read(member)
    local from, to = string.find(member, ',"user":"', 1, true)
    local next, info = string.find(member, '","info":', to, true)
    local user = string.sub(member, to + 1, next - 1)
    if string.find(user, '\\', 1, true) then
        user = cjson.decode('["' .. user .. '"]')[1]
    end
    return user, string.sub(member, info + 1, -2)
end

local function tell(user, client, info)
    local version = next_version(KEYS[3], now)
    call('PEXPIRE', KEYS[3], ARGV[4])
    call('PUBLISH', ARGV[1], 'l ' .. version .. ' ' .. call('HLEN', KEYS[2]) .. '\n' ..
        user .. '\n' .. client .. '\n' .. info)
end

local function leave(client, user, info, member)
    local connections = call('HINCRBY', KEYS[2], user, -1)
    local is_each = ARGV[2] == '1' or user == ''
    if connections <= 0 and not is_each and due > now then
        call('HSET', KEYS[4], user, client .. ' ' .. member)
        call('ZADD', KEYS[5], due, user)
        return
    end
    if connections <= 0 then
        call('HDEL', KEYS[2], user)
    end
    if connections <= 0 or is_each then
        tell(user, client, info)
    end
end

-- Whatever could be wrong with a key is found out before the first write: a leave is done whole
-- or not at all.
call('HLEN', KEYS[2])
call('HLEN', KEYS[3])
call('HLEN', KEYS[4])
call('ZCARD', KEYS[5])
local leaving = {}
for i = 7, #ARGV do
    local member = call('HGET', KEYS[1], ARGV[i])
    if member and (not fence or string.sub(member, 1, #fence) == fence) then
        local user, info = read(member)
        leaving[#leaving + 1] = {ARGV[i], user, info, member}
    end
end
for _, each in ipairs(leaving) do
    if call('HDEL', KEYS[1], each[1]) == 1 then
        leave(each[1], each[2], each[3], each[4])
    end
end
return call('ZCARD', KEYS[5])
