-- Takes a deleted link out of its site's closed days and those that are being closed: whoever is just going to put a cell
-- for it puts none.
-- KEYS: marks, then the hash of each day
-- ARGV: the link's key, then the days in the same order
local link = ARGV[1]
for i = 2, #KEYS do
  local day = ARGV[i]
  local mark = redis.call('HGET', KEYS[i], 'mark')
  if redis.call('HDEL', KEYS[i], 'l ' .. link) == 1 and mark then
    local k, version = string.match(mark, '^(%d+) (%d+)$')
    local risen = math.max(tonumber(version) + 1, tonumber(redis.call('TIME')[1]))
    mark = string.format('%s %d', k, risen)
    redis.call('HSET', KEYS[1], 'm' .. day, mark)
    redis.call('HSET', KEYS[i], 'mark', mark)
  end
  if not mark and redis.call('HEXISTS', KEYS[1], 'c' .. day) == 1 then
    local gone = redis.call('HGET', KEYS[1], 'g' .. day) or ''
    redis.call('HSET', KEYS[1], 'g' .. day, gone .. string.sub(link, -16))
  end
end
return 1
