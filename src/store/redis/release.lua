-- Takes a deleted link out of its site's index, its once-names and the days' active codes. What by
-- now belongs to a later link of the same code stays.
-- KEYS: once-names, index, then the active codes of each of its days
-- ARGV: holder, code, milliseconds of creation, the names
local holder, code = ARGV[1], ARGV[2]

local score = redis.call('ZSCORE', KEYS[2], code)
if score and tonumber(score) == tonumber(ARGV[3]) then
  redis.call('ZREM', KEYS[2], code)
  for i = 3, #KEYS do
    redis.call('SREM', KEYS[i], code)
  end
end
for i = 4, #ARGV do
  if redis.call('HGET', KEYS[1], ARGV[i]) == holder then
    redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
return 1
