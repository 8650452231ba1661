-- A node takes or renews its lease. Redis's clock decides, not the node's.
-- KEYS  1 the node's key
-- ARGV  1 instance (random, one per process)  2 ttl ms  3 the last generation it had, 0: none
--       4 the place where it runs, which holds one process at a time; '': not known
--       then field, value, ...
-- A process that begins takes the name over from one that ran at the same place: it is dead.
-- returns {state, generation, now ms}; state 0: another instance holds the name,
--         1: renewed, 2: taken, with a new generation
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('HMGET', KEYS[1], 'instance', 'generation', 'place')
local is_another = held[1] and held[1] ~= ARGV[1]
local is_dead = is_another and ARGV[3] == '0' and ARGV[4] ~= '' and held[3] == ARGV[4]
if is_another and not is_dead then
    return {0, tonumber(held[2] or '0') or 0, now}
end
local state, generation = 1, held[2] and tonumber(held[2])
if not held[1] or not generation or is_dead then
    state, generation = 2, math.max(now, tonumber(ARGV[3]) + 1, (generation or 0) + 1)
end
redis.call('HSET', KEYS[1], 'instance', ARGV[1], 'generation', string.format('%d', generation),
    'place', ARGV[4], unpack(ARGV, 5))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {state, generation, now}
