-- Takes once-names for a link and lists the link in its site's index: all of it, or nothing where
-- one of the names is another's. Returns who holds the names.
-- A link of a day that is over by the server's clock is a change of that day: whoever keeps it in memory reads it again.
-- KEYS: once-names, index, marks of days
-- ARGV: holder, code, milliseconds of creation, number of holders that are gone, these, the names
local holder, gone = ARGV[1], tonumber(ARGV[4])

local is_gone = {}
for i = 5, 4 + gone do
  is_gone[ARGV[i]] = true
end
for i = 5 + gone, #ARGV do
  local other = redis.call('HGET', KEYS[1], ARGV[i])
  if other and other ~= holder and not is_gone[other] then
    return other
  end
end

for i = 5 + gone, #ARGV do
  redis.call('HSET', KEYS[1], ARGV[i], holder)
end
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2])
local day, now = math.floor(tonumber(ARGV[3]) / 86400000), tonumber(redis.call('TIME')[1])
if day < math.floor(now / 86400) then
  local field = string.format('l%d', day)
  local version = math.max(tonumber(redis.call('HGET', KEYS[3], field) or '0') + 1, now)
  redis.call('HSET', KEYS[3], field, string.format('%d', version))
end
return holder
