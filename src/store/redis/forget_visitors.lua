-- Forgets who the visitors were that are counted in a part. Their number stays with the counts.
-- KEYS: the part's visitors
for link in string.gmatch(redis.pcall('HGET', KEYS[1], 'sketches') or '', '%S+') do
  redis.call('UNLINK', KEYS[1] .. ':' .. link)
end
return redis.call('UNLINK', KEYS[1])
