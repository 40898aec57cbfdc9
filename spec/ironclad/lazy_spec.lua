-- What a script does not use is not loaded.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local GET = [[
  local ironclad = require "ironclad"
  local client = ironclad.connect { instance = ..., token = "t", as_user = false }
  assert(client.workflows:get "w1")
]]

local LOADED = [[
  local names = {}
  for name in pairs(package.loaded) do
    if name:find "^ironclad" then names[#names + 1] = name end
  end
  table.sort(names)
  print(table.concat(names, "\n"))
]]

after_each(scene.stop)

describe("a script with one GET", function()
  it("loads only these files", function()
    local output = peer.lua(GET .. LOADED, {}, peer.url(scene.answering { scene.GOOD }))
    assert.are.equal(table.concat({
      "ironclad", "ironclad.base.error", "ironclad.base.lazy", "ironclad.base.mistake", "ironclad.base.names",
      "ironclad.calls.catalog", "ironclad.calls.operation", "ironclad.calls.run", "ironclad.client", "ironclad.core",
      "ironclad.loop", "ironclad.loop.plain", "ironclad.loop.task", "ironclad.module",
      "ironclad.resources.resource_methods", "ironclad.resources.resources",
    }, "\n"), (output:gsub("%s+$", "")))
  end)
end)

describe("what is loaded at its first use", function()
  for _, field in ipairs { "filter", "scim_filter", "scopes" } do
    it("is there: ironclad." .. field, function()
      assert.is_table(ironclad[field])
      assert.are.equal(ironclad[field], ironclad[field])
    end)
  end

  it("is found by pairs", function()
    if _VERSION == "Lua 5.1" then return end -- which has no __pairs
    local found = {}
    for name in pairs(ironclad) do found[name] = true end
    for _, name in ipairs { "filter", "scim_filter", "scopes", "connect", "login" } do
      assert.is_true(found[name], name)
    end
  end)

  it("does not make unknown names known", function()
    scene.assert_mistake("ironclad has no filters", function() return ironclad.filters end)
    assert.is_nil(rawget(ironclad, "filters"))
  end)

  it("is the same method each time", function()
    local client = ironclad.connect { instance = "demo", token = "t", as_user = false }
    assert.are.equal(client.workflows.get, client.workflows.get)
    assert.are.equal(client.workflows, client.workflows)
    assert.are.equal(client.scim.users, client.scim.users)
    assert.are.equal(client.records.each, client.records.each)
  end)

  it("is loaded again when its loading was interrupted", function()
    local lazy = require "ironclad.base.lazy"
    local left = 2 -- interrupts
    package.preload["ironclad.spec_inner"] = function()
      left = left - 1
      if left >= 0 then error("interrupted!", 0) end
      return { value = 5 }
    end
    package.preload["ironclad.spec_outer"] = function() return require "ironclad.spec_inner" end
    finally(function()
      for _, name in ipairs { "ironclad.spec_inner", "ironclad.spec_outer" } do
        package.preload[name], package.loaded[name] = nil, nil
      end
    end)
    local outer = lazy "ironclad.spec_outer"
    for _ = 1, 2 do
      local fine, problem = pcall(function() return outer.value end)
      assert.is_false(fine)
      assert.matches("interrupted!", problem)
    end
    assert.are.equal(5, outer.value)
  end)

  -- The command ends with Ctrl-C, and pcall(require, …) asks whether a part is installed.
  it("is loaded by lazy.load wherever a function loads it", function()
    local others = {}
    for path in peer.shell("find src/ironclad -name '*.lua'"):gmatch "[^\n]+" do
      if not path:find "^src/ironclad/command/" and not path:find "^src/ironclad/sandbox" then
        for line in peer.read_file(path):gmatch "[^\n]+" do
          local late = line:find '^%s+.*%f[%w.]require[ (]+"ironclad%.' or line:find '^function.*require[ (]+"ironclad'
          local field = line:find "^  %l+ = require" -- of a table of the file
          if late and not field and not line:find "^%s*%-%-" then others[#others + 1] = path .. ": " .. line end
        end
      end
    end
    assert.are.equal("", table.concat(others, "\n"))
  end)
end)
