-- Adds counts that were set aside to those of their link, where its keys can be read again.
-- KEYS: the partition, what is set aside in it, the link, its counts, its visitors of the day
-- ARGV: identity of the store, the field of what is set aside, incarnation, site, day
-- Returns 'done', also where nothing is set aside any more or the link is gone; 'damaged' with the name of what
-- still is; and as settle.lua 'foreign' and 'held'. Nothing is changed with these.
local partition = redis.pcall('HGET', KEYS[1], 'store')
if type(partition) == 'table' then
  return { 'held', KEYS[1] }
elseif partition ~= ARGV[1] then
  return { 'foreign', partition or '' }
end
local there = redis.pcall('HGET', KEYS[2], ARGV[2])
if not there then
  return { 'done' }
end
local aside = type(there) == 'string' and read_aside(there)
if not aside then
  return { 'damaged', KEYS[2] }
end
local state = state_of(KEYS[3], ARGV[3], ARGV[4])
if state == 'damaged' then
  return { 'damaged', KEYS[3] }
elseif state == 'here' then
  local day = read_days(KEYS[4], { ARGV[5] }, { KEYS[5] })[1]
  if day.damaged then
    return { 'damaged', day.damaged }
  end
  day.clicks, day.unfurls, day.aggregate = day.clicks + aside[1], day.unfurls + aside[2], day.aggregate + aside[3]
  for family, number in pairs(aside.known) do
    day.known[family] = (day.known[family] or 0) + number
  end
  redis.call('HSET', KEYS[4], unpack(day_to_fields(day)))
end
redis.call('HDEL', KEYS[2], ARGV[2])
return { 'done' }
