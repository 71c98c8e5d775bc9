-- Adds journal entries to the counts of one partition, in one step with the journal's checkpoint, so that counts and
-- checkpoint are written, replicated and lost together. Visitor sets follow the rules of domain/visitor_set.rs to the
-- letter; every number in them is exact in a double. Whoever calls has added up the entries of each link, and divided the
-- links by site and day: so a site's day costs one reading and one writing, however many its links are.
-- KEYS: the partition, what is set aside in it, its deleted links, the links of all groups in their order, then each
--       group's part, its visitors, and its site's days that count nothing any more
-- ARGV: identity of the store, journal, number of the entry before these, numbers of the first and the last of these,
--       how many groups and links there are, the names of families; then for each group its site, its day and how many of the
--       links it has; then the links' keys; then all that is to be added behind PADDING bytes of nothing: for
--       each link the numbers of clicks, opens, unfurls, visitors and families, for each of these families its place
--       among the names and its unfurls, and then the visitors' fingerprints, as doubles, each once
-- Returns 'foreign' where the partition is not of this store, with the identity that it has; 'behind' where
-- entries before these are missing, with the checkpoint; 'held' with a name where the partition cannot be read; 'partly'
-- with the checkpoint where some of the entries are dealt with already; 'late' where a site counts nothing any more on a
-- day, with the day on which it does for each group. Nothing is changed then. Else 'settled', how many
-- entries were counted, of links that are gone, and of those that somebody deleted a short while ago; then the
-- name of each damaged record and how many entries were set aside for it.
local EXACT, HIGHEST = 512, 39
local DAY, GRACE = 86400, 3600
local PADDING, HEADER, FAMILY, FINGERPRINT = 128, '<I4I4I4I2B', 5, 8

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

-- What tells visitors apart lives for an hour after its day, or for an hour where that is over already.
local function ending(day)
  local now = tonumber(redis.call('TIME')[1])
  return math.max((day + 1) * DAY + GRACE, now + GRACE)
end

-- Makes a sketch of the first fingerprints, and adds the others to it. Returns its estimate and its openness.
local function to_sketch(key, day, fingerprints)
  local registers = {}
  for i = 1, REGISTERS do
    registers[i] = 0
  end
  local estimate, open = EXACT, REGISTERS
  for i, fingerprint in ipairs(fingerprints) do
    local index, value = place(struct.unpack('<d', fingerprint))
    local old = registers[index + 1]
    local new = raised(old, value)
    if new ~= old then
      if i > EXACT then
        estimate = estimate + REGISTERS / open
      end
      open = open + openness(new) - openness(old)
      registers[index + 1] = new
    end
  end
  for i = 1, REGISTERS do
    registers[i] = string.char(registers[i])
  end
  redis.call('SET', key, table.concat(registers), 'EXAT', ending(day))
  return estimate, open
end

local function add_to_sketch(key, estimate, open, fingerprints)
  for at = 1, #fingerprints, FINGERPRINT do
    local index, value = place(struct.unpack('<d', fingerprints, at))
    local old = string.byte(redis.call('GETRANGE', key, index, index))
    local new = raised(old, value)
    if new ~= old then
      estimate = estimate + REGISTERS / open
      open = open + openness(new) - openness(old)
      redis.call('SETRANGE', key, index, string.char(new))
    end
  end
  return estimate, open
end

-- All fingerprints that are known or new, each once.
local function united(known, new)
  local all, seen = {}, {}
  for _, some in ipairs({ known, new }) do
    for at = 1, #some, FINGERPRINT do
      local fingerprint = string.sub(some, at, at + FINGERPRINT - 1)
      if not seen[fingerprint] then
        seen[fingerprint] = true
        all[#all + 1] = fingerprint
      end
    end
  end
  return all
end

-- Whether a fingerprint is known.
local function holds(known, fingerprint)
  local at = string.find(known, fingerprint, 1, true)
  while at and at % FINGERPRINT ~= 1 do
    at = string.find(known, fingerprint, at + 1, true)
  end
  return at
end

-- The same in one text: few are looked for one by one.
local function joined(known, new)
  if #new > 8 * FINGERPRINT then
    return table.concat(united(known, new))
  end
  for at = 1, #new, FINGERPRINT do
    local fingerprint = string.sub(new, at, at + FINGERPRINT - 1)
    if not holds(known, fingerprint) then
      known = known .. fingerprint
    end
  end
  return known
end

-- Everything is read before anything is written: a script that fails does not undo what it did.
local journal, previous, first, last = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local number_of_groups, number_of_links = tonumber(ARGV[6]), tonumber(ARGV[7])
local groups, at, behind_links = {}, 8, 3 + number_of_links
local count = 0
for i = 1, number_of_groups do
  local links = tonumber(ARGV[at + 3])
  groups[i] = {
    site = ARGV[at + 1], day = tonumber(ARGV[at + 2]), from = count + 1, to = count + links,
    part = KEYS[behind_links + 3 * i - 2], visitors = KEYS[behind_links + 3 * i - 1],
    frozen = KEYS[behind_links + 3 * i]
  }
  count, at = count + links, at + 3
end
local before_names = at

local partition = redis.pcall('HMGET', KEYS[1], 'store', journal)
if partition.err then
  return { 'held', KEYS[1] }
elseif partition[1] ~= ARGV[1] then
  return { 'foreign', partition[1] or '' }
end
local checkpoint = tonumber(partition[2] or '0')
if not checkpoint then
  return { 'held', KEYS[1] }
elseif checkpoint < previous then
  return { 'behind', string.format('%.0f', checkpoint) } -- What came before these was confirmed, and lost.
end
local late, is_late = { 'late' }, false
for i, group in ipairs(groups) do
  local day = counted_on(group.frozen, group.day)
  if not day then
    return { 'held', group.frozen }
  end
  late[i + 1] = string.format('%d', day)
  is_late = is_late or day ~= group.day
end
if is_late then
  return late -- Also of those that are dealt with: the next day is announced again then.
elseif checkpoint >= first then
  return { 'partly', string.format('%.0f', checkpoint) }
end

-- Of each link: where what is to be added begins, and 'gone' or the name of what is damaged where it is not to be counted.
local blob, values = ARGV[#ARGV], redis.call('MGET', unpack(KEYS, 4, behind_links))
local begins, refused, aside, sketch_is_there = {}, {}, {}, {}
at = PADDING + 1
for _, group in ipairs(groups) do
  group.records = redis.pcall('HMGET', group.part, unpack(ARGV, before_names + group.from, before_names + group.to))
  group.known = redis.pcall('HMGET', group.visitors, unpack(ARGV, before_names + group.from, before_names + group.to))
  for i = group.from, group.to do
    local link = ARGV[before_names + i]
    local _, _, _, visitors, families, behind = struct.unpack(HEADER, blob, at)
    begins[i], at = at, behind + FAMILY * families + FINGERPRINT * visitors
    local record, known = group.records[i - group.from + 1], group.known[i - group.from + 1]
    if not is_link(values[i], link, group.site) then
      refused[i] = state_of(KEYS[3 + i])
    elseif group.records.err then
      refused[i] = group.part
    elseif record and not is_record(record) then
      refused[i] = group.part .. ' ' .. link
    elseif group.known.err then
      refused[i] = group.visitors
    elseif known and #known % FINGERPRINT ~= 0 then
      refused[i] = group.visitors .. ' ' .. link
    elseif record and string.byte(record, 1) == 1 then
      local key = group.visitors .. ':' .. link
      local length = redis.pcall('STRLEN', key)
      if length == REGISTERS then
        sketch_is_there[i] = true
      elseif length ~= 0 then
        refused[i] = key
      end
    end
    if refused[i] and refused[i] ~= 'gone' then
      local there = redis.pcall('HGET', KEYS[2], link .. ' ' .. group.day)
      aside[i] = type(there) ~= 'table' and read_aside(there or nil)
      if not aside[i] then
        return { 'held', KEYS[2] }
      end
    end
  end
end

local family_names = {}
for name in string.gmatch(ARGV[8], '%S+') do
  family_names[#family_names + 1] = name
end

local function add_families(known, from, families)
  for i = 1, families do
    local family, number = struct.unpack('<BI4', blob, from)
    local name = family_names[family]
    known[name] = (known[name] or 0) + number
    from = from + FAMILY
  end
  return from
end

local counted, gone, deleted, damaged, set_aside = 0, 0, 0, {}, {}
for _, group in ipairs(groups) do
  local puts, sets, ended = {}, {}, {}
  for i = group.from, group.to do
    local link = ARGV[before_names + i]
    local clicks, opens, unfurls, visitors, families, from = struct.unpack(HEADER, blob, begins[i])
    local entries = clicks + opens + unfurls
    if refused[i] == 'gone' then
      gone = gone + entries
      if type(redis.pcall('ZSCORE', KEYS[3], string.sub(link, -16))) == 'string' then
        deleted = deleted + entries
      end
    elseif refused[i] then
      local name, away = refused[i], aside[i]
      add_families(away.known, from, families)
      local text = write_aside(away[1] + clicks, away[2] + unfurls, away[3] + opens, away[4], known_to_text(away.known))
      redis.call('HSET', KEYS[2], link .. ' ' .. group.day, text)
      if not set_aside[name] then
        damaged[#damaged + 1] = name
      end
      set_aside[name] = (set_aside[name] or 0) + entries
    else
      counted = counted + entries
      local record, known_visitors = group.records[i - group.from + 1], group.known[i - group.from + 1]
      local old_set, set, estimate, open, known = 0, 0, nil, nil, ''
      if record then
        local old_clicks, old_opens, old_unfurls
        old_clicks, old_opens, old_unfurls, old_set, set, estimate, open, known = read_record(record)
        clicks, opens, unfurls = clicks + old_clicks, opens + old_opens, unfurls + old_unfurls
      end
      if families > 0 then
        local numbers = read_known(known)
        from = add_families(numbers, from, families)
        known = known_to_text(numbers)
      end
      if visitors > 0 then
        local fingerprints = string.sub(blob, from, from + FINGERPRINT * visitors - 1)
        if sketch_is_there[i] then
          estimate, open = add_to_sketch(group.visitors .. ':' .. link, estimate, open, fingerprints)
          set = math.floor(estimate + 0.5)
        else
          if not known_visitors then
            -- The set has ended: only its number remains, and a late visitor begins another.
            old_set, estimate, open = math.max(old_set, set), nil, nil
            set = visitors
          else
            fingerprints = joined(known_visitors, fingerprints)
            set = #fingerprints / FINGERPRINT
          end
          if set < EXACT then
            sets[#sets + 1] = link
            sets[#sets + 1] = fingerprints
          else
            estimate, open = to_sketch(group.visitors .. ':' .. link, group.day, united(fingerprints, ''))
            set = math.floor(estimate + 0.5)
            ended[#ended + 1] = link
          end
        end
      end
      puts[#puts + 1] = link
      puts[#puts + 1] = to_record(clicks, opens, unfurls, old_set, set, estimate, open, known)
    end
  end
  if #ended > 0 then
    redis.call('HDEL', group.visitors, unpack(ended))
    local there = redis.call('HGET', group.visitors, 'sketches')
    sets[#sets + 1] = 'sketches'
    sets[#sets + 1] = (there and there .. ' ' or '') .. table.concat(ended, ' ')
  end
  if #sets > 0 then
    -- Short steps: none of them gets into the slow log with its fingerprints.
    for i = 1, #sets, 200 do
      redis.call('HSET', group.visitors, unpack(sets, i, math.min(i + 199, #sets)))
    end
    if redis.call('TTL', group.visitors) < 0 then
      redis.call('EXPIREAT', group.visitors, ending(group.day))
    end
  end
  if #puts > 0 then
    redis.call('HSET', group.part, unpack(puts))
  end
end
redis.call('HSET', KEYS[1], journal, string.format('%.0f', last))
local answer = { 'settled', tostring(counted), tostring(gone), tostring(deleted) }
for _, name in ipairs(damaged) do
  answer[#answer + 1] = name
  answer[#answer + 1] = tostring(set_aside[name])
end
return answer
