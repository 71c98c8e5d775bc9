-- Forgets what a link has on some days. What is damaged has nothing of it that could be found.
local function forget_counts(link, before_key, before_day)
  for i = before_day + 1, #ARGV do
    local key = before_key + 2 * (i - before_day) - 1
    redis.pcall('HDEL', KEYS[before_key], link .. ' ' .. ARGV[i])
    redis.pcall('HDEL', KEYS[key], link)
    redis.pcall('HDEL', KEYS[key + 1], link)
    if redis.call('UNLINK', KEYS[key + 1] .. ':' .. link) == 1 then
      local others = {}
      for other in string.gmatch(redis.call('HGET', KEYS[key + 1], 'sketches') or '', '%S+') do
        if other ~= link then
          others[#others + 1] = other
        end
      end
      redis.call('HSET', KEYS[key + 1], 'sketches', table.concat(others, ' '))
    end
  end
end

