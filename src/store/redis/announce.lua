-- Announces a link's late entries, which are there already: in one step with a number that tells whoever closes the day
-- that there is something to look at again.
-- KEYS: marks, the day's active codes
-- ARGV: day, the codes
redis.call('SADD', KEYS[2], unpack(ARGV, 2))
return redis.call('HINCRBY', KEYS[1], 'a' .. ARGV[1], 1)
