-- Puts a site with its name and its keys. Returns 0, and changes nothing, where the name is another
-- site's; and 2 where another text is there than the one that was looked at.
-- KEYS: sites, names, keys
-- ARGV: id, JSON, name, the JSON in whose place it is put, which is empty for a new site, the channel for
--       news, then the hashes of its keys
local id, json, name = ARGV[1], ARGV[2], ARGV[3]

local old = redis.call('HGET', KEYS[1], id)
if old == json then
  return 1 -- The same call again, after its answer was lost.
end
local holder = redis.call('HGET', KEYS[2], name)
if holder and holder ~= id then
  return 0
elseif (old or '') ~= ARGV[4] then
  return 2
end

if old then
  local site = cjson.decode(old)
  redis.call('HDEL', KEYS[2], site.name)
  for _, key in ipairs(site.keys) do
    redis.call('HDEL', KEYS[3], key.hash)
  end
end
redis.call('HSET', KEYS[1], id, json)
redis.call('HSET', KEYS[2], name, id)
for i = 6, #ARGV do
  redis.call('HSET', KEYS[3], ARGV[i], id)
end
redis.pcall('PUBLISH', ARGV[5], '*')
return 1
