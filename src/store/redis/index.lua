-- Lists a code in an index behind all that were made in the same hour.
local function add_to_index(index, code, hour)
  local least = hour * 4294967296
  local last = redis.call('ZREVRANGEBYSCORE', index, string.format('%.0f', least + 4294967295),
    string.format('%.0f', least), 'WITHSCORES', 'LIMIT', 0, 1)
  local score = last[2] and tonumber(last[2]) + 1 or least
  redis.call('ZADD', index, string.format('%.0f', score), code)
end
