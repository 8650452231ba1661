-- Appends a piece to a file, at the place where it belongs.
-- KEYS  1 the file
-- ARGV  1 how long it must be before  2 the piece  3 ttl ms from now; "": as it is
-- returns 1; 0: it is not as long, for instance because it is gone
if redis.call('STRLEN', KEYS[1]) ~= tonumber(ARGV[1]) then
    return 0
end
redis.call('APPEND', KEYS[1], ARGV[2])
if ARGV[3] ~= '' then
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return 1
