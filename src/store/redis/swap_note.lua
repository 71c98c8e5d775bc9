-- Puts a note in the place of what it was, where it is still that. Returns whether it was.
-- KEYS: the note
-- ARGV: what it was, what it becomes, when it ends at the earliest, in seconds
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
  return 0
end
local now = tonumber(redis.call('TIME')[1])
redis.call('SET', KEYS[1], ARGV[2], 'EXAT', math.max(tonumber(ARGV[3]), now + 3600))
return 1
