-- Lets a journal be known, so that its checkpoints are found when their time is over, even if it is never confirmed.
-- Returns nothing, or what the store's identity is where it is another one; then nothing is changed.
-- KEYS: identity, journals
-- ARGV: the known identity, journal, what is noted of it where nothing is
local identity = redis.call('GET', KEYS[1]) or ''
if identity ~= ARGV[1] then
  return identity
end
redis.call('HSETNX', KEYS[2], ARGV[2], ARGV[3])
return false
