-- The load of the creation case, for wrk: every request makes a link to a page of its own.
-- Arguments: the secret key, and what this run's pages begin with.

function init(args)
  head = "POST /api/v1/links HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    .. "Authorization: Bearer " .. args[1] .. "\r\nContent-Length: %d\r\n\r\n"
  body = '{"url":"https://example.com/' .. args[2] .. '/%08d","channel":"whatsapp"}'
  sent = 0
end

function request()
  sent = sent + 1
  local text = string.format(body, sent)
  return string.format(head, #text) .. text
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"answered": %d, "seconds": %.6f, "p50": %d, "p99": %d, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
