-- The log is known by another epoch from here on: it may have lost its end, and what comes next
-- must not be taken for what others have seen at these offsets. Up to its offset it is the same.
-- renames keeps the last of them, "EPOCH OFFSET " each, the oldest first.
local RENAMES_KEPT = 8
local function rename(meta, old_epoch, offset, epoch)
    local renames = (redis.call('HGET', meta, 'renames') or '') .. old_epoch .. ' ' .. offset .. ' '
    local _, count = string.gsub(renames, '%S+ %d+ ', '')
    if count > RENAMES_KEPT then
        renames = string.gsub(renames, '^%S+ %d+ ', '', 1)
    end
    redis.call('HSET', meta, 'epoch', epoch, 'renames', renames, 'renamed_from', old_epoch,
        'renamed_at', offset)
end
