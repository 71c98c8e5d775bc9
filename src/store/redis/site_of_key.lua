-- Finds the site that a key belongs to.
-- KEYS: sites, keys
-- ARGV: hash of the key
local id = redis.call('HGET', KEYS[2], ARGV[1])
return id and redis.call('HGET', KEYS[1], id)
