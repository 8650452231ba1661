-- A node takes or renews its lease. Redis's clock decides, not the node's.
-- KEYS  1 the node's key
-- ARGV  1 instance (random, one per process)  2 ttl ms  3 the last generation it had, 0: none
--       then field, value, ...
-- returns {state, generation, now ms}; state 0: another instance holds the name,
--         1: renewed, 2: taken, with a new generation
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('HMGET', KEYS[1], 'instance', 'generation')
if held[1] and held[1] ~= ARGV[1] then
    return {0, tonumber(held[2] or '0') or 0, now}
end
local state, generation = 1, held[2] and tonumber(held[2])
if not held[1] or not generation then
    state, generation = 2, math.max(now, tonumber(ARGV[3]) + 1)
end
redis.call('HSET', KEYS[1], 'instance', ARGV[1], 'generation', string.format('%d', generation),
    unpack(ARGV, 4))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {state, generation, now}
