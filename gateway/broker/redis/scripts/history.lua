-- A range of a channel's log, with the place it has reached, in one look.
-- KEYS  1 log  2 meta
-- ARGV  1 since (an offset, not included; 0: from the end it begins at)  2 limit
--       3 reverse (1: newest first)  4 a new epoch, for a log that has none; '': it is only
--       looked at, and nothing is made  5 meta ttl ms  6 limit of bytes (0: none)
--       7 what an entry counts besides its bytes
-- returns {epoch or '', offset, entries, epochs it had before: "EPOCH OFFSET " each, with the offset
--         up to which the log is the same, the oldest first; version of the list of members}
-- include is_epoch
local meta = redis.call('HMGET', KEYS[2], 'epoch', 'offset', 'renames', 'renamed_from', 'renamed_at',
    'version')
if not is_epoch(meta[1]) then
    meta[1] = false
end
if not meta[1] and ARGV[4] == '' then
    return {'', 0, {}, '', 0}
end
if not meta[1] then
    redis.call('HSET', KEYS[2], 'epoch', ARGV[4])
    redis.call('PEXPIRE', KEYS[2], ARGV[5])
    redis.call('DEL', KEYS[1])
end

local SLICE = 16 -- entries read at once where their bytes count
local limit, bytes_left = tonumber(ARGV[2]), tonumber(ARGV[6])
local is_limited = bytes_left > 0
local entries = {}
local from = ARGV[1] ~= '0' and '(' .. ARGV[1] .. '-0'

local function read(count)
    if ARGV[3] == '1' then
        return redis.call('XREVRANGE', KEYS[1], from or '+', '-', 'COUNT', count)
    end
    return redis.call('XRANGE', KEYS[1], from or '-', '+', 'COUNT', count)
end

-- false: it is one too many
local function take(entry)
    local fields = entry[2]
    bytes_left = bytes_left - #fields[2] - #(fields[4] or '') - ARGV[7]
    if bytes_left < 0 and #entries > 0 then
        return false
    end
    entries[#entries + 1] = entry
    return true
end

local function read_within_bytes()
    while #entries < limit do
        local wanted = math.min(SLICE, limit - #entries)
        local slice = read(wanted)
        for _, entry in ipairs(slice) do
            if not take(entry) then
                return
            end
        end
        if #slice < wanted then
            return
        end
        from = '(' .. slice[#slice][1]
    end
end

if limit > 0 and is_limited then
    read_within_bytes()
elseif limit > 0 then
    entries = read(limit)
end
-- a node of an older version keeps only the last of them
local renames = meta[3] or ''
local last = meta[4] and meta[5] and meta[4] .. ' ' .. meta[5] .. ' '
if last and string.sub(renames, -#last) ~= last then
    renames = renames .. last
end
return {meta[1] or ARGV[4], tonumber(meta[2] or '0') or 0, entries, renames,
    tonumber(meta[6] or '0') or 0}
