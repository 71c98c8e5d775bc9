-- Adds journal entries to one link's counts, in one step with the mark of the journal, so that
-- counts and mark are written, replicated and lost together. Visitor sets follow the rules of
-- domain/visitor_set.rs to the letter; every number in them is exact in a double. Returns 0, and
-- changes nothing, where entries before these are missing.
-- KEYS: link, counts, then the visitors of each day
-- ARGV: journal, site, number of the entry before these, number of days, the days, names of families
--       of apps, and all entries behind PADDING bytes of nothing. An entry is three doubles, least
--       significant byte first: number, place of the day in that list, and a visitor's fingerprint,
--       AGGREGATE, UNFURL, or UNFURL less the place of its family among those names
--
-- A day's field in the counts: clicks, unfurls, aggregate clicks, visitors of sets that are gone,
-- visitors of the present set, and for a sketch the sum of its registers' openness. Another one, with
-- "u" before the day, has how many of the unfurls are known to be of which family: slack=2 telegram=1.
local EXACT, REGISTERS, HIGHEST = 512, 14000, 39
local DAY, GRACE = 86400, 3600
local PADDING, AGGREGATE, UNFURL = 128, -1, -2

local link = redis.call('GET', KEYS[1])
if not link or not string.find(link, '"site":"' .. ARGV[2] .. '"', 1, true) then
  return 1 -- The link is gone, or its code is by now another site's.
end
local mark_field, number_of_days = 'm' .. ARGV[1], tonumber(ARGV[4])
local stored = redis.call('HMGET', KEYS[2], mark_field, unpack(ARGV, 5, 4 + number_of_days))
local mark = tonumber(stored[1] or '0')
if mark < tonumber(ARGV[3]) then
  return 0 -- What came before these was confirmed, and lost in a failover.
end

-- The register of a fingerprint, from 0, and the value that it brings there.
local function place(fingerprint)
  local index = fingerprint % REGISTERS
  local rest = (fingerprint - index) / REGISTERS
  local value = 1
  while rest % 2 == 0 and value < HIGHEST do
    rest, value = rest / 2, value + 1
  end
  return index, value
end

-- What a register becomes when a value comes to it.
local function raised(register, value)
  local highest, seen = math.floor(register / 4), register % 4
  if highest == 0 then
    return value * 4
  elseif value > highest then
    return value * 4 + math.floor((4 + seen) / 2 ^ (value - highest)) % 4
  elseif value == highest - 1 then
    return bit.bor(register, 2)
  elseif value == highest - 2 then
    return bit.bor(register, 1)
  end
  return register
end

-- The probability that a new visitor who comes to this register changes it.
local function openness(register)
  local highest, seen = math.floor(register / 4), register % 4
  if highest == 0 then
    return 1
  end
  local sum = 2 ^ -highest
  if seen < 2 and highest > 1 then
    sum = sum + 2 ^ -(highest - 1)
  end
  if seen % 2 == 0 and highest > 2 then
    sum = sum + 2 ^ -(highest - 2)
  end
  return sum
end

local function read_day(i)
  local day = { field = ARGV[4 + i], key = KEYS[2 + i], waiting = {} }
  local numbers = {}
  for number in string.gmatch(stored[1 + i] or '0 0 0 0 0', '%S+') do
    numbers[#numbers + 1] = tonumber(number)
  end
  if #numbers < 5 then
    return nil
  end
  day.clicks, day.unfurls, day.aggregate, day.base, day.set, day.open = unpack(numbers)
  if redis.call('EXISTS', day.key) == 0 then
    -- The set has ended: only its number remains, and a late visitor begins another.
    day.base, day.set, day.open, day.new = day.base + math.floor(day.set + 0.5), 0, nil, true
  end
  return day
end

-- A set lives for an hour after its day, or for an hour where that is over already.
local function expire(day)
  local ending = (tonumber(day.field) + 1) * DAY + GRACE
  local now = tonumber(redis.call('TIME')[1])
  redis.call('EXPIREAT', day.key, math.max(ending, now + GRACE))
  day.new = false
end

-- Makes a sketch of the exact set, under the same key and with the same expiry.
local function to_sketch(day)
  local registers = {}
  for i = 1, REGISTERS do
    registers[i] = 0
  end
  day.open = REGISTERS
  for _, member in ipairs(redis.call('SMEMBERS', day.key)) do
    local index, value = place(tonumber(member))
    local old = registers[index + 1]
    local new = raised(old, value)
    day.open = day.open + openness(new) - openness(old)
    registers[index + 1] = new
  end
  for i = 1, REGISTERS do
    registers[i] = string.char(registers[i])
  end
  local left = redis.call('PTTL', day.key)
  redis.call('SET', day.key, table.concat(registers), 'PX', math.max(left, 1))
end

-- Adds the visitors that wait: so many at most as the set may still take one by one.
local function add_waiting(day)
  if #day.waiting == 0 then
    return
  end
  day.set = day.set + redis.call('SADD', day.key, unpack(day.waiting))
  day.waiting = {}
  if day.new then
    expire(day)
  end
  if day.set >= EXACT then
    to_sketch(day)
  end
end

local function add_visitor(day, fingerprint)
  if day.open then
    local index, value = place(fingerprint)
    local old = string.byte(redis.call('GETRANGE', day.key, index, index))
    local new = raised(old, value)
    if new ~= old then
      day.set = day.set + REGISTERS / day.open
      day.open = day.open + openness(new) - openness(old)
      redis.call('SETRANGE', day.key, index, string.char(new))
    end
  else
    day.waiting[#day.waiting + 1] = fingerprint
    if day.set + #day.waiting >= EXACT then
      add_waiting(day)
    end
  end
end

-- Counts an unfurl for the family with this place among the names.
local function add_known(day, place)
  local name = ARGV[4 + number_of_days + place]
  if not day.known then
    day.known = {}
    for known, number in string.gmatch(redis.call('HGET', KEYS[2], 'u' .. day.field) or '', '(%S+)=(-?%d+)') do
      day.known[known] = tonumber(number)
    end
  end
  day.known[name] = (day.known[name] or 0) + 1
end

-- Everything is read before anything is written: a script that fails does not undo what it did.
local days = {}
for i = 1, number_of_days do
  days[i] = read_day(i)
  if not days[i] then
    return redis.error_reply('CORRUPT a day of the counts cannot be read')
  end
end

local last = mark
local numbers = (#ARGV[#ARGV] - PADDING) / 8
local entries = { struct.unpack('<' .. string.rep('d', numbers), ARGV[#ARGV], PADDING + 1) }
for i = 1, numbers, 3 do
  local number, day, what = entries[i], days[entries[i + 1]], entries[i + 2]
  if number > mark then
    if what >= 0 then
      day.clicks = day.clicks + 1
      add_visitor(day, what)
    elseif what == AGGREGATE then
      day.aggregate = day.aggregate + 1
    else
      day.unfurls = day.unfurls + 1
      if what < UNFURL then
        add_known(day, UNFURL - what)
      end
    end
    day.changed = true
    last = number
  end
end
if last == mark then
  return 1
end

local fields = { mark_field, string.format('%.0f', last) }
local come_back = false
for i, day in ipairs(days) do
  add_waiting(day)
  if day.changed then
    local text = string.format('%d %d %d %d ', day.clicks, day.unfurls, day.aggregate, day.base)
    if day.open then
      text = text .. string.format('%.17g %.17g', day.set, day.open)
    else
      text = text .. string.format('%d', day.set)
    end
    fields[#fields + 1] = day.field
    fields[#fields + 1] = text
  end
  if day.known then
    local known = {}
    for name, number in pairs(day.known) do
      known[#known + 1] = string.format('%s=%d', name, number)
    end
    table.sort(known)
    fields[#fields + 1] = 'u' .. day.field
    fields[#fields + 1] = table.concat(known, ' ')
  end
  come_back = come_back or not stored[1 + i]
end
redis.call('HSET', KEYS[2], unpack(fields))
if come_back then
  redis.call('PERSIST', KEYS[2]) -- Of a deleted link only marks are left, which end; it may be there again.
end
return 1
