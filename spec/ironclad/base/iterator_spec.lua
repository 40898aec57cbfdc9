-- Iterators are not lists, and say so.
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local folder
setup(function() folder = peer.temporary_folder() end)
teardown(function() peer.remove_folder(folder) end)
after_each(scene.stop)

local function client()
  return scene.connect(scene.answering { peer.json '{"list":[{"id":"w1"}],"count":1,"page":0,"pageSize":100}' })
end

local makers = {
  { "each", function() return (client().workflows:each()) end },
  { "an each of an id", function() return (client().workflows:each_comments "IC-1") end },
  { "a workflow's each", function() return (client().workflows:each()():each_comments()) end },
  { "SCIM's each", function() return (client().scim.users:each()) end },
  { "Clickwrap's each", function()
    return (scene.clickwrap(scene.answering { peer.json '{"data":[]}' }).contracts:each())
  end },
  { "changes", function() return (client().records:changes { state = folder .. "/state" }) end },
  { "changes that go on", function()
    return client().records:changes { state = folder .. "/state" }:follow()
  end },
}

for _, maker in ipairs(makers) do
  describe(maker[1], function()
    it("throws for ipairs", function()
      local iterator = maker[2]()
      local fine, message = pcall(function()
        for _ in ipairs(iterator) do error "an item" end
        error "no item, and no error"
      end)
      assert.is_false(fine)
      assert.is_truthy(message:find "without ipairs" or message:find "table expected, got userdata", message)
    end)

    it("throws for pairs and #, and does not show its fields", function()
      local iterator = maker[2]()
      for _, read in ipairs { function() return pairs(iterator)(iterator) end, function() return #iterator end } do
        local fine, message = pcall(read)
        assert.is_false(fine)
        assert.is_truthy(message:find "is not a list" or message:find "table expected, got userdata", message)
      end
    end)

    it("throws for an index and a wrong name, and has its methods and fields", function()
      local iterator = maker[2]()
      local _, message = pcall(function() return iterator[1] end)
      assert.is_truthy(message:find("gives items one by one", 1, true), message)
      _, message = pcall(function() return iterator.clsoe end)
      assert.is_truthy(message:find('"clsoe"; did you mean "close"', 1, true), message)
      assert.is_truthy(tostring(iterator):find "^ironclad%.")
      assert.is_nil(iterator.error)
      assert.is_false(iterator.closed)
      iterator:close()
      assert.is_true(iterator.closed)
      assert.is_nil(iterator())
    end)
  end)
end
