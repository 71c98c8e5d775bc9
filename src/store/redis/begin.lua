-- Begins a closing, unless somebody has begun it.
-- KEYS: marks
-- ARGV: the closing's field, its text, the field of its secret, and this behind 128 bytes of nothing
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 1 then
  redis.call('HSET', KEYS[1], ARGV[3], string.sub(ARGV[4], 129))
end
return 1
