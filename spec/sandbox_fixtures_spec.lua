-- The company that a sandbox starts with: the one that is built in, and one from a file.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local sandbox_module = require "ironclad.sandbox"

local must = local_ironclad.must
local CLOCK = "2026-03-01T09:30:00Z"

local folder, path

setup(function()
  folder = peer.temporary_folder()
  path = folder .. "/company.json"
end)
teardown(function() peer.remove_folder(folder) end)

local function built_in() return ironclad.json.decode(sandbox_module.fixtures()) end

-- Starts with a document (a table, or text) -> the sandbox and a client; nil and a message.
local function start(document)
  peer.write_file(path, type(document) == "string" and document or ironclad.json.encode(document))
  local sandbox, message = sandbox_module.start { tls = false, fixtures = path, clock = CLOCK }
  if not sandbox then return nil, message end
  return sandbox, local_ironclad.connect(sandbox)
end

describe("the company that is built in", function()
  local sandbox, client

  setup(function()
    sandbox, client = local_ironclad.start { clock = CLOCK }
  end)
  teardown(function() sandbox:stop() end)

  it("has contracts in every state", function()
    local states, records = {}, {}
    for workflow in client.workflows:each { status = { "active", "paused", "completed", "cancelled" } } do
      states[workflow.step] = (states[workflow.step] or 0) + 1
      states[workflow.status or "?"] = (states[workflow.status or "?"] or 0) + 1
      for _, id in ipairs(workflow.recordIds or {}) do records[id] = true end
    end
    for _, state in ipairs { "Review", "Sign", "Archive", "Complete", "active", "paused", "completed", "cancelled" } do
      assert.is_truthy(states[state], state)
    end
    local contracts = states.active + states.paused + states.completed + states.cancelled
    for record in client.records:each() do
      if not records[record.id] then contracts = contracts + 1 end
    end
    assert.is_true(contracts >= 40, tostring(contracts))
    assert.are.equal(4, #must(client.workflow_schemas:list { form = "launch" }).list)
  end)

  it("has contracts that expire in the next 90 days, whatever the day is", function()
    local soon = "And(GreaterThan([expirationDate], Date(2026, 3, 1)), LessThan([expirationDate], Date(2026, 5, 31)))"
    assert.is_true(must(client.records:list { filter = soon }).count >= 5)
  end)
end)

describe("a company from a file", function()
  it("may be the one that is built in", function()
    local text = sandbox_module.fixtures()
    local sandbox, client = start(text)
    local other, mine = local_ironclad.start { clock = CLOCK }
    for _, resource in ipairs { "workflows", "records" } do
      local seen, expected = {}, {}
      for item in client[resource]:each() do seen[#seen + 1] = item.title or item.name end
      for item in mine[resource]:each() do expected[#expected + 1] = item.title or item.name end
      assert.are.same(expected, seen)
    end
    sandbox:stop()
    other:stop()
  end)

  it("says dates as days from now", function()
    local document = built_in()
    document.contracts, document.obligations = ironclad.array {}, ironclad.array {}
    document.records = ironclad.array {
      { type = "contract", name = "A", properties = { expirationDate = { type = "date", value = "+45d" },
        additionalNotes = { type = "string", value = "+45days" } } },
      { type = "contract", name = "B", properties = { expirationDate = { type = "date", value = "-1d" } } },
    }
    local sandbox, client = start(document)
    local seen = {}
    for record in client.records:each() do seen[record.name] = record.properties end
    assert.are.equal("2026-04-15T00:00:00.000Z", seen.A.expirationDate.value)
    assert.are.equal("+45days", seen.A.additionalNotes.value)
    assert.are.equal("2026-02-28T00:00:00.000Z", seen.B.expirationDate.value)
    sandbox:stop()
  end)

  local wrong = {
    { "{", "company.json: invalid JSON: .* at line 1, column 2$" },
    { '{\n  "company": {},\n  x\n}', "at line 3, column 3$" },
    { "[]", "company.json: must hold a JSON object$" },
    { "{}", "company.json: " },
    { "", "company.json: invalid JSON" },
    { function(document) document.users[2].email = nil end, "company.json: users%[1%]: 'email' must be a string$" },
    { function(document) document.users = {} end, "company.json: users: must be a list$" },
    { function(document) document.users = nil end, "company.json: " },
    { function(document) document.workflows[3].creator = "x@example.com" end,
      "company.json: workflows%[2%]: no user 'x@example.com'$" },
    { function(document) document.workflows[1].step = "Nowhere" end, "workflows%[0%]: 'Nowhere' is no step$" },
    { function(document) document.recordTypes.contract = {} end,
      "company.json: recordTypes.contract: 'displayName' must be a string$" },
    { function(document) document.contracts[1].counterparty = nil end,
      "contracts%[0%]: a contract needs a counterparty$" },
    { function(document) document.profiles[1].email = "x" end, "profiles%[0%]: no user 'x'$" },
    { function(document) document.groups[2].name = "Admins" end, "groups%[1%]: a group needs a name of its own$" },
    { function(document) document.groups[1].members[2] = "x" end, "groups%[0%]: no user 'x'$" },
    { function(document) document.webhooks[1].events = nil end,
      "webhooks%[0%]: a webhook needs a targetURL and events$" },
    { function(document) document.relationshipTypes[2].like = "x" end, "relationshipTypes%[1%]: no type 'x'$" },
    { function(document) document.obligationTypes[1].description = nil end,
      "obligationTypes%[0%]: a type needs key, displayName and description$" },
    { function(document) document.entities[2].parent = "ENTITY-9" end, "entities%[1%]: no entity 'ENTITY%-9'$" },
    { function(document) document.entities[1].properties.x = 1 end, "entities%[0%]: 'x' is no property" },
    { function(document) document.obligations[1].record = "IC-9999" end, "obligations%[0%]: no record 'IC%-9999'$" },
    { function(document) document.company.id = "5f" end, "company.json: '5f' is no id of 24 hexadecimal digits$" },
    { function(document) document.apps[2] = nil end, "company.json: there must be two apps$" },
  }
  for _, case in ipairs(wrong) do
    it("is refused with the place: " .. case[2], function()
      local document = case[1]
      if type(document) == "function" then
        document = built_in()
        case[1](document)
      end
      local none, message = start(document)
      assert.is_nil(none)
      assert.is_truthy(message:find(case[2]), message)
      assert.is_truthy(message:find(folder, 1, true), message)
    end)
  end

  it("is refused when it cannot be read", function()
    local none, message = sandbox_module.start { tls = false, fixtures = folder .. "/nothing.json" }
    assert.is_nil(none)
    assert.is_truthy(message:find("cannot read the fixtures .*/nothing.json: No such file"), message)
    assert.is_truthy(select(2, sandbox_module.start { tls = false, fixtures = folder }):find "Is a directory")
  end)

  -- Each value of the document in turn is taken away or becomes another: never a crash, and any refusal names the file.
  it("never breaks the sandbox, whatever is wrong in it", function()
    local document, places = built_in(), {}
    local function collect(node)
      for name, value in pairs(node) do
        places[#places + 1] = { node, name }
        if type(value) == "table" then collect(value) end
      end
    end
    collect(document)
    local values = { false, "+1d", -1, ironclad.array {}, {}, ironclad.null }
    local state, started = 1, 0
    for i = 1, 150 do
      state = (state * 1103515245 + 12345) % 2147483648
      local place = places[math.floor(state / 256) % #places + 1]
      local before = place[1][place[2]]
      place[1][place[2]] = values[i % (#values + 1) + 1]
      local ok, sandbox, message = pcall(start, document)
      place[1][place[2]] = before
      if ok and sandbox then
        started = started + 1
        sandbox:stop()
      elseif ok then
        assert.is_truthy(message:find("company.json: ", 1, true), message)
      end
    end
    assert.is_true(started > 0)
  end)
end)
