-- Adds networks to a set of them.
-- KEYS: the set
-- ARGV: when it ends at the earliest, in seconds, then the members behind 128 bytes of nothing, of nine bytes each
local members = {}
local function add()
  redis.call('SADD', KEYS[1], unpack(members))
  members = {}
end
for at = 129, #ARGV[2], 9 do
  members[#members + 1] = string.sub(ARGV[2], at, at + 8)
  if #members == 500 then
    add()
  end
end
if #members > 0 then
  add()
end
local now = tonumber(redis.call('TIME')[1])
redis.call('EXPIREAT', KEYS[1], math.max(tonumber(ARGV[1]), now + 86400))
return 1
