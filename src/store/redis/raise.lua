-- Raises a journal's checkpoint of one partition where it is lower, unless the partition is another store's or has lost
-- what it had confirmed. Returns 'raised', or as settle.lua 'foreign', 'behind' and 'held'.
-- KEYS: the partition
-- ARGV: identity of the store, journal, checkpoint, the checkpoint that it must have already
local partition = redis.pcall('HMGET', KEYS[1], 'store', ARGV[2])
if partition.err then
  return { 'held', KEYS[1] }
elseif partition[1] ~= ARGV[1] then
  return { 'foreign', partition[1] or '' }
end
local checkpoint = tonumber(partition[2] or '0')
if not checkpoint then
  return { 'held', KEYS[1] }
elseif checkpoint < tonumber(ARGV[4]) then
  return { 'behind', string.format('%.0f', checkpoint) }
elseif checkpoint < tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
end
return { 'raised' }
