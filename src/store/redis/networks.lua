-- Adds networks to those of a site's day, and to those that nobody has asked for.
-- KEYS: both sets
-- ARGV: when they end at the earliest, in seconds, then the members behind 128 bytes of nothing, of nine bytes each
local now = tonumber(redis.call('TIME')[1])
local ending = math.max(tonumber(ARGV[1]), now + 86400)
local members = {}
local function add()
  for _, key in ipairs(KEYS) do
    redis.call('SADD', key, unpack(members))
    redis.call('EXPIREAT', key, ending)
  end
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
return 1
