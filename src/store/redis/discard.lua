-- Takes a deleted link out of its site's days: its cells and, when it is gone, what was taken of it.
-- KEYS: marks, then the hash of each day
-- ARGV: the link's key, this step, whether it is gone, then the days in the same order
local link = ARGV[1]
for i = 2, #KEYS do
  local day = ARGV[2 + i]
  if ARGV[3] == '1' then
    redis.call('HDEL', KEYS[i], 't ' .. link)
  end
  if redis.call('HDEL', KEYS[i], 'l ' .. link) == 1 then
    local min_count, version, rest = string.match(redis.call('HGET', KEYS[1], day) or '', '^(%d+) (%d+)(.*)$')
    if version then
      local risen = math.max(tonumber(version) + 1, tonumber(redis.call('TIME')[1]))
      local mark = string.format('%s %d%s', min_count, risen, rest)
      redis.call('HSET', KEYS[1], day, mark)
      redis.call('HSET', KEYS[i], 'mark', mark)
    end
  end
end
redis.call('HSET', KEYS[1], 'step', ARGV[2])
return 1
