-- What a link's keys hold, for each script that adds to its counts. Nothing here writes.
--
-- A day's field in the counts: clicks, unfurls, aggregate clicks, visitors of sets that a closing has ended
-- (freeze.lua), visitors of the largest set that is gone since, visitors of the present set, and for a sketch the sum
-- of its registers' openness. Nobody can tell whether two sets have the same people, so of sets that nobody has
-- closed the largest one counts. What was closed counts for itself: a closing may have taken it over already, and what
-- it takes over is the difference to that, so the day's visitors may only grow. Another field, with
-- "u" before the day, has how many of the unfurls are known to be of which family: slack=2 telegram=1.
local REGISTERS = 14000

-- What a link's key holds: 'here', or 'gone' where that is nothing or another link, or 'damaged'.
local function state_of(key, incarnation, site)
  local value = redis.pcall('GET', key)
  if not value then
    return 'gone'
  elseif type(value) == 'table' then
    return 'damaged'
  end
  local function has(name, text)
    return string.find(value, '"' .. name .. '":"' .. text .. '"', 1, true)
  end
  if has('incarnation', incarnation) and has('site', site) then
    return 'here'
  end
  local readable, link = pcall(cjson.decode, (string.gsub(value, '^%?........', '')))
  if readable and type(link) == 'table' and type(link.incarnation) == 'string' and type(link.site) == 'string' then
    return 'gone'
  end
  return 'damaged'
end

-- Reads families' numbers; nil where that is impossible.
local function read_known(text)
  local known = {}
  for word in string.gmatch(text, '%S+') do
    local name, number = string.match(word, '^(%S+)=(-?%d+)$')
    if not name then
      return nil
    end
    known[name] = tonumber(number)
  end
  return known
end

local function known_to_text(known)
  local words = {}
  for name, number in pairs(known) do
    words[#words + 1] = string.format('%s=%d', name, number)
  end
  table.sort(words)
  return table.concat(words, ' ')
end

-- Reads a link's counts of some days, and how their visitor sets are. A day that cannot be read has the name of what is
-- damaged instead.
local function read_days(counts, fields, visitors)
  local names = {}
  for _, field in ipairs(fields) do
    names[#names + 1] = field
    names[#names + 1] = 'u' .. field
  end
  local stored = redis.pcall('HMGET', counts, unpack(names))
  local days = {}
  for i, field in ipairs(fields) do
    local day = { field = field, counts = counts, key = visitors[i], waiting = {} }
    days[i] = day
    if stored.err then
      day.damaged = counts
    else
      local numbers = {}
      for word in string.gmatch(stored[2 * i - 1] or '0 0 0 0 0 0', '%S+') do
        numbers[#numbers + 1] = tonumber(word) or 0 / 0
      end
      day.clicks, day.unfurls, day.aggregate, day.base, day.gone, day.set, day.open = unpack(numbers, 1, 7)
      day.known = read_known(stored[2 * i] or '')
      for _, number in ipairs(numbers) do
        if number ~= number then
          day.damaged = counts .. ' ' .. field
        end
      end
      if #numbers < 6 or not day.known then
        day.damaged = counts .. ' ' .. field
      end
      local kind = redis.call('TYPE', day.key).ok
      if kind == 'none' then
        day.is_new = true
      elseif day.open and (kind ~= 'string' or redis.call('STRLEN', day.key) ~= REGISTERS) or not day.open and kind ~= 'set' then
        day.damaged = day.damaged or day.key
      end
    end
  end
  return days
end

-- A day's two fields with their values.
local function day_to_fields(day)
  local text = string.format('%d %d %d %d %d ', day.clicks, day.unfurls, day.aggregate, day.base, day.gone)
  if day.open then
    text = text .. string.format('%.17g %.17g', day.set, day.open)
  else
    text = text .. string.format('%d', day.set)
  end
  local fields = { day.field, text }
  if next(day.known) then
    fields[3], fields[4] = 'u' .. day.field, known_to_text(day.known)
  end
  return fields
end

-- Counts that were set aside: clicks, unfurls, opens, and families' unfurls; nil where they cannot be read.
local function read_aside(text)
  local clicks, unfurls, aggregate, known = string.match(text or '0 0 0', '^(%d+) (%d+) (%d+)(.*)$')
  known = known and read_known(known)
  return known and { tonumber(clicks), tonumber(unfurls), tonumber(aggregate), known = known }
end

