-- Takes a deleted link out of its site's index and its once-names, and what it was to its parent and its children. What by
-- now belongs to a later link of the same code stays.
-- KEYS: once-names, index, children
-- ARGV: holder, code, its score in the index or nothing, parent or nothing, number of children, these, the names
local holder, code, children = ARGV[1], ARGV[2], tonumber(ARGV[5])

local score = redis.call('ZSCORE', KEYS[2], code)
if score and score == ARGV[3] then
  redis.call('ZREM', KEYS[2], code)
  if ARGV[4] ~= '' then
    redis.call('ZREM', KEYS[3], ARGV[4] .. ' ' .. code)
  end
end
for i = 6, 5 + children do
  redis.call('ZREM', KEYS[3], code .. ' ' .. ARGV[i])
end
for i = 6 + children, #ARGV do
  if string.match(redis.call('HGET', KEYS[1], ARGV[i]) or '', '^%S*') == holder then
    redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
return 1
