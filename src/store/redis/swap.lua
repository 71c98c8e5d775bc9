-- Puts a value in the place of the one that was read, or removes it where the new one is empty.
-- Returns 0, and changes nothing, where another value stands there.
-- KEYS: the key
-- ARGV: old value, new value, the channel for news, the code that has changed
local value = redis.call('GET', KEYS[1])
if value == ARGV[2] then
  return 1 -- Done already: by a helper, or by the same call whose answer was lost.
end
if value ~= ARGV[1] then
  return 0
end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[2]) -- This ends an expiry that the old value had.
end
redis.pcall('PUBLISH', ARGV[3], ARGV[4]) -- A user who may not publish may change links all the same.
return 1
