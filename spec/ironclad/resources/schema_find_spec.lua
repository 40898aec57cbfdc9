-- Which texts name a template: to find it, and to launch from it.
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local unpack = rawget(table, "unpack") or rawget(_G, "unpack")

teardown(scene.stop)

local function listing(...)
  local items = {}
  for i, title in ipairs { ... } do items[i] = ('{"id":"T%d","name":"%s","schema":{}}'):format(i, title) end
  return peer.json(('{"list":[%s]}'):format(table.concat(items, ",")))
end

-- What became of a launch: the id of the template that was launched, or the error.
local function launch(title, ...)
  local server, client = scene.play(listing(...), scene.GOOD)
  local _, err = client.workflows:launch { template = title, attributes = {} }
  if err then
    assert.are.equal(1, #server:requests())
    return err
  end
  return scene.last(server).body:match '"template":"(.-)"'
end

describe("a launch", function()
  for _, case in ipairs {
    { "Mutual NDA", "T1", "Mutual NDA", "Mutual NDA 2" },
    { " mutual nda ", "T1", "Mutual NDA", "Lease" },
    { "Mutual NDA", "T1", " Mutual NDA  ", "Lease" },
    { "NDA", "T2", "nda", "NDA", "Nda" },
    { "T2", "T2", "T2", "Lease" },
  } do
    it(("takes %q for a whole title"):format(case[1]), function()
      assert.are.equal(case[2], launch(case[1], unpack(case, 3)))
    end)
  end

  local refused = {
    { "T", 'there is no template "T"; these titles contain it: "Mutual NDA" [' },
    { " ", 'there is no template " "; there are "Lease", "Mutual NDA" [' },
    { "Mut", 'there is no template "Mut"; did you mean "Mutual NDA"?; these titles contain it: "Mutual NDA" [' },
    { "Mutual ND", 'there is no template "Mutual ND"; did you mean "Mutual NDA"?; these titles contain it' },
    { "Rental", 'there is no template "Rental"; there are "Lease", "Mutual NDA" [' },
  }
  for _, case in ipairs(refused) do
    it(("refuses %q"):format(case[1]), function()
      local err = launch(case[1], "Mutual NDA", "Lease")
      assert.are.same({ "not_found", "template", "not_done" }, { err.kind, err.param, err.outcome })
      assert.is_truthy(tostring(err):find(case[2], 1, true), tostring(err))
    end)
  end

  for _, case in ipairs {
    { "NDA", '2 templates have the title "NDA"; give the id of one: "T1", "T3" [', "NDA", "x", "NDA" },
    { "NdA", '3 templates have the title "NdA"; give the id of one: "T1", "T2", "T3" [', "NDA", "nda", "Nda " },
  } do
    it(("refuses %q when several templates have that title"):format(case[1]), function()
      local err = launch(case[1], unpack(case, 3))
      assert.are.equal("invalid_request", err.kind)
      assert.is_truthy(tostring(err):find(case[2], 1, true), tostring(err))
    end)
  end
end)

describe("find", function()
  it("takes a part of a title, and refuses a title that several templates have", function()
    local _, client = scene.play(listing("Mutual NDA", "Lease", "Lease"))
    assert.are.equal("T1", client.workflow_schemas:find("nda").id)
    assert.is_truthy(tostring(select(2, client.workflow_schemas:find "Lease")):find('id of one: "T2", "T3"', 1, true))
    assert.are.equal("T3", client.workflow_schemas:find("T3").id)
  end)
end)
