-- Drops a partition's checkpoints of journals that have ended, each where it is not above what is in the store for good: a
-- process that has a copy of a journal may have called it ended while the journal's own process goes on.
-- KEYS: the partition
-- ARGV: for each journal its name and that number
for i = 1, #ARGV, 2 do
  local checkpoint = redis.call('HGET', KEYS[1], ARGV[i])
  if checkpoint and (tonumber(checkpoint) or 0) <= tonumber(ARGV[i + 1]) then
    redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
return 1
