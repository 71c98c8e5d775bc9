-- Forgets a site with its name and its keys. Returns whether it was there.
-- KEYS: sites, names, keys
-- ARGV: id, the channel for news
local json = redis.call('HGET', KEYS[1], ARGV[1])
if not json then
  return 0
end
local site = cjson.decode(json)
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], site.name)
for _, key in ipairs(site.keys) do
  redis.call('HDEL', KEYS[3], key.hash)
end
redis.pcall('PUBLISH', ARGV[2], '*')
return 1
