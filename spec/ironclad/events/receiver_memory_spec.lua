-- What receivers remember of the events that were handled: in a file, in memory, in a table of the script's.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"
local receivers = require "spec.support.receivers"

local listen, send = receivers.listen, receivers.send

local folder

setup(receivers.start)
before_each(function() folder = receivers.begin_test() end)
after_each(receivers.end_test)
teardown(receivers.stop)

local function id_of(headers) return headers["X-Ironclad-Webhook-Event-Id"] end

describe("what has been handled is remembered", function()
  it("in a file, by the next receiver and by another process", function()
    local path = folder .. "/seen"
    local receiver = listen { seen = "file:" .. path }
    local headers, body = send()
    local id = id_of(headers)
    assert.are.equal(200, (receiver:handle(headers, body)))
    local second, noted = listen { seen = path }
    assert.are.equal(200, (second:handle(headers, body)))
    assert.are.same({}, noted)
    local program = [[
      local seen = require("ironclad.events.seen").open("spec", "file:" .. (...))
      local _, id, new = ...
      print(seen:claim(id), seen:claim(new), seen:claim(new))
      seen:done(new)
    ]]
    assert.are.equal("done\tnew\tbusy\n", (peer.lua(program, {}, path, id, "another")))
    assert.are.equal("done", second.seen:claim "another")
  end)

  it("in a file, whatever characters an id has", function()
    local seen = require "ironclad.events.seen"
    local ids = { "a b", "a\nb 1\nb", "\n", "", " ", "é", "a\0b", ("x"):rep(100000), "word", "b" }
    local file = seen.open("spec", folder .. "/ids")
    for _, id in ipairs(ids) do
      assert.are.equal("new", file:claim(id), id)
      assert.are.equal("busy", file:claim(id), id)
      assert.is_true(file:done(id))
    end
    local code = ("local file = require 'ironclad.events.seen'.open('spec', %q)\n"
      .. "for _, id in ipairs(require 'ironclad'.json.decode(%q)) do io.write(file:claim(id), ' ') end\n"
      .. "io.write(file:claim 'b 1', ' ', file:claim '1')"):format(folder .. "/ids", ironclad.json.encode(ids))
    assert.are.equal(("done "):rep(#ids) .. "new new", (peer.lua(code)))
    assert.is_true(#peer.read_file(folder .. "/ids") < 2000)
  end)

  it("in a file, whose claims end with the process", function()
    local path = folder .. "/seen"
    local program = [[
      local seen = require("ironclad.events.seen").open("spec", "file:" .. (...))
      repeat until seen:claim "x" == "new"
      repeat until false
    ]]
    local other = require("ironclad.events.seen").open("spec", path)
    local process, ended = peer.start_lua(program, { seconds = 20 }, path)
    while other:claim "x" ~= "busy" do other:release "x" end
    peer.shell("kill -9 " .. process)
    ended()
    assert.are.equal("new", other:claim "x")
  end)

  it("in a file that grows no further than it must", function()
    local path = folder .. "/seen"
    local store = require("ironclad.events.seen").open("spec", path)
    local lines = { peer.read_file(path) }
    for i = 1, 100000 do lines[#lines + 1] = ("old-%d %d\n"):format(i, i % 2 == 0 and os.time() or 1) end
    peer.write_file(path, table.concat(lines) .. "cut") -- a crash has cut the last line
    assert.are.equal("done", store:claim "old-1")
    assert.are.equal("new", store:claim "x")
    assert(store:done "x")
    assert.are.equal("done", store:claim "x")
    assert.is_true(#peer.read_file(path) < 1200000)
    assert.are.equal("new", store:claim "y")
    assert.are.same({ "new", "done" }, { store:claim "old-1", store:claim "old-2" }) -- older than a week, and not
  end)

  it("not in what cannot be read", function()
    local seen = require "ironclad.events.seen"
    peer.shell(("cd %s; mkdir directory; ln -s loop loop"):format(folder))
    for name, message in pairs {
      directory = 'expected the path of a file, "%s" is a folder', loop = "%s: Too many levels of symbolic links",
    } do
      local path = folder .. "/" .. name
      scene.assert_mistake("seen: " .. message:format(path), function() seen.open("spec", "file:" .. path) end)
    end
    assert.are.equal("directory\n", (peer.shell(("ls -A %s | grep -v loop$"):format(folder)))) -- and no lock
    local path = folder .. "/unreadable"
    local store = seen.open("spec", "file:" .. path)
    store:done "e1"
    peer.shell(("rm %s; mkdir %s"):format(path, path))
    assert.are.same({ "done" }, { store:claim "e1" })
    assert.are.same({ nil, path .. ": Is a directory" }, { store:claim "e2" })
  end)

  -- What another process says of events.
  local function claims_elsewhere(path, ...)
    return (peer.lua([[
      local seen = require("ironclad.events.seen").open("spec", "file:" .. (...))
      for _, id in ipairs { select(2, ...) } do io.write(seen:claim(id), " ") end
    ]], {}, path, ...))
  end

  it("in a file that somebody has cut, emptied or removed, as far as this process knows it", function()
    local harms = {
      cut = function(path) peer.write_file(path, peer.read_file(path) .. "half-a-li") end, -- as by a full disk
      emptied = function(path) peer.write_file(path, "") end,
      removed = function(path) assert(os.remove(path)) end,
    }
    for name, harm in pairs(harms) do
      local path = folder .. "/" .. name
      local store = require("ironclad.events.seen").open("spec", path)
      for _, id in ipairs { "before", "after" } do
        assert.are.equal("new", store:claim(id), name)
        assert.is_true(store:done(id))
        if id == "before" then harm(path) end
      end
      assert.are.equal("done done new ", claims_elsewhere(path, "before", "after", "other"), name)
      assert.are.same({ "done", "done" }, { store:claim "before", store:claim "after" })
    end
  end)

  it("in a file that exists and is empty", function()
    peer.write_file(folder .. "/empty", "")
    local store = require("ironclad.events.seen").open("spec", folder .. "/empty")
    assert.are.equal("new", store:claim "x")
    assert(store:done "x")
    assert.are.equal("done new ", claims_elsewhere(folder .. "/empty", "x", "y"))
  end)

  it("by this process, also when the file cannot be written", function()
    peer.shell(("mkdir %s/gone"):format(folder))
    local store = require("ironclad.events.seen").open("spec", folder .. "/gone/seen")
    assert.are.equal("new", store:claim "x")
    peer.shell(("rm -r %s/gone"):format(folder))
    local done, problem = store:done "x"
    assert.is_nil(done)
    assert.matches("gone/seen", problem)
    assert.are.equal("done", store:claim "x")
  end)

  it("in no file of another kind", function()
    for _, bytes in ipairs { "a,b\n1,2\n", "\n", "\nironclad-seen 1 0123456789abcdef\n", "no end", "ironclad-seen 1",
      "ironclad-seen 2 0123456789abcdef\n" } do
      peer.write_file(folder .. "/list.csv", bytes)
      local fine, message = pcall(listen, { seen = "file:" .. folder .. "/list.csv" })
      assert.is_false(fine, bytes)
      assert.is_truthy(tostring(message):find("seen: " .. folder .. "/list.csv is another file", 1, true),
        tostring(message))
      assert.are.equal(bytes, peer.read_file(folder .. "/list.csv"))
    end
    assert.are.equal("list.csv\n", peer.shell("ls " .. folder))
  end)

  it("not when the handling was interrupted: the event is handled at its next delivery", function()
    for _, given in ipairs { "memory", "file:" .. folder .. "/seen" } do
      local receiver, noted = listen { seen = given }
      local headers, body = send()
      local handled = receiver.seen.done
      receiver.on_error = nil
      receiver.seen.done = function() error("interrupted!", 0) end
      -- The error of seen is only reported, and the report is interrupted.
      receiver.show = function() error("interrupted!", 0) end
      assert.are.same({ false, "interrupted!" }, { pcall(receiver.handle, receiver, headers, body) })
      receiver.seen.done, receiver.show = handled, nil
      assert.are.equal(200, (receiver:handle(headers, body)))
      assert.are.equal(2, #noted)
    end
  end)

  it("in a file, also beside a time that is none", function() -- %d of Lua 5.3 and later takes only integers
    local path = folder .. "/seen"
    local file = require("ironclad.events.seen").open("spec", path)
    local text = peer.read_file(path)
    peer.write_file(path, text .. "a 99999999999999999999\n")
    assert.are.equal("done", file:claim "a")
    os.remove(path)
    assert.are.equal("new", file:claim "b")
    assert.is_true(file:done "b")
    assert.matches("\nb %d+\n", peer.read_file(path))
  end)

  it("in a file, whose claim is given back when it could not be made", function()
    local file = require("ironclad.events.seen").open("spec", folder .. "/seen")
    local open = io.open
    io.open = function() error("not enough memory", 0) end -- luacheck: ignore 122
    local state, problem = file:claim "a"
    io.open = open -- luacheck: ignore 122
    assert.are.same({ nil, "not enough memory" }, { state, problem })
    assert.are.equal("new", file:claim "a")
  end)

  it("in memory, for many events", function()
    local store = require("ironclad.events.seen").open("spec")
    for i = 1, 150000 do store:done(tostring(i)) end
    assert.are.same({ "new", "done", "done" }, { store:claim "1", store:claim "100001", store:claim "150000" })
  end)

  it("in a table of the script's", function()
    local told = {}
    local store = { answer = "new" }
    function store:claim(id) told[#told + 1] = "claim " .. id return self.answer end
    function store.done(_, id) told[#told + 1] = "done " .. id return true end
    function store.release(_, id) told[#told + 1] = "release " .. id return true end
    local headers, body = send()
    local id = id_of(headers)
    local receiver, noted = listen { seen = store }
    assert.are.equal(200, (receiver:handle(headers, body)))
    assert.are.same({ "claim " .. id, "done " .. id }, told)
    store.answer = "done"
    assert.are.equal(200, (receiver:handle(headers, body)))
    store.answer = "busy"
    assert.are.equal(503, (receiver:handle(headers, body)))
    store.answer = nil
    assert.are.equal(503, (receiver:handle(headers, body)))
    store.claim = function() error "broken" end
    assert.are.equal(503, (receiver:handle(headers, body)))
    assert.are.equal(1, #noted)
    store.claim, store.answer = nil, nil
    receiver = listen { seen = { claim = function() return "new" end, done = store.done, release = store.release },
      on = { ["*"] = error } }
    assert.are.equal(500, (receiver:handle(headers, body)))
    assert.are.equal("release " .. id, told[#told])
  end)

  it("in a table whose done and release return nothing, and fail by an error or by nil and a message", function()
    local answer
    local store = { claim = function() return "new" end, done = function() return answer() end,
      release = function() return answer() end }
    for give, told in pairs { [function() end] = {}, [function() return nil, "full" end] = { "full" },
      [function() error("broken", 0) end] = { "broken" } } do
      answer = give
      local receiver, noted, errors = listen { seen = store }
      assert.are.equal(200, (receiver:handle(send())))
      assert.are.same({ { "workflow_launched" }, #told }, { noted, #errors })
      assert.are.equal(told[1], (errors[1] or {})[2])
      receiver, noted, errors = listen { seen = store, on = { ["*"] = function() return nil, "no" end } }
      assert.are.equal(500, (receiver:handle(send())))
      assert.are.same({ {}, #told + 1 }, { noted, #errors })
    end
  end)
end)
