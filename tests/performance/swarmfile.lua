-- Load tests of the Triggers API, for swarm: the classes of locustfile.py beside it. docs/swarm-scripts.md explains how to
-- write such a file, and how to translate a locustfile.
--
--     export LOCUST_API_KEY=...
--     swarm -f tests/performance/swarmfile.lua --host http://localhost:8000 --users 50 --spawn-rate 10
--
-- An unexpected answer is a failure. A 429 from the key's rate limit is neither a failure nor an accepted event: swarm
-- counts it under its own name, as the locustfile does.

local function keys_of(variable)
  local keys = {}
  for key in (swarm.env[variable] or ""):gmatch("[^,%s]+") do keys[#keys + 1] = key end
  return keys
end

-- Users take turns with these.
local KEY_VARIABLE = #keys_of("LOCUST_API_KEY") > 0 and "LOCUST_API_KEY" or "TRIGGERS_API_KEY"
local API_KEYS = keys_of(KEY_VARIABLE)

-- How many ids one user remembers to get and acknowledge; it forgets the oldest first.
local REMEMBERED_IDS_MAX = 1000

-- Keys that the service has accepted. A key that is refused before that is a mistake, and ends the test.
local KEYS_THAT_WORKED = {}

local inbox = swarm.option("inbox", {default = "default", help = "Inbox on which users of InboxWorkerUser work"})
local lease_seconds = swarm.option("lease-seconds", {default = 30, min = 1, max = 43200, help = "How long a lease lasts"})
local lease_limit = swarm.option("lease-limit", {default = 10, min = 1, max = 500, help = "Events that one lease may have"})
local handling_ms = swarm.option("handling-ms", {default = 200, min = 0, max = 3600000,
  help = "Users handle each lease for a random time of at most this"})
local release_percent = swarm.option("release-percent", {default = 10, min = 0, max = 100,
  help = "Share of the leased events that users release"})
local abandon_percent = swarm.option("abandon-percent", {default = 5, min = 0, max = 100,
  help = "Share whose lease users let end; they acknowledge the others"})

-- Returns the API's code for the error, and `details.reason` if it has one.
local function error_code(answer)
  return answer:json("error_code") or "not an answer of the API", answer:json("details.reason")
end

-- Returns why this 201 does not mean a new event in the store, or nil if it does.
local function not_a_new_event(answer, body)
  if not body.event_id then return "201 without an event_id" end
  if answer:header("Idempotent-Replayed") then return "201 for a duplicate, although every event is another one" end
end

-- Returns why this 200 is not a lease, or nil if it is, or if nothing was available.
local function not_a_lease(_, body)
  if type(body.events) ~= "table" then return "200 without a lease" end
  for _, event in ipairs(body.events) do
    if not event.event_id or event.attempt < 1 then return "200 with an event without an id or attempt" end
  end
end

-- What all kinds of user share: a key, and one way to send requests.
local TriggersUser = swarm.user("TriggersUser")
TriggersUser.abstract = true

function TriggersUser.needs()
  if #API_KEYS == 0 then
    return "LOCUST_API_KEY is not set, nor is TRIGGERS_API_KEY: make a key with\n" ..
           "  triggers keys create --user-id load-test --role creator --rate-limit unlimited\n" ..
           "and export LOCUST_API_KEY=<the key that it prints>"
  end
  if release_percent + abandon_percent > 100 then
    return "--release-percent and --abandon-percent are together more than 100: lower one of them"
  end
end

function TriggersUser:on_start()
  self.key_number = self.number % #API_KEYS + 1
  self:set_header("Authorization", "Bearer " .. API_KEYS[self.key_number])
  self.event_ids = {}
end

-- Sends a request that counts as `name`. Returns the parsed body, or nil after any status other than `status`. `check`
-- returns what is wrong with an answer and its body, if anything.
function TriggersUser:ask(method, path, name, status, json, check)
  local answer = self:request(method, path, {name = name, json = json})
  if answer.status == status then
    if name ~= "GET /status" then KEYS_THAT_WORKED[self.key_number] = true end
    if not check then return true end
    local body = answer:json()
    local wrong = body == nil and "the body is not JSON" or check(answer, body)
    if not wrong then return body, answer end
    answer:failure(wrong)
  elseif answer.status ~= 0 then
    local code, reason = error_code(answer)
    if answer.status == 429 and not reason then return nil end  -- the others have a reason
    local said = ("%d instead of %d: %s"):format(answer.status, status, code)
    if reason then said = said .. " (" .. reason .. ")" end
    answer:failure(said)
    local refused = answer.status == 401 or answer.status == 403 or reason == "authentication_failures"
    if refused and not KEYS_THAT_WORKED[self.key_number] then
      local which = #API_KEYS > 1 and ("key %d of %d"):format(self.key_number, #API_KEYS) or "the API key"
      self:abort_test(("the service refuses %s in %s: %s. Make one with triggers keys create --user-id load-test " ..
                       "--role creator --rate-limit unlimited"):format(which, KEY_VARIABLE, said))
    end
  end
end

local EVENT_TYPES = {"order.created", "order.paid", "user.signed_up", "invoice.sent"}

-- Sends an event that differs from all others, so that none is answered as a duplicate.
function TriggersUser:send_event()
  local event = {
    event_type = swarm.choice(EVENT_TYPES),
    payload = {id = swarm.uuid(), amount = swarm.random(100, 100000) / 100, currency = "EUR"},
    source = "swarm",
  }
  local body, answer = self:ask("POST", "/events", "POST /events", 201, event, not_a_new_event)
  if body then
    answer:accepted(1)
    local ids = self.event_ids
    ids[#ids + 1] = body.event_id
    if #ids > REMEMBERED_IDS_MAX then table.remove(ids, 1) end
  end
end

-- Sends events, polls the inbox, looks at events and acknowledges them, as an integration does.
local TriggersAPIUser = swarm.user("TriggersAPIUser", TriggersUser)
TriggersAPIUser.wait_time = swarm.between(0.1, 2)

TriggersAPIUser:task(10, "send", function(self)
  self:send_event()
end)

TriggersAPIUser:task(3, "poll_inbox", function(self)
  self:ask("GET", "/inbox?limit=50", "GET /inbox", 200)
end)

TriggersAPIUser:task(2, "get_event", function(self)
  if #self.event_ids == 0 then return self:send_event() end
  self:ask("GET", "/events/" .. swarm.choice(self.event_ids), "GET /events/{id}", 200)
end)

TriggersAPIUser:task(1, "acknowledge", function(self)
  if #self.event_ids == 0 then return self:send_event() end
  self:ask("DELETE", "/events/" .. table.remove(self.event_ids, 1), "DELETE /events/{id}", 204)
end)

TriggersAPIUser:task(1, "health", function(self)
  self:ask("GET", "/status", "GET /status", 200)
end)

-- Only sends events, and hardly waits.
local HighThroughputUser = swarm.user("HighThroughputUser", TriggersUser)
HighThroughputUser.wait_time = swarm.between(0.01, 0.1)

HighThroughputUser:task("send", function(self)
  self:send_event()
end)

-- Leases events of the inbox of --inbox, handles them, acknowledges most, releases some, and lets some leases end. Runs only
-- if a test names it: it consumes events that other users look for.
local InboxWorkerUser = swarm.user("InboxWorkerUser", TriggersUser)
InboxWorkerUser.only_if_named = true
InboxWorkerUser.wait_time = swarm.between(0.1, 0.5)

InboxWorkerUser:task("work", function(self)
  local body = self:ask("POST", "/inboxes/" .. inbox .. "/lease", "POST /inboxes/{name}/lease", 200,
                        {limit = lease_limit, lease_seconds = lease_seconds}, not_a_lease)
  if not body or #body.events == 0 then return end
  self:wait(swarm.uniform(0, handling_ms / 1000))
  local handled, released = {}, {}
  for _, event in ipairs(body.events) do
    local drawn = swarm.uniform(0, 100)
    if drawn < release_percent then
      released[#released + 1] = event.event_id
    elseif drawn >= release_percent + abandon_percent then
      handled[#handled + 1] = event.event_id
    end
  end
  self:settle("ack", body.lease_id, handled)
  self:settle("release", body.lease_id, released)
end)

-- Acknowledges or releases these events of a lease. `lease_lost` is no failure: the handling may have taken longer than the
-- lease.
function InboxWorkerUser:settle(verb, lease_id, event_ids)
  if #event_ids == 0 then return end
  self:ask("POST", "/inboxes/" .. inbox .. "/" .. verb, "POST /inboxes/{name}/" .. verb, 200,
           {lease_id = lease_id, event_ids = event_ids}, function(_, body)
    local same = type(body.results) == "table" and #body.results == #event_ids
    for index, id in ipairs(event_ids) do same = same and body.results[index].event_id == id end
    if not same then return "200 without one result for each event, in order" end
  end)
end
