-- Puts a value in the place of the one that was read in a field of a hash, or removes it where the new
-- one is empty. Returns 0, and changes nothing, where another value stands there.
-- KEYS: the hash
-- ARGV: field, old value (empty where there was none), new value
local value = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if value == ARGV[3] then
  return 1 -- Done already: by the same call, whose answer was lost.
end
if value ~= ARGV[2] then
  return 0
end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
return 1
