-- Takes room for a file, if what all files and those of its owner take together allows it, or
-- prolongs what was taken. Files whose time has come are forgotten first, so that nothing has to
-- be given back.
--
-- Whose a file is stands beside it, as "ID@OWNER=bytes 0"; the sums stand in the same set, as
-- "=OWNER 0" and "= 0" with a score of their own, so that nothing is walked; "=# 0" says how many
-- entries there are. If there are others, as a node of an older version makes and unmakes them,
-- all is counted anew.
-- KEYS  1 sorted set "ID bytes" -> when it ends, ms
-- ARGV  1 entry  2 bytes  3 ttl ms  4 bytes for all files  5 owner  6 bytes for one owner; 0: any
--       7 "1": the file is removed instead
-- returns 1; 0: there is no room; 2: the owner has too much
local key = KEYS[1]
local SUM = 4000000000000000 -- above all times, and below what a score counts exactly
local now = redis.call('TIME')
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)

local function sum_of(owner)
    local score = redis.call('ZSCORE', key, '=' .. owner .. ' 0')
    return score and tonumber(score) - SUM or 0
end
local function add(owner, bytes)
    local sum = sum_of(owner) + bytes
    if sum > 0 then
        redis.call('ZADD', key, string.format('%.0f', SUM + sum), '=' .. owner .. ' 0')
    else
        redis.call('ZREM', key, '=' .. owner .. ' 0')
    end
end
local function account(entry, sign)
    local owner, bytes = string.match(entry, '^%x+@(%S*)=(%d+) 0$')
    if not owner then
        owner, bytes = '', string.match(entry, ' (%d+)$')
    end
    add(owner, tonumber(bytes) * sign)
end
local function note_count()
    redis.call('ZADD', key, string.format('%.0f', SUM), '=# 0')
    redis.call('ZADD', key, string.format('%.0f', SUM + redis.call('ZCARD', key)), '=# 0')
end

local count = redis.call('ZCARD', key)
if count > 0 and sum_of('#') ~= count then
    local entries = redis.call('ZRANGE', key, 0, -1)
    for _, entry in ipairs(entries) do
        if string.sub(entry, 1, 1) == '=' then
            redis.call('ZREM', key, entry)
        end
    end
    for _, entry in ipairs(entries) do
        if string.sub(entry, 1, 1) ~= '=' then
            account(entry, 1)
        end
    end
end
for _, entry in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', string.format('%d', now_ms))) do
    redis.call('ZREM', key, entry)
    account(entry, -1)
end

local share = string.match(ARGV[1], '^%x+') .. '@' .. ARGV[5] .. '=' .. ARGV[2] .. ' 0'
local is_known = redis.call('ZSCORE', key, ARGV[1])
local result = 1
if ARGV[7] == '1' then
    for _, entry in ipairs({ARGV[1], share}) do
        if redis.call('ZREM', key, entry) == 1 then
            account(entry, -1)
        end
    end
elseif not is_known and sum_of('') + ARGV[2] > tonumber(ARGV[4]) then
    result = 0
elseif not is_known and ARGV[6] ~= '0' and sum_of(ARGV[5]) + ARGV[2] > tonumber(ARGV[6]) then
    result = 2
else
    for _, entry in ipairs({ARGV[1], share}) do
        if redis.call('ZADD', key, string.format('%d', now_ms + ARGV[3]), entry) == 1 then
            account(entry, 1)
        end
    end
end
note_count()
if redis.call('PTTL', key) < tonumber(ARGV[3]) then
    redis.call('PEXPIRE', key, ARGV[3])
end
return result
