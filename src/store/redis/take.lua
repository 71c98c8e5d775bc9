-- Takes a piece of work, or holds it whoever has it. Returns 0, and changes nothing, where it is held.
-- KEYS: the piece of work
-- ARGV: the present time, until when, both in milliseconds; 1 where it is taken, 0 where it is held in any case
local held = redis.call('GET', KEYS[1])
if ARGV[3] == '1' and held and tonumber(held) > tonumber(ARGV[1]) then
  return 0
end
-- The clock of the server may go otherwise: it only ends what nobody asks for any more.
local left = tonumber(ARGV[2]) - tonumber(ARGV[1])
redis.call('SET', KEYS[1], ARGV[2], 'PX', math.max(left, 1))
return 1
