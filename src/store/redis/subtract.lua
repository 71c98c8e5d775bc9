-- Takes from a link's open counts of a day what its site has taken over, once for each of the day's turns: a mark
-- beside the counts tells the turn. Returns 0 where that is done now, 1 where it was done before, and 2 where
-- the link is gone. Numbers may go below nothing for a while: where a failover lost entries that were taken over and
-- will be settled again.
-- KEYS: link, counts, the day's visitors
-- ARGV: site, the link's incarnation, day, turn (empty: without a mark), the second after which it is too
--       late, then clicks, unfurls, aggregate clicks, visitors, unfurls by family
local site, incarnation, day, turn = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if tonumber(redis.call('TIME')[1]) > tonumber(ARGV[5]) then
  -- Whoever was held up for so long may not know that the turn is over, and its mark gone.
  return redis.error_reply('LATE a step of closing')
end
local link = redis.call('GET', KEYS[1])
local function has(text)
  return string.find(link, text, 1, true)
end
if not link or not has('"site":"' .. site .. '"') or not has('"incarnation":"' .. incarnation .. '"') then
  return 2
end
local mark = 'x' .. day
local stored = redis.call('HMGET', KEYS[2], day, 'u' .. day, mark)
if turn ~= '' and stored[3] == turn then
  return 1
end
local numbers = {}
for number in string.gmatch(stored[1] or '0 0 0 0 0 0', '%S+') do
  numbers[#numbers + 1] = tonumber(number)
end
if #numbers < 6 then
  return redis.error_reply('CORRUPT a day of the counts cannot be read')
end
local clicks, unfurls, aggregate, base, gone, set, open = unpack(numbers)
clicks, unfurls, aggregate = clicks - tonumber(ARGV[6]), unfurls - tonumber(ARGV[7]), aggregate - tonumber(ARGV[8])
base = base - tonumber(ARGV[9])

local known, names, families = {}, {}, {}
for name, number in string.gmatch(stored[2] or '', '(%S+)=(-?%d+)') do
  known[name] = tonumber(number)
end
for name, number in string.gmatch(ARGV[10], '(%S+)=(%d+)') do
  known[name] = (known[name] or 0) - tonumber(number)
end
for name, number in pairs(known) do
  if number ~= 0 then
    names[#names + 1] = name
  end
end
table.sort(names)
for i, name in ipairs(names) do
  families[i] = string.format('%s=%d', name, known[name])
end

if turn ~= '' then
  redis.call('HSET', KEYS[2], mark, turn)
end
if clicks == 0 and unfurls == 0 and aggregate == 0 and base + math.max(gone, math.floor(set + 0.5)) == 0 then
  redis.call('HDEL', KEYS[2], day, 'u' .. day)
  redis.call('UNLINK', KEYS[3])
  return 0
end
local text = string.format('%d %d %d %d %d ', clicks, unfurls, aggregate, base, gone)
if open then
  text = text .. string.format('%.17g %.17g', set, open)
else
  text = text .. string.format('%d', set)
end
redis.call('HSET', KEYS[2], day, text)
if #families > 0 then
  redis.call('HSET', KEYS[2], 'u' .. day, table.concat(families, ' '))
else
  redis.call('HDEL', KEYS[2], 'u' .. day)
end
return 0
