-- Notes a day where no later one is noted.
-- KEYS: the note
-- ARGV: day
local noted = redis.call('GET', KEYS[1])
if not noted or tonumber(noted) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1])
end
return 1
