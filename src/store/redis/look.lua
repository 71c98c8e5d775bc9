-- Reads some marks of a site's days, with the server's time in seconds.
-- KEYS: marks
-- ARGV: which fields
local now = tonumber(redis.call('TIME')[1])
return { now, redis.call('HMGET', KEYS[1], unpack(ARGV)) }
