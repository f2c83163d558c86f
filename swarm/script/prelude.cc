#include "swarm/script/prelude.h"

namespace triggers::swarm {

const std::string_view prelude = R"lua(
local swarm, client = swarm, swarm.client
swarm.client = nil
local declared, names = {}, {}
-- The parentheses of return (f()) keep the caller on the stack, so that an error names the line of the script.
local WEIGHT_MAX, WAIT_MAX, USERS_MAX = 1000000, 1000000, 1000000

local function fail(level, text, ...) error(text:format(...), level + 1) end

local function finite(value) return type(value) == "number" and value == value and math.abs(value) < math.huge end

-- Waits.

local Wait = {}

local function wait(kind, least, first, second)
  for _, value in ipairs({first, second}) do
    if not finite(value) or value < least or value > WAIT_MAX then
      fail(3, "%s() takes numbers from %s to %d, not %s", kind, least, WAIT_MAX, tostring(value))
    end
  end
  return setmetatable({kind = kind, first = first, second = second or 0}, Wait)
end

local function number_of(kind, value)
  if type(value) ~= "number" then fail(3, "%s() needs a number, not %s", kind, tostring(value)) end
  return value
end

function swarm.between(shortest, longest)
  number_of("between", shortest)
  if number_of("between", longest) < shortest then fail(2, "between(): %s is less than %s", longest, shortest) end
  return (wait("between", 0, shortest, longest))
end
function swarm.constant(seconds) return (wait("constant", 0, number_of("constant", seconds))) end
function swarm.constant_pacing(seconds) return (wait("constant_pacing", 0, number_of("constant_pacing", seconds))) end
function swarm.constant_throughput(rate)
  return (wait("constant_throughput", 0.000001, number_of("constant_throughput", rate)))
end
function swarm.poisson(rate) return (wait("poisson", 0.000001, number_of("poisson", rate))) end

-- Classes of users, and task sets.

local is_class = {}

local function add_task(class, options, name, run)
  if type(options) == "number" then
    options = {weight = options}
  elseif type(options) ~= "table" or is_class[options] then
    options, name, run = {}, options, name
  end
  for key in pairs(options) do
    if key ~= "weight" and key ~= "tags" then fail(2, "a task has no option %s: it has weight and tags", tostring(key)) end
  end
  local weight, tags = options.weight or 1, options.tags or {}
  if not finite(weight) or weight < 1 or weight > WEIGHT_MAX or weight % 1 ~= 0 then
    fail(2, "the weight of a task is a whole number from 1 to %d, not %s", WEIGHT_MAX, tostring(weight))
  end
  if type(tags) == "string" then tags = {tags} end
  for _, tag in ipairs(tags) do
    if type(tag) ~= "string" then fail(2, "a tag is a text, not %s", tostring(tag)) end
  end
  local task = {weight = weight, tags = tags}
  if is_class[name] then
    if rawget(name, "kind") == "user" then fail(2, "%s is a class of users: a task is a function or a task set", name.name) end
    task.name, task.set = name.name, name
  else
    if type(name) ~= "string" or #name == 0 or #name > 100 then
      fail(2, 'a task has a name and a function: %s:task("browse", function(self) ... end)', class.name)
    end
    if type(run) ~= "function" then fail(2, "the task %s of %s has no function", name, class.name) end
    task.name, task.run = name, run
  end
  local own = rawget(class, "own_tasks")
  for index, other in ipairs(own) do
    if other.name == task.name then fail(2, "%s has a second task %s", class.name, task.name) end
  end
  own[#own + 1] = task
end

local function new_class(kind, name, base, level)
  if type(name) ~= "string" or not name:match("^[%a_][%w_]*$") or #name > 100 then
    fail(level + 1, "a class has a name of letters, digits and _, not %s", tostring(name))
  end
  if names[name] then fail(level + 1, "there is a second class or task set %s", name) end
  if base ~= nil and (not is_class[base] or rawget(base, "kind") ~= kind) then
    fail(level + 1, "%s is made from something that is no %s", name, kind == "user" and "class of users" or "task set")
  end
  local class = {name = name, kind = kind, base = base, own_tasks = {}}
  class.__index = class
  setmetatable(class, {__index = base or client})
  is_class[class], names[name] = true, class
  declared[#declared + 1] = class
  return class
end

client.task = add_task
function swarm.user(name, base) return (new_class("user", name, base, 2)) end
function swarm.task_set(name, base) return (new_class("set", name, base, 2)) end
function swarm.sequential_task_set(name, base)
  local set = new_class("set", name, base, 2)
  set.sequential = true
  return set
end

-- What the script has declared, checked and in the form that declarations.cc reads.

local function all_tasks(class)
  local all = class.base and all_tasks(class.base) or {}
  for _, task in ipairs(class.own_tasks) do
    local place = #all + 1
    for index, other in ipairs(all) do
      if other.name == task.name then place = index end
    end
    all[place] = task
  end
  return all
end

local function chosen(tags, wanted, unwanted)
  local has = #wanted == 0
  for _, tag in ipairs(tags) do
    for _, other in ipairs(unwanted) do if tag == other then return false end end
    for _, other in ipairs(wanted) do has = has or tag == other end
  end
  return has
end

local function check_member(class, member, kind)
  local value = class[member]
  if value ~= nil and type(value) ~= kind then
    error(("%s.%s is a %s, not %s"):format(class.name, member, kind, tostring(value)), 0)
  end
  return value
end

local function wait_of(class)
  local value = class.wait_time
  if value == nil or type(value) == "function" or getmetatable(value) == Wait then return value end
  error(("%s.wait_time is a wait such as swarm.between(1, 2), or a function, not %s"):format(class.name, tostring(value)), 0)
end

return function()
  local classes, sets, set_numbers, under_way = {}, {}, {}, {}
  local wanted, unwanted = swarm.tags, swarm.excluded_tags

  local function describe(class, inherited)
    local one = {class = class, name = class.name, wait = wait_of(class), on_start = check_member(class, "on_start", "function"),
                 on_stop = check_member(class, "on_stop", "function"), sequential = class.sequential == true, tasks = {}}
    for _, task in ipairs(all_tasks(class)) do
      local tags = {}
      for _, tag in ipairs(inherited) do tags[#tags + 1] = tag end
      for _, tag in ipairs(task.tags) do tags[#tags + 1] = tag end
      local entry = {name = task.name, weight = task.weight, run = task.run}
      if task.set then
        if under_way[task.set] then error(("the task set %s contains itself"):format(task.name), 0) end
        under_way[task.set] = true
        local inner = describe(task.set, tags)
        under_way[task.set] = nil
        if #inner.tasks > 0 then
          sets[#sets + 1] = inner
          entry.set = #sets
          one.tasks[#one.tasks + 1] = entry
        end
      elseif chosen(tags, wanted, unwanted) then
        one.tasks[#one.tasks + 1] = entry
      end
    end
    return one
  end

  for _, class in ipairs(declared) do
    if class.kind == "user" and not rawget(class, "abstract") then
      local one = describe(class, {})
      one.weight = check_member(class, "weight", "number") or 1
      if not finite(one.weight) or one.weight < 0 then error(class.name .. ".weight is a number from 0", 0) end
      one.fixed_count = check_member(class, "fixed_count", "number") or 0
      if one.fixed_count % 1 ~= 0 or one.fixed_count < 0 or one.fixed_count > USERS_MAX then
        error(("%s.fixed_count is a whole number from 0 to %d"):format(class.name, USERS_MAX), 0)
      end
      one.needs = check_member(class, "needs", "function")
      one.only_if_named = rawget(class, "only_if_named") == true
      if #one.tasks > 0 then
        classes[#classes + 1] = one
      elseif #all_tasks(class) == 0 then
        error(('%s has no task: give it one with %s:task("name", function(self) ... end), or set %s.abstract = true')
              :format(class.name, class.name, class.name), 0)
      end
    end
  end
  if #classes == 0 then
    error(#declared == 0 and 'declares no class of users: begin with local MyUser = swarm.user("MyUser")'
          or "has no class of users with a task that could run", 0)
  end
  return {classes = classes, sets = sets}
end
)lua";

}  // namespace triggers::swarm
