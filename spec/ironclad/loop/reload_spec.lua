-- The module's files loaded again in the same Lua state, as editors and plugin managers do.

local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

-- The beginning of a script in a process of its own, with the module loaded once and reload() to load it again.
local BEGINNING = [[
  local instance = ...
  local ironclad = require "ironclad"
  local function connect(options)
    local settings = { instance = instance, token = "t", as_user = false, max_retries = 0, rate_limit = false }
    for name, value in pairs(options or {}) do settings[name] = value end
    return ironclad.connect(settings)
  end
  local function reload()
    for name in pairs(package.loaded) do
      if name:find "^ironclad" then package.loaded[name] = nil end
    end
    ironclad = require "ironclad"
  end
]]

describe("after the module was loaded again", function()
  after_each(scene.stop)

  local function prints(expected, source, server)
    server = server or scene.answering { scene.GOOD }
    local output, status = peer.lua(BEGINNING .. source, { seconds = 20 }, peer.url(server))
    assert.are.equal(0, status, output)
    assert.are.equal(expected, output)
  end

  it("calls go on, those of older clients too", function()
    prints("w1\nw1\nw1\n", [[
      local older = connect()
      print(older.workflows:get("w").id)
      reload()
      print(older.workflows:get("w").id)
      print(connect().workflows:get("w").id)
    ]])
  end)

  it("tasks that wait are told by whoever empties the mailbox", function()
    prints("w1\nw1\nw1\n0\n", [[
      local older, told = connect(), {}
      older.workflows:get("a", { callback = function(value) told[1] = value end })
      reload()
      older.workflows:get("b", { callback = function(value) told[2] = value end })
      connect().workflows:get("c", { callback = function(value) told[3] = value end })
      ironclad.run()
      for i = 1, 3 do print(told[i].id) end
      print(ironclad.mailbox():dispatch())
    ]])
  end)

  it("a failure of an older task is reported", function()
    prints("true\n", [[
      local older = connect()
      older.workflows:get("a", { callback = function() error "as meant" end })
      reload()
      local fine, message = pcall(ironclad.run)
      print(not fine and message:find("as meant", 1, true) ~= nil)
    ]])
  end)

  it("a token goes to its own store", function()
    local server = scene.serve { connections = { { { "read" }, { "answer" }, { "loop" } } }, answers = {
      peer.json '{"access_token":"reload-9k2-a","token_type":"Bearer","expires_in":3600}', scene.GOOD,
      peer.json '{"access_token":"reload-9k2-b","token_type":"Bearer","expires_in":3600}', scene.GOOD,
    } }
    prints("true\ttrue\n", [[
      local function store()
        local mine = {}
        mine.load = function() return nil end
        mine.save = function(_, token) mine.kept = token and token.access_token end
        return mine
      end
      local one, other = store(), store()
      local function client_of(id, kept)
        return ironclad.connect { instance = instance, client_id = id, client_secret = "reload 8fh3", as_user = false,
          store = kept }
      end
      local first = client_of("one", one)
      assert(first.workflows:get "w")
      reload()
      assert(client_of("two", other).workflows:get "w")
      print(one.kept == "reload-9k2-a", other.kept == "reload-9k2-b")
    ]], server)
  end)
end)
