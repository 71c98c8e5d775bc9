-- Deletes a link, its counts and its visitors. Returns 0, and changes nothing, where the link is another than was read.
-- Its incarnation is remembered for a while: counts that a failover lost and that are settled again are known then to be
-- of a link that somebody deleted, and not of one that was lost.
-- KEYS: link, deleted links, what is set aside, then for each of its site's open days its part and its visitors
-- ARGV: the link as it was read, the channel for news, the code, its key, for how many seconds it is remembered, the days
local link = ARGV[4]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
forget_counts(link, 3, 5)
local now = tonumber(redis.call('TIME')[1])
redis.pcall('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - tonumber(ARGV[5]))
redis.pcall('ZADD', KEYS[2], now, string.sub(link, -16))
redis.pcall('EXPIRE', KEYS[2], ARGV[5])
redis.pcall('PUBLISH', ARGV[2], ARGV[3])
return 1
