-- Takes a day off the list of those with visitor sets, unless entries were announced since.
-- KEYS: open days
-- ARGV: day, how often entries had been announced
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return 1
