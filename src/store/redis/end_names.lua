-- Forgets once-names whose time is over.
-- KEYS: once-names
-- ARGV: the seconds now, the names
for i = 2, #ARGV do
  local value = redis.call('HGET', KEYS[1], ARGV[i])
  local ends = value and tonumber(string.match(value, ' (%d+) '))
  if ends and ends <= tonumber(ARGV[1]) then
    redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
return 1
