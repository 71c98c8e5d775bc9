-- Takes once-names for a link and lists the link in its site's index: all of it, or nothing where
-- one of the names is another's. Returns who holds the names.
-- A link of a day that is over by the server's clock is a change of that day: whoever keeps it in memory reads it again.
-- KEYS: once-names, index, marks of days, children
-- ARGV: holder, code, hour of creation, parent or nothing, number of holders that are gone, the seconds now, the holders
--       that are gone, then names, each with what stands behind its holder. A name may end: then its time stands there.
local holder, gone = ARGV[1], tonumber(ARGV[5])

local is_gone = {}
for i = 7, 6 + gone do
  is_gone[ARGV[i]] = true
end
for i = 7 + gone, #ARGV, 2 do
  local value = redis.call('HGET', KEYS[1], ARGV[i])
  local other = value and string.match(value, '^%S+')
  local ends = value and tonumber(string.match(value, ' (%d+) '))
  if other and other ~= holder and not is_gone[other] and not (ends and ends <= tonumber(ARGV[6])) then
    return other
  end
end

for i = 7 + gone, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[i], holder .. ARGV[i + 1])
end
add_to_index(KEYS[2], ARGV[2], tonumber(ARGV[3]))
if ARGV[4] ~= '' then
  redis.call('ZADD', KEYS[4], 0, ARGV[4] .. ' ' .. ARGV[2])
end
local day, now = math.floor(tonumber(ARGV[3]) / 24), tonumber(redis.call('TIME')[1])
if day < math.floor(now / 86400) then
  local field = string.format('l%d', day)
  local version = math.max(tonumber(redis.call('HGET', KEYS[3], field) or '0') + 1, now)
  redis.call('HSET', KEYS[3], field, string.format('%d', version))
end
return holder
