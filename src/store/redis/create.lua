-- Makes a link on a server that has all keys, in one step: all of it or nothing. Returns 'made'; 'held' with whoever has
-- one of its names; 'taken' with what its code's key holds; or 'theirs' where a deleted link of another site had the code.
-- A name may end: then its time, in seconds, stands behind its holder.
-- A link of a day that is over by the server's clock is a change of that day: whoever keeps it in memory reads it again.
-- KEYS: link, once-names, index, marks of days, codes of deleted links, children
-- ARGV: the link's value, its holder, code, hour of creation, channel for news, the seconds now, the site, the
--       hash of the code, parent or nothing, then names, each with what stands behind its holder
local value, holder, now_asked = ARGV[1], ARGV[2], tonumber(ARGV[6])
for i = 10, #ARGV, 2 do
  local other = redis.call('HGET', KEYS[2], ARGV[i])
  local ends = other and tonumber(string.match(other, ' (%d+) '))
  if other and not (ends and ends <= now_asked) then
    return { 'held', other }
  end
end
local theirs = redis.call('HGET', KEYS[5], ARGV[8])
if theirs and theirs ~= ARGV[7] then
  return { 'theirs' }
end
local there = redis.call('GET', KEYS[1])
if there then
  return { 'taken', there }
end
for i = 10, #ARGV, 2 do
  redis.call('HSET', KEYS[2], ARGV[i], holder .. ARGV[i + 1])
end
add_to_index(KEYS[3], ARGV[3], tonumber(ARGV[4]))
if ARGV[9] ~= '' then
  redis.call('ZADD', KEYS[6], 0, ARGV[9] .. ' ' .. ARGV[3])
end
local day, now = math.floor(tonumber(ARGV[4]) / 24), tonumber(redis.call('TIME')[1])
if day < math.floor(now / 86400) then
  local field = string.format('l%d', day)
  local version = math.max(tonumber(redis.call('HGET', KEYS[4], field) or '0') + 1, now)
  redis.call('HSET', KEYS[4], field, string.format('%d', version))
end
redis.call('SET', KEYS[1], value)
redis.pcall('PUBLISH', ARGV[5], ARGV[3]) -- A user who may not publish may make links all the same.
return { 'made' }
