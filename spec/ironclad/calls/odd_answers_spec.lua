-- Methods that make something of one or several answers: whatever is odd in an answer, they return a value or an error,
-- or raise a mistake; never an error of Lua's. Each node of each good answer of the sandbox is replaced in turn.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local run = require "ironclad.calls.run"

local ODD = { ironclad.null, 5, "odd" }
local NODES, CHILDREN = 14, 6 -- replaced in one answer; looked at in one table

local sandbox, finish, sleep
-- What happens to the answers of the call under way.
local seen, nodes, odd_answer, odd_node, odd_value

-- Visits a value and what is in it: visit(table, key), without them for the value itself.
local function walk(value, visit, parent, key)
  visit(parent, key)
  if type(value) ~= "table" then return end
  local keys = {}
  for name in next, value do keys[#keys + 1] = name end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for i = 1, math.min(#keys, CHILDREN) do walk(rawget(value, keys[i]), visit, value, keys[i]) end
end

local function change(value)
  local at, replaced = 0, value
  walk(value, function(parent, key)
    at = at + 1
    if at ~= odd_node then return end
    if parent then rawset(parent, key, odd_value) else replaced = odd_value end
  end)
  nodes[seen] = math.min(at, NODES)
  return replaced
end

setup(function()
  sandbox = local_ironclad.start { job_seconds = 0, clock = "2026-01-31T09:00:00Z" }
  finish, sleep = run.finish, run.sleep
  function run.finish(...)
    local value, err, response = finish(...)
    if err or not (response and response.status) or type(value) ~= "table" then return value, err, response end
    seen = seen + 1
    if not odd_answer or seen == odd_answer then value = change(value) end
    return value, err, response
  end
  function run.sleep() return true end
end)
teardown(function()
  run.finish, run.sleep = finish, sleep
  sandbox:stop()
end)

local NDA = { template = "Mutual NDA", attributes = { counterpartyName = "x" } }
local REPORT = { exportType = "audit_log", startDate = "2026-01-01", endDate = "2026-02-01", exportFormat = "CSV" }

local calls = {
  check = function(client) client:check() end,
  describe = function(client) tostring(client:describe()) end,
  ["a template by its title"] = function(client) tostring(client.workflow_schemas:find "Mutual NDA") end,
  ["a template that is not there"] = function(client) tostring(client.workflow_schemas:find "Nothing") end,
  ["a launch by title"] = function(client) tostring(client.workflows:launch(NDA)) end,
  ["a launch that waits"] = function(client) client.workflows:launch_and_wait(NDA, { timeout = 3 }) end,
  ["an export"] = function(client) client.exports:create_and_wait(REPORT, { timeout = 3 }) end,
  ["a record with properties"] = function(client)
    client.records:create { type = "mutualNDA", name = "n", properties = { counterpartyName = "x" } }
  end,
  ["the change of a record"] = function(client)
    client.records:update("IC-22", { addProperties = { counterpartyName = "y" } })
  end,
  ["a walk over records"] = function(client)
    for record in client.records:each { limit = 3 } do tostring(record) end
  end,
  ["a wait for a workflow"] = function(client) client.workflows:wait("IC-1", { status = "completed", timeout = 1 }) end,
  ["a user by e-mail"] = function(client) tostring(client.scim.users:find_by_email "jane.doe@example.com") end,
  ["changes"] = function(client)
    local state = { load = function() end, save = function() return true end }
    for record in client.records:changes { state = state } do tostring(record) end
  end,
  ["an acceptance"] = function(_, clickwrap)
    clickwrap:accept { signer = "a@b.example", group = "terms", deadline = 3 }
  end,
  ["whether terms are accepted"] = function(_, clickwrap) clickwrap:accepted("a@b.example", "terms") end,
  ["terms"] = function(_, clickwrap) tostring(clickwrap:terms "terms") end,
  ["a signer's history"] = function(_, clickwrap) clickwrap:history "a@b.example" end,
}

-- The text of an error of Lua's; nil when there was none.
local function fault_of(call)
  seen, nodes = 0, {}
  local settings = { rate_limit = false, max_retries = 0 }
  local fine, problem = pcall(call, sandbox:connect(settings), sandbox:clickwrap(settings))
  local text = not fine and tostring(problem) or ""
  return (text:find("attempt to", 1, true) or text:find("bad argument", 1, true)) and text or nil
end

for name, call in pairs(calls) do
  it("odd answers are no error of Lua's: " .. name, function()
    odd_answer, odd_node = nil, nil
    assert.is_nil(fault_of(call))
    local whole = nodes
    assert.is_true(#whole > 0 or name == "a walk over records" or name == "changes", name)
    for answer = 1, #whole do
      for node = 1, whole[answer] do
        for _, value in ipairs(ODD) do
          odd_answer, odd_node, odd_value = answer, node, value
          local fault = fault_of(call)
          assert.is_nil(fault, fault and ("answer %d, node %d, %s: %s"):format(answer, node, tostring(value), fault))
        end
      end
    end
  end)
end
