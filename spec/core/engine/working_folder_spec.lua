-- A relative path belongs to the folder that the process works in when the call, or the connection, is made: not to the
-- one that it works in when the engine opens the file.
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"
local task = require "ironclad.loop.task"

local it_spawns = task.yields_anywhere and it or pending
local folder

setup(function()
  folder = peer.temporary_folder()
  peer.shell("cd " .. folder .. " && mkdir here there && printf mine >here/nda.txt && printf other >there/nda.txt")
end)
teardown(function() peer.remove_folder(folder) end)
after_each(scene.stop)

-- Runs Lua source in a process that works in `here`. The source finds a server that gives a token after release(), and
-- move(), which makes `there` the working folder.
local function in_folder(source, ...)
  local output, status = peer.lua([[
    local folder = ...
    local scene, process, run = require "spec.support.scene", require "spec_process", require "ironclad.calls.run"
    local ironclad, peer = require "ironclad", require "spec.support.peer"
    require "ironclad.connections.store"
    process.chdir(folder .. "/here")
    local token = peer.json '{"access_token":"t","token_type":"Bearer","expires_in":3600,"refresh_token":"r"}'
    local server = scene.serve { connections = {
      { { "read" }, { "gate" }, { "send", token }, { "read" }, { "send", scene.GOOD }, { "loop" } },
      { { "read" }, { "send", scene.GOOD }, { "loop" } },
    } }
    local function move() process.chdir(folder .. "/there") end
    local function release() server:release() end
  ]] .. source, nil, folder, ...)
  assert.are.equal(0, status, output)
  return output
end

describe("a relative path", function()
  it_spawns("of a file to send is the one of the call", function()
    assert.are.equal("mine", in_folder [[
      local client = scene.connect_by_secret(server, { max_retries = 0 })
      local pending = ironclad.spawn(function()
        return client.records:upload_attachment("r1", "key", { attachment = ironclad.file "nda.txt" })
      end)
      server:await(1)
      move()
      release()
      ironclad.must(pending:wait())
      io.write(server:requests()[2].body:match "\r\n\r\n(%a+)\r\n")
    ]])
  end)

  it_spawns("of a folder for files is the one of the call", function()
    assert.are.equal('./w1\t{"id":"w1"}\tnil\n', in_folder [[
      local client = scene.connect_by_secret(server, { max_retries = 0 })
      local pending = ironclad.spawn(function() return client.workflows:get("w1", { to = "./" }) end)
      server:await(1)
      move()
      release()
      print(ironclad.must(pending:wait()), peer.read_file(folder .. "/here/w1"), (io.open "w1"))
    ]])
    assert.are.equal("nda.txt\nw1\n", (peer.shell("ls -A " .. folder .. "/here")))
    os.remove(folder .. "/here/w1")
  end)

  it_spawns("of a file to write is the one of the call", function()
    assert.are.equal('got.json\t{"id":"w1"}\tnil\n', in_folder [[
      local client = scene.connect_by_secret(server, { max_retries = 0 })
      local pending = ironclad.spawn(function() return client.workflows:get("w1", { to = "got.json" }) end)
      server:await(1)
      move()
      release()
      print(ironclad.must(pending:wait()), peer.read_file(folder .. "/here/got.json"), (io.open "got.json"))
    ]])
  end)

  it("of a store is the one of the connection", function()
    assert.are.equal("true\tnil\n", in_folder [[
      local client = scene.connect_by_secret(server, { store = "tokens.json", max_retries = 0 })
      move()
      release()
      ironclad.must(client.workflows:get "w1")
      print(#peer.read_file(folder .. "/here/tokens.json") > 0, (io.open "tokens.json"))
    ]])
  end)

  local kept = {
    ["the events that a receiver has seen"] = { 'require "ironclad.events.seen".open("x", "file:seen")',
      'keeper:claim "a" keeper:done "a"', "seen" },
    ["an inbox"] = { 'require "ironclad.events.inbox".open("x", "box", {})',
      'assert(keeper:put("a", "{}"))', "box" },
    ["the journal of acceptances"] = { 'require "ironclad.clickwrap.journal".of("x", "journal")',
      'assert(keeper:claim("a", 1))', "journal" },
    ["the state of changes"] = { 'scene.connect(server).records:changes { state = "state" }',
      'assert(not pcall(keeper)) keeper.state.store.lock() assert(keeper.state.store.save "x")', "state" },
  }
  for what, case in pairs(kept) do
    it("of " .. what .. " is the one of when it was made", function()
      peer.shell("cd " .. folder .. " && mkdir -m 700 -p here/journal")
      assert.are.equal("kept\n", in_folder(([[
        local keeper = %s
        move()
        release()
        %s
        local name, here = %q, peer.shell("cd " .. folder .. "/here && find . -type f -size +0")
        print(here:find("./" .. name, 1, true) and not io.open(name) and "kept" or here)
      ]]):format(case[1], case[2], case[3])))
    end)
  end

  it("of ca_file is the one of the connection", function()
    peer.certificate(folder .. "/here", "good")
    peer.certificate(folder .. "/there", "good")
    assert.are.equal("w1\n", in_folder [[
      local files = { cert = folder .. "/here/good.pem", key = folder .. "/here/good.key" }
      local trusted = scene.answering({ scene.GOOD }, files)
      local client = scene.connect(trusted, { ca_file = "good.pem" }, "https")
      move()
      print(ironclad.must(client.workflows:get "w1").id)
    ]])
  end)
end)

it("a path with \"file:\" is refused where only a path is meant, and not taken for a folder of that name", function()
  local client = scene.connect_by_secret(scene.answering { scene.GOOD })
  for what, call in pairs {
    store = function(path) scene.connect_by_secret(scene.answering { scene.GOOD }, { store = path }) end,
    state = function(path) client.records:changes { state = path } end,
    inbox = function(path) client.webhooks:receiver { on = { ["*"] = print }, inbox = path } end,
    journal = function(path) require "ironclad.clickwrap.journal".of("accept", path) end,
  } do
    local fine, message = pcall(call, "file:" .. folder .. "/kept")
    assert.is_false(fine, what)
    assert.is_truthy(tostring(message):find('give the path alone, without "file:"', 1, true), what .. ": " .. message)
  end
end)
