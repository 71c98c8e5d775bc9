-- The load of every click case, for wrk. Arguments: the template of a request (three parts with a
-- zero byte between them: the code goes into the first gap, the visitor's address into the second),
-- the file of codes, the file of draws (which code comes when, 32 bits each), where in the draws to
-- begin, and how many requests to prepare. Preparing them costs wrk nothing while it measures.

local ffi = require("ffi")
local VISITORS = 10000
local threads = {}

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

function setup(thread)
  threads[#threads + 1] = thread
end

function init(args)
  local head, middle, tail = read(args[1]):match("^(.-)%z(.-)%z(.*)$")
  local codes, text = read(args[2]), read(args[3])
  local draws, count = ffi.cast("const uint32_t *", text), #text / 4
  local width, offset = codes:find("\n"), tonumber(args[4])
  prepared, requests = tonumber(args[5]), {}
  for turn = 0, prepared - 1 do
    local place = offset + turn
    local at = draws[place % count] * width
    local visitor = place % VISITORS
    local address = string.format("10.0.%d.%d", visitor / 256, visitor % 256)
    requests[turn] = head .. codes:sub(at + 1, at + width - 1) .. middle .. address .. tail
  end
  collectgarbage("stop")
  -- wrk asks once for a request that it does not send.
  sent = -1
  ready = os.clock()
end

function request()
  local turn = sent < 0 and 0 or sent
  sent = sent + 1
  return requests[turn % prepared]
end

function done(summary, latency)
  local errors, cpu = summary.errors, os.clock() - threads[1]:get("ready")
  io.write(string.format(
    '\nRESULT {"sent": %d, "answered": %d, "bytes": %d, "seconds": %.6f, "p50": %d, "p99": %d, '
      .. '"refused": %d, "broken": %d, "cpu": %.6f}\n',
    threads[1]:get("sent"), summary.requests, summary.bytes, summary.duration / 1e6,
    latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, cpu))
end
