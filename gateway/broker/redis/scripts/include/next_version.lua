-- The version of the list of members with the next change in it. The first one is the list's birth:
-- who joined before it was lost with the list, and has not left.
local function next_version(meta, now)
    local version = redis.call('HINCRBY', meta, 'version', 1)
    if version == 1 then
        redis.call('HSET', meta, 'born', now)
    end
    return version
end
