-- One step of closing a site's day: all of it, or nothing where somebody else has taken a step of any of the
-- site's days since this one's maker looked. Returns 0 then, 2 where the day is closed now, and else 1.
-- KEYS: marks, the day's hash, what waits, the day's active codes
-- ARGV: the step that was looked at, this one, the day, its mark, how often late entries had been announced, whether the
--       day is closed with this, then four numbers: how many of what follows are fields and values to be
--       put into the day's hash, fields to be taken out of it, and the same of what waits. Then these. What
--       is left are codes that have nothing open any more.
local step = redis.call('HGET', KEYS[1], 'step') or ''
if step ~= ARGV[1] and step ~= ARGV[2] then
  return 0
end
local day, at = ARGV[3], 10
local function call(command, key, number)
  if number > 0 then
    redis.call(command, key, unpack(ARGV, at + 1, at + number))
  end
  at = at + number
end
if step == ARGV[1] then -- Else it was done already, and the answer got lost.
  call('HSET', KEYS[2], tonumber(ARGV[7]))
  call('HDEL', KEYS[2], tonumber(ARGV[8]))
  call('HSET', KEYS[3], tonumber(ARGV[9]))
  call('HDEL', KEYS[3], tonumber(ARGV[10]))
  redis.call('HSET', KEYS[2], 'mark', ARGV[4])
  redis.call('HSET', KEYS[1], day, ARGV[4], 'step', ARGV[2])
  -- Entries that were announced since may have been added to what was looked at.
  if (redis.call('HGET', KEYS[1], 'a' .. day) or '') == ARGV[5] then
    call('SREM', KEYS[4], #ARGV - at)
  end
  if ARGV[6] == '1' and redis.call('EXISTS', KEYS[4]) == 0 then
    redis.call('HSET', KEYS[1], 'b' .. day, redis.call('HGET', KEYS[1], 'a' .. day) or '')
  end
end
if redis.call('HGET', KEYS[1], 'b' .. day) == (redis.call('HGET', KEYS[1], 'a' .. day) or '') then
  return 2
end
return 1
