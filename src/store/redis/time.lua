-- Tells the server's time: seconds and microseconds. (A key says which server of a Cluster is asked.)
-- KEYS: any
local time = redis.call('TIME')
return { tonumber(time[1]), tonumber(time[2]) }
