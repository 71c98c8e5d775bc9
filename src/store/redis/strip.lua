-- Takes away what a link's site kept of it beside the link itself: its once-names, who its parent is, and when it was made.
-- KEYS: once-names, index, children
-- ARGV: holder, code, parent or nothing, whether its place in the index moves, the names
local holder, code = ARGV[1], ARGV[2]
for i = 5, #ARGV do
  if string.match(redis.call('HGET', KEYS[1], ARGV[i]) or '', '^%S*') == holder then
    redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
if ARGV[3] ~= '' then
  redis.call('ZREM', KEYS[3], ARGV[3] .. ' ' .. code)
end
if ARGV[4] == '1' and redis.call('ZSCORE', KEYS[2], code) then
  add_to_index(KEYS[2], code, 0)
end
return 1
