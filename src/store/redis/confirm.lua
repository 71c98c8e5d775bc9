-- Notes how far a journal is in the store for good. What was noted before is never lowered.
-- KEYS: journals
-- ARGV: journal, number, day, whether the journal has ended
local number, day = string.match(redis.call('HGET', KEYS[1], ARGV[1]) or '0 0 0 0', '^(%d+) (-?%d+) ')
number, day = math.max(tonumber(number or '0'), tonumber(ARGV[2])), math.max(tonumber(day or '0'), tonumber(ARGV[3]))
local now = tonumber(redis.call('TIME')[1])
local since = ARGV[4] == '1' and now or 0
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f %d %d %d', number, day, since, now))
return 1
