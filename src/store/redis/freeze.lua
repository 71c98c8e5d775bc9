-- Lets a partition count nothing any more for a site's day. Returns 0, and changes nothing, where the partition is another
-- store's.
-- KEYS: the partition, the site's days that count nothing there
-- ARGV: identity of the store, the day
if redis.call('HGET', KEYS[1], 'store') ~= ARGV[1] then
  return 0
end
redis.call('SADD', KEYS[2], ARGV[2])
return 1
