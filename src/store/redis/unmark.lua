-- Takes the mark of a turn from a link's counts. Returns whether it was there.
-- KEYS: counts
-- ARGV: the mark's field, the turn
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  return redis.call('HDEL', KEYS[1], ARGV[1])
end
return 0
