-- Puts a week's cells in the place of its pools. Returns 0, and changes nothing, where the closing is not what was looked at
-- any more.
-- KEYS: marks, the week's hash
-- ARGV: the week, the closing as it was looked at, then fields and values
local week, now = ARGV[1], tonumber(redis.call('TIME')[1])
if redis.call('HGET', KEYS[1], 's' .. week) ~= ARGV[2] then
  return 0
end
local version = string.format('%d', now)
redis.call('UNLINK', KEYS[2])
redis.call('HSET', KEYS[2], 'mark', version)
for i = 3, #ARGV, 1000 do
  redis.call('HSET', KEYS[2], unpack(ARGV, i, math.min(i + 999, #ARGV)))
end
redis.call('HSET', KEYS[1], 'w' .. week, version)
redis.call('HDEL', KEYS[1], 's' .. week, 'kw' .. week)
return 1
