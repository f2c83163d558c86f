-- Sends one request again and again with a counter of fixed width in its body, so that every body is unique and none needs
-- its length computed. Arguments: method, path, API key (or -), events in a body, seed.
-- The last line that it prints is JSON with what wrk measured.

local next_thread = 0

function setup(thread)
  thread:set("thread_number", next_thread)
  next_thread = next_thread + 1
end

local function event(id)
  return '{"event_type":"bench.order","source":"bench","payload":{"order_id":"' .. id ..
         '","customer":"c-1029384756","amount":129.95,"currency":"EUR","items":[{"sku":"A-100","quantity":2},' ..
         '{"sku":"B-200","quantity":1}],"note":"deliver to the back door"}}'
end

local width = 12
local blank = string.rep("#", 24 + width)
local pieces, count, stamp

function init(args)
  local method, path, key, per_body, seed = args[1], args[2], args[3], tonumber(args[4]), args[5]
  stamp = string.format("%-24s", seed .. "-" .. thread_number .. "-"):gsub(" ", "x")
  local events = {}
  for i = 1, per_body do events[i] = event(blank) end
  local body = per_body == 1 and events[1] or ("[" .. table.concat(events, ",") .. "]")
  local head = method .. " " .. path .. " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
  if key ~= "-" then head = head .. "Authorization: Bearer " .. key .. "\r\n" end
  local whole = head .. "Content-Length: " .. #body .. "\r\n\r\n" .. body
  pieces, count = {}, 0
  local from = 1
  while true do
    local at = whole:find(blank, from, true)
    if not at then break end
    pieces[#pieces + 1] = whole:sub(from, at - 1)
    from = at + #blank
  end
  pieces[#pieces + 1] = whole:sub(from)
end

function request()
  if #pieces == 2 then
    count = count + 1
    return pieces[1] .. stamp .. string.format("%012d", count) .. pieces[2]
  end
  local out = {}
  for i = 1, #pieces - 1 do
    count = count + 1
    out[#out + 1] = pieces[i]
    out[#out + 1] = stamp
    out[#out + 1] = string.format("%012d", count)
  end
  out[#out + 1] = pieces[#pieces]
  return table.concat(out)
end

function done(summary, latency, requests)
  print(string.format(
    '{"requests":%d,"seconds":%.6f,"p50_ms":%.3f,"p99_ms":%.3f,"max_ms":%.3f,"status_errors":%d,"socket_errors":%d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    latency.max / 1e3, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
