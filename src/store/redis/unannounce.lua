-- Forgets that something was announced for a day on which nothing is counted, unless something was announced since or its
-- closing has begun. Returns whether it is forgotten.
-- KEYS: marks
-- ARGV: the day, how often something had been announced
local day = ARGV[1]
if redis.call('HGET', KEYS[1], 'a' .. day) ~= ARGV[2] or redis.call('HEXISTS', KEYS[1], 'c' .. day) == 1 then
  return 0
end
return redis.call('HDEL', KEYS[1], 'a' .. day, 'v' .. day)
