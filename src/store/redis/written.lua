-- Lets a day's cells hold, all at once. Returns 0, and changes nothing, where the closing is not what was looked at.
-- KEYS: marks, the day's hash
-- ARGV: the day, the closing as it was looked at, what it becomes, k
if redis.call('HGET', KEYS[1], 'c' .. ARGV[1]) ~= ARGV[2] then
  return 0
end
local version = tonumber(string.match(redis.call('HGET', KEYS[1], 'm' .. ARGV[1]) or '', ' (%d+)$') or '0')
local mark = string.format('%s %d', ARGV[4], math.max(version + 1, tonumber(redis.call('TIME')[1])))
redis.call('HSET', KEYS[2], 'mark', mark)
redis.call('HSET', KEYS[1], 'm' .. ARGV[1], mark, 'c' .. ARGV[1], ARGV[3])
redis.call('HDEL', KEYS[1], 'g' .. ARGV[1])
return 1
