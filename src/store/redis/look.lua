-- Reads the marks of a site's days, or some of them, with the server's time in seconds.
-- KEYS: marks
-- ARGV: which fields; all where none is named
local now = tonumber(redis.call('TIME')[1])
if #ARGV == 0 then
  return { now, redis.call('HGETALL', KEYS[1]) }
end
return { now, redis.call('HMGET', KEYS[1], unpack(ARGV)) }
