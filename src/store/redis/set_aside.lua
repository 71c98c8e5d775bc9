-- Sets aside fields of a site's day in a partition, so that the day can be closed without them; or the whole part where it
-- is no hash. Returns 0, and changes nothing, where the partition is another store's. It changes nothing either where the
-- day still counts here: whoever closes it looks again before the next stage.
-- KEYS: the partition, what is set aside in it, the part, what becomes of a part that is no hash, the site's days that count
-- nothing any more
-- ARGV: identity of the store, the day, fields of the part
if redis.call('HGET', KEYS[1], 'store') ~= ARGV[1] then
  return 0
elseif redis.call('SISMEMBER', KEYS[5], ARGV[2]) == 0 then
  return 1
end
local kind = redis.call('TYPE', KEYS[3]).ok
if kind ~= 'hash' and kind ~= 'none' then
  redis.call('RENAME', KEYS[3], KEYS[4])
  redis.call('HSET', KEYS[2], KEYS[4] .. ' ' .. ARGV[2], '')
  return 1
end
for i = 3, #ARGV do
  local record = redis.call('HGET', KEYS[3], ARGV[i])
  if record then
    redis.call('HSET', KEYS[2], ARGV[i] .. ' ' .. ARGV[2], is_record(record) and to_aside(record) or record)
    redis.call('HDEL', KEYS[3], ARGV[i])
  end
end
return 1
