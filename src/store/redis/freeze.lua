-- Lets a partition count nothing any more for a site's day and those before it. Returns 0, and changes nothing, where the
-- partition is another store's.
-- KEYS: the partition
-- ARGV: identity of the store, the field with the site's last such day, the day
if redis.call('HGET', KEYS[1], 'store') ~= ARGV[1] then
  return 0
end
local frozen = tonumber(redis.call('HGET', KEYS[1], ARGV[2]) or '')
if not frozen or frozen < tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
end
return 1
