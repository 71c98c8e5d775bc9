-- Announces days on which something is going to be counted, but none that is closed: there nothing can be counted any more.
-- Returns for each of them whether its closing has begun.
-- KEYS: marks
-- ARGV: days
local begun = {}
for i, day in ipairs(ARGV) do
  local is_closing, is_closed = redis.call('HEXISTS', KEYS[1], 'c' .. day), redis.call('HEXISTS', KEYS[1], 'm' .. day)
  begun[i] = is_closing + is_closed > 0 and 1 or 0
  if is_closing == 1 or is_closed == 0 then
    redis.call('HINCRBY', KEYS[1], 'a' .. day, 1)
  end
end
return begun
