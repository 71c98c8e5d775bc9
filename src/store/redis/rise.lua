-- Raises the version of the links that were made on a day: to the present second at least, so that one that a failover
-- lost is not given to other links.
-- KEYS: marks of days
-- ARGV: the field
local old = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
local version = math.max(old + 1, tonumber(redis.call('TIME')[1]))
redis.call('HSET', KEYS[1], ARGV[1], string.format('%d', version))
return 1
