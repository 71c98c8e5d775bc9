-- Puts some cells of a day that is being closed, and some of what it adds to the week's pools. Returns 0, and changes
-- nothing, where the closing is not what was looked at any more; and 2 where the week has been closed.
-- KEYS: marks, the day's hash, the week's hash
-- ARGV: the day, the closing as it was looked at, the week, how many fields and values of cells there are, these, and
--       those of pools
local day, week, cells = ARGV[1], ARGV[3], tonumber(ARGV[4])
if redis.call('HGET', KEYS[1], 'c' .. day) ~= ARGV[2] then
  return 0
end
if #ARGV > 4 + cells then
  if (redis.call('HGET', KEYS[1], 'w' .. week) or '0') ~= '0' then
    return 2
  end
  redis.call('HSET', KEYS[3], unpack(ARGV, 5 + cells))
  redis.call('HSETNX', KEYS[1], 'w' .. week, 0)
  redis.call('HDEL', KEYS[1], 's' .. week, 'kw' .. week) -- Whoever closes the week has to look again.
end
if cells > 0 then
  -- Links that were deleted since, by their incarnations.
  local gone = redis.call('HGET', KEYS[1], 'g' .. day)
  if not gone then
    redis.call('HSET', KEYS[2], unpack(ARGV, 5, 4 + cells))
  else
    for i = 5, 4 + cells, 2 do
      if not string.find(gone, string.sub(ARGV[i], -16), 1, true) then
        redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
      end
    end
  end
end
return 1
