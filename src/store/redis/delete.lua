-- Deletes a link, its counts and its visitors. Returns 0, and changes nothing, where the link is
-- another than was read or has counts that its caller has not seen.
-- KEYS: link, counts, then the visitors of each day that has counts
-- ARGV: the link as it was read, number of fields of the counts, the channel for news, the code,
--       seconds for which the marks stay
if redis.call('GET', KEYS[1]) ~= ARGV[1] or redis.call('HLEN', KEYS[2]) ~= tonumber(ARGV[2]) then
  return 0
end
local marks = {}
local fields = redis.call('HGETALL', KEYS[2])
for i = 1, #fields, 2 do
  if string.sub(fields[i], 1, 1) == 'm' then
    marks[#marks + 1] = fields[i]
    marks[#marks + 1] = fields[i + 1]
  end
end
redis.call('DEL', unpack(KEYS))
if #marks > 0 then
  -- Entries of this link that are settled a second time must not count for a later one of its code.
  redis.call('HSET', KEYS[2], unpack(marks))
  redis.call('EXPIRE', KEYS[2], ARGV[5])
end
redis.pcall('PUBLISH', ARGV[3], ARGV[4])
return 1
