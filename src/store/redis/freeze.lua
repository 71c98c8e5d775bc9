-- Ends a link's visitor set of a day that is being closed. Its number joins those of the sets that were closed before, so
-- the day's visitors stay as many as they are, and those of a later set come on top of them. Of a day whose
-- numbers do not change, nothing is written.
-- KEYS: counts, the day's visitors
-- ARGV: day
redis.call('UNLINK', KEYS[2])
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if not stored then
  return 0
end
local numbers = {}
for number in string.gmatch(stored, '%S+') do
  numbers[#numbers + 1] = tonumber(number)
end
if #numbers < 6 then
  return redis.error_reply('CORRUPT a day of the counts cannot be read')
end
local clicks, unfurls, aggregate, base, gone, set = unpack(numbers)
local largest = math.max(gone, math.floor(set + 0.5))
if largest > 0 then
  redis.call('HSET', KEYS[1], ARGV[1],
    string.format('%d %d %d %d 0 0', clicks, unfurls, aggregate, base + largest))
end
return 1
