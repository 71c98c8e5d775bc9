-- Forgets a closing that is done, unless it is not what was looked at any more.
-- KEYS: marks
-- ARGV: the closing's field, the closing as it was looked at, then the fields that go with it
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  redis.call('HDEL', KEYS[1], ARGV[1], unpack(ARGV, 3))
end
return 1
