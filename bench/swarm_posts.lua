-- The posts of wrk/unique_posts.lua from a script of swarm: an event whose id is a counter, and a check of the status.
-- By default the event is a table that swarm turns into JSON, as a test would have it; --as-text has it as a text with a hole
-- for the counter, as wrk's script does.

local as_text = swarm.option("as-text", {default = false, help = "Sends a prepared text instead of a table"})

local blank = ("#"):rep(36)
local whole = swarm.to_json({
  event_type = "bench.order", source = "bench",
  payload = {order_id = blank, customer = "c-1029384756", amount = 129.95, currency = "EUR",
             items = {{sku = "A-100", quantity = 2}, {sku = "B-200", quantity = 1}}, note = "deliver to the back door"},
})
local at = whole:find(blank, 1, true)
local before, after = whole:sub(1, at - 1), whole:sub(at + #blank)

local stamp, count = swarm.uuid():sub(1, 23) .. "-", 0
local function next_id()
  count = count + 1
  return stamp .. ("%012d"):format(count)
end

local Poster = swarm.user("Poster")

function Poster:on_start()
  if as_text then self:set_header("Content-Type", "application/json") end
end

Poster:task("post", function(self)
  local answer
  if as_text then
    answer = self:post("/events", {name = "POST /events", body = before .. next_id() .. after})
  else
    answer = self:post("/events", {name = "POST /events", json = {
      event_type = "bench.order", source = "bench",
      payload = {order_id = next_id(), customer = "c-1029384756", amount = 129.95, currency = "EUR",
                 items = {{sku = "A-100", quantity = 2}, {sku = "B-200", quantity = 1}}, note = "deliver to the back door"},
    }})
  end
  if answer.status ~= 201 then answer:failure("not 201") end
end)
