-- Writes a key, reads it and deletes it in one step, so that nobody else ever sees it.
redis.call('SET', KEYS[1], '1')
local read = redis.call('GET', KEYS[1])
redis.call('DEL', KEYS[1])
return read
