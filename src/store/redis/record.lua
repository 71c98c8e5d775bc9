-- What a link's keys hold, for each script that adds to its counts. Nothing here writes.
--
-- A link's record in a part, packed with the least significant byte first: one byte that tells whether its visitors are a
-- sketch; clicks, opens, unfurls, visitors of the largest set that is gone, and visitors of the present set, of four bytes
-- each; of a sketch its estimate and the sum of its registers' openness, as doubles; and then how many of the
-- unfurls are known to be of which family: slack=2 telegram=1. Nobody can tell whether two sets have the same people, so the
-- largest one counts.
local REGISTERS = 14000
local EXACT_RECORD, SKETCH_RECORD = 21, 37

-- What a link's key holds whose value does not have what it should: 'gone' where that is nothing or another link, and
-- else the key, which is damaged.
local function state_of(key)
  local value = redis.pcall('GET', key)
  if not value then
    return 'gone'
  elseif type(value) == 'table' then
    return key
  end
  local readable, link = pcall(cjson.decode, (string.gsub(value, '^%?........', '')))
  if readable and type(link) == 'table' and type(link.incarnation) == 'string' and type(link.site) == 'string' then
    return 'gone'
  end
  return key
end

-- Whether this is the value of a site's link: the end of a link's key is its incarnation.
local function is_link(value, link, site)
  return value and string.find(value, '"incarnation":"' .. string.sub(link, -16) .. '","site":"' .. site .. '"', 1, true)
end

-- Reads families' numbers; nil where that is impossible.
local function read_known(text)
  local known = {}
  for word in string.gmatch(text, '%S+') do
    local name, number = string.match(word, '^(%S+)=(%d+)$')
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

local function is_record(text)
  local form = string.byte(text, 1)
  local length = form == 0 and EXACT_RECORD or form == 1 and SKETCH_RECORD
  return length and #text >= length and (#text == length or read_known(string.sub(text, length + 1)) ~= nil)
end

-- Clicks, opens, unfurls, visitors of the largest set that is gone, of the present one, its estimate and openness where it
-- is a sketch, and the families' text.
local function read_record(text)
  local form, clicks, opens, unfurls, gone, set = struct.unpack('<BI4I4I4I4I4', text)
  if form == 0 then
    return clicks, opens, unfurls, gone, set, nil, nil, string.sub(text, EXACT_RECORD + 1)
  end
  local estimate, open = struct.unpack('<dd', text, EXACT_RECORD + 1)
  return clicks, opens, unfurls, gone, set, estimate, open, string.sub(text, SKETCH_RECORD + 1)
end

local function to_record(clicks, opens, unfurls, gone, set, estimate, open, known)
  if open then
    return struct.pack('<BI4I4I4I4I4dd', 1, clicks, opens, unfurls, gone, set, estimate, open) .. known
  end
  return struct.pack('<BI4I4I4I4I4', 0, clicks, opens, unfurls, gone, set) .. known
end

-- Counts that were set aside: clicks, unfurls, opens, visitors, and families' unfurls; nil where they cannot be read.
local function read_aside(text)
  local clicks, unfurls, opens, visitors, known = string.match(text or '0 0 0 0', '^(%d+) (%d+) (%d+) (%d+)(.*)$')
  known = known and read_known(known)
  return known and { tonumber(clicks), tonumber(unfurls), tonumber(opens), tonumber(visitors), known = known }
end

local function write_aside(clicks, unfurls, opens, visitors, known)
  return (string.gsub(string.format('%d %d %d %d %s', clicks, unfurls, opens, visitors, known), ' $', ''))
end

local function to_aside(record)
  local clicks, opens, unfurls, gone, set, _, _, known = read_record(record)
  return write_aside(clicks, unfurls, opens, math.max(gone, set), known)
end

-- The day on which a site counts what happened on a day: that day, or the first one after it that is not among those on which
-- it counts nothing any more. Nil where these cannot be read.
local function counted_on(frozen, day)
  local is_frozen = redis.pcall('SISMEMBER', frozen, day)
  while is_frozen == 1 do
    day = day + 1
    is_frozen = redis.pcall('SISMEMBER', frozen, day)
  end
  return is_frozen == 0 and day or nil
end
