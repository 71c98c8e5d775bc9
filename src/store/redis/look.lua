-- Reads some marks of a site's days, with the server's time in seconds.
-- KEYS: marks
-- ARGV: which fields, if any
local now = tonumber(redis.call('TIME')[1])
return { now, #ARGV > 0 and redis.call('HMGET', KEYS[1], unpack(ARGV)) or {} }
