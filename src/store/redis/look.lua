-- Reads some marks of a site's days, with the server's time in milliseconds.
-- KEYS: marks
-- ARGV: which fields, if any
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
return { now, #ARGV > 0 and redis.call('HMGET', KEYS[1], unpack(ARGV)) or {} }
