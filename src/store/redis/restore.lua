-- Adds counts that were set aside to those of their link, where its keys can be read again.
-- KEYS: the partition, what is set aside in it, the link, its part of the day, its site's days that count nothing any more
-- ARGV: identity of the store, the field of what is set aside, the link's key, its site, the day
-- Returns 'done', also where nothing is set aside any more or the link is gone; 'damaged' with the name of what
-- still is; 'late' with the day on which the site counts what is of this one; and as settle.lua 'foreign' and 'held'.
-- Nothing is changed with these.
local partition = redis.pcall('HMGET', KEYS[1], 'store')
if partition.err then
  return { 'held', KEYS[1] }
elseif partition[1] ~= ARGV[1] then
  return { 'foreign', partition[1] or '' }
end
local day = counted_on(KEYS[5], tonumber(ARGV[5]))
if not day then
  return { 'damaged', KEYS[5] }
elseif day ~= tonumber(ARGV[5]) then
  return { 'late', string.format('%d', day) }
end
local there = redis.pcall('HGET', KEYS[2], ARGV[2])
if not there then
  return { 'done' }
end
local aside = type(there) == 'string' and read_aside(there)
if not aside then
  return { 'damaged', KEYS[2] }
end
local value, link = redis.pcall('GET', KEYS[3]), ARGV[3]
if type(value) == 'string' and is_link(value, link, ARGV[4]) then
  local record = redis.pcall('HGET', KEYS[4], link)
  if type(record) == 'table' then
    return { 'damaged', KEYS[4] }
  elseif record and not is_record(record) then
    return { 'damaged', KEYS[4] .. ' ' .. link }
  end
  local clicks, opens, unfurls, gone, set, estimate, open, text = 0, 0, 0, 0, 0, nil, nil, ''
  if record then
    clicks, opens, unfurls, gone, set, estimate, open, text = read_record(record)
  end
  local known = read_known(text)
  for family, number in pairs(aside.known) do
    known[family] = (known[family] or 0) + number
  end
  clicks, unfurls, opens, gone = clicks + aside[1], unfurls + aside[2], opens + aside[3], math.max(gone, aside[4])
  redis.call('HSET', KEYS[4], link, to_record(clicks, opens, unfurls, gone, set, estimate, open, known_to_text(known)))
elseif state_of(KEYS[3]) ~= 'gone' then
  return { 'damaged', KEYS[3] }
end
redis.call('HDEL', KEYS[2], ARGV[2])
return { 'done' }
