-- Deletes a link, its counts and its visitors. Returns 0, and changes nothing, where the link is
-- another than was read or has counts that its caller has not seen.
-- KEYS: link, counts, then the visitors of each day that has counts
-- ARGV: the link as it was read, number of fields of the counts, the channel for news, the code
if redis.call('GET', KEYS[1]) ~= ARGV[1] or redis.call('HLEN', KEYS[2]) ~= tonumber(ARGV[2]) then
  return 0
end
redis.call('DEL', unpack(KEYS))
redis.pcall('PUBLISH', ARGV[3], ARGV[4])
return 1
