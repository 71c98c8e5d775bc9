-- Deletes a link, its counts and its visitors. Returns 0, and changes nothing, where the link is
-- another than was read or has counts that its caller has not seen.
-- Its incarnation is remembered for a while: counts that a failover lost and that are settled again are known then to be
-- of a link that somebody deleted, and not of one that was lost.
-- KEYS: link, counts, deleted links, then the visitors of each day that has counts
-- ARGV: the link as it was read, number of fields of the counts, the channel for news, the code, the incarnation, for how
--       many seconds that is remembered
local fields = redis.pcall('HLEN', KEYS[2])
if type(fields) == 'table' then
  fields = 0 -- Its counts are damaged, and go all the same.
end
if redis.call('GET', KEYS[1]) ~= ARGV[1] or fields ~= tonumber(ARGV[2]) then
  return 0
end
redis.call('DEL', KEYS[1], KEYS[2], unpack(KEYS, 4))
local now = tonumber(redis.call('TIME')[1])
redis.pcall('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - tonumber(ARGV[6]))
redis.pcall('ZADD', KEYS[3], now, ARGV[5])
redis.pcall('EXPIRE', KEYS[3], ARGV[6])
redis.pcall('PUBLISH', ARGV[3], ARGV[4])
return 1
