-- Takes once-names for a link and lists the link in its site's index: all of it, or nothing where
-- one of the names is another's. Returns who holds the names.
-- KEYS: once-names, index
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
return holder
