-- Adds journal entries to the counts of one partition, in one step with the journal's checkpoint, so that counts and
-- checkpoint are written, replicated and lost together. Visitor sets follow the rules of domain/visitor_set.rs to the
-- letter; every number in them is exact in a double.
-- KEYS: the partition, what is set aside in it, its deleted links, then each link with its counts, then the visitors of each
--       link's days
-- ARGV: identity of the store, journal, number of the entry before these, numbers of links, of days and of families,
--       then for each link its key, its incarnation and its site, then for each day the place of its link and the
--       day, the families' names, and all entries behind PADDING bytes of nothing. An entry is three doubles,
--       least significant byte first: number, place of the day in that list, and a visitor's fingerprint, AGGREGATE,
--       UNFURL, or UNFURL less the place of its family among those names
-- Returns 'foreign' where the partition is not of this store, with the identity that it has; 'behind' where
-- entries before these are missing, with the checkpoint; 'held' with a name where the partition cannot be read. Nothing
-- is changed then. Else 'settled', how many entries were counted, passed over, of links that are gone, and of those that
-- somebody deleted a short while ago; then the name of each damaged record and how many entries were set aside for it.
local EXACT, HIGHEST = 512, 39
local DAY, GRACE = 86400, 3600
local PADDING, AGGREGATE, UNFURL = 128, -1, -2

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

-- A set lives for an hour after its day, or for an hour where that is over already.
local function expire(day)
  local ending = (tonumber(day.field) + 1) * DAY + GRACE
  local now = tonumber(redis.call('TIME')[1])
  redis.call('EXPIREAT', day.key, math.max(ending, now + GRACE))
  day.is_new = false
end

-- Makes a sketch of the exact set, under the same key and with the same expiry.
local function to_sketch(day)
  local registers = {}
  for i = 1, REGISTERS do
    registers[i] = 0
  end
  day.open = REGISTERS
  for _, member in ipairs(redis.call('SMEMBERS', day.key)) do
    local index, value = place(tonumber(member) or 0)
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
  if day.is_new then
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

-- Everything is read before anything is written: a script that fails does not undo what it did.
local store, journal, previous = ARGV[1], ARGV[2], tonumber(ARGV[3])
local partition = redis.pcall('HMGET', KEYS[1], 'store', journal)
if partition.err then
  return { 'held', KEYS[1] }
elseif partition[1] ~= store then
  return { 'foreign', partition[1] or '' }
end
local checkpoint = tonumber(partition[2] or '0')
if not checkpoint then
  return { 'held', KEYS[1] }
elseif checkpoint < previous then
  return { 'behind', string.format('%.0f', checkpoint) } -- What came before these was confirmed, and lost.
end

local number_of_links, number_of_days = tonumber(ARGV[4]), tonumber(ARGV[5])
local at = 6
local links = {}
for i = 1, number_of_links do
  links[i] = {
    name = ARGV[at + 1], key = KEYS[2 * i + 2], counts = KEYS[2 * i + 3],
    state = state_of(KEYS[2 * i + 2], ARGV[at + 2], ARGV[at + 3]), fields = {}, visitors = {}, places = {}
  }
  if links[i].state == 'gone' then
    links[i].is_deleted = type(redis.pcall('ZSCORE', KEYS[3], ARGV[at + 2])) == 'string'
  end
  at = at + 3
end
for i = 1, number_of_days do
  local link = links[tonumber(ARGV[at + 1])]
  link.fields[#link.fields + 1] = ARGV[at + 2]
  link.visitors[#link.visitors + 1] = KEYS[3 + 2 * number_of_links + i]
  link.places[#link.places + 1] = i
  at = at + 2
end
local families = at -- The place before the first one.

local days = {}
for _, link in ipairs(links) do
  local read = link.state == 'here' and read_days(link.counts, link.fields, link.visitors)
  for i, place in ipairs(link.places) do
    local day = read and read[i] or { field = link.fields[i] }
    if link.state == 'damaged' then
      day.damaged = link.key
    end
    day.is_gone, day.is_deleted, day.aside = link.state == 'gone', link.is_deleted, link.name .. ' ' .. day.field
    days[place] = day
    if day.damaged then
      local there = redis.pcall('HGET', KEYS[2], day.aside)
      day.away = not (type(there) == 'table') and read_aside(there or nil)
      if not day.away then
        return { 'held', KEYS[2] }
      end
    end
  end
end

local counted, passed_over, gone, deleted, last, names, set_aside = 0, 0, 0, 0, checkpoint, {}, {}
local numbers = (#ARGV[#ARGV] - PADDING) / 8
local entries = { struct.unpack('<' .. string.rep('d', numbers), ARGV[#ARGV], PADDING + 1) }
for i = 1, numbers, 3 do
  local number, day, what = entries[i], days[entries[i + 1]], entries[i + 2]
  local family = what < UNFURL and ARGV[families + UNFURL - what]
  if number <= checkpoint then
    passed_over = passed_over + 1
  elseif day.is_gone then
    gone = gone + 1
    deleted = deleted + (day.is_deleted and 1 or 0)
  elseif day.damaged then
    local kind = what >= 0 and 1 or what == AGGREGATE and 3 or 2
    day.away[kind] = day.away[kind] + 1
    if family then
      day.away.known[family] = (day.away.known[family] or 0) + 1
    end
    if not set_aside[day.damaged] then
      names[#names + 1] = day.damaged
    end
    set_aside[day.damaged] = (set_aside[day.damaged] or 0) + 1
    day.changed = true
  else
    if not day.changed and day.is_new then
      -- The set has ended: only its number remains, and a late visitor begins another.
      day.gone, day.set, day.open = math.max(day.gone, math.floor(day.set + 0.5)), 0, nil
    end
    day.changed = true
    counted = counted + 1
    if what >= 0 then
      day.clicks = day.clicks + 1
      add_visitor(day, what)
    elseif what == AGGREGATE then
      day.aggregate = day.aggregate + 1
    else
      day.unfurls = day.unfurls + 1
      if family then
        day.known[family] = (day.known[family] or 0) + 1
      end
    end
  end
  last = math.max(last, number)
end

for _, day in ipairs(days) do
  if day.changed and day.damaged then
    local text = string.format('%d %d %d', unpack(day.away))
    if next(day.away.known) then
      text = text .. ' ' .. known_to_text(day.away.known)
    end
    redis.call('HSET', KEYS[2], day.aside, text)
  elseif day.changed then
    add_waiting(day)
    redis.call('HSET', day.counts, unpack(day_to_fields(day)))
  end
end
if last > checkpoint then
  redis.call('HSET', KEYS[1], journal, string.format('%.0f', last))
end
local answer = { 'settled', tostring(counted), tostring(passed_over), tostring(gone), tostring(deleted) }
for _, name in ipairs(names) do
  answer[#answer + 1] = name
  answer[#answer + 1] = tostring(set_aside[name])
end
return answer
