-- One machine at a time looks for changes, and another one goes on when it dies. The machines are processes here.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local process = require "spec_process"
local redis_server = require "spec.support.redis"
local shared_state = require "ironclad.shared.state"

describe("state = \"shared\"", function()
  local server, sandbox
  setup(function()
    server = redis_server.start()
    sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = false })
  end)
  teardown(function()
    sandbox:stop()
    server:stop()
  end)

  local function connect()
    return ironclad.connect { instance = sandbox.instance, client_id = sandbox.client_id,
      client_secret = sandbox.client_secret, as_user = "jane.doe@example.com", shared = server.address }
  end

  it("is kept for all machines", function()
    local function count(options)
      local number = 0
      for _ in connect().records:changes(options) do number = number + 1 end
      return number
    end
    local all = count { state = "shared" }
    assert.truthy(all > 0)
    assert.equal(0, process.fork_run(function() return count { state = "shared" } end))
    assert.equal(all, count { state = "shared:other" })
  end)

  it("is used by one machine at a time", function()
    local first, second = connect().records:changes { state = "shared:one" }, connect()
    first()
    local fine, message = pcall(function()
      for _ in second.records:changes { state = "shared:one" } do error "twice" end
    end)
    assert.is_false(fine)
    assert.truthy(tostring(message):find("in use by another machine", 1, true), message)
    first:close()
    assert.is_truthy(second.records:changes { state = "shared:one" }())
  end)

  it("is handed over when a machine dies, and the item in hand comes again", function()
    local folder = peer.temporary_folder()
    process.fork_run(function()
      for record in connect().records:changes { state = "shared:dying" } do
        local log = assert(io.open(folder .. "/log", "a"))
        log:write(record.id, "\n")
        log:close()
        local _, lines = peer.read_file(folder .. "/log"):gsub("\n", "\n")
        if lines == 3 then peer.shell "kill -KILL $PPID" end
      end
    end)
    server:command("del \"$(" .. server.client .. " keys '*state-lock:dying')\"") -- its time is up
    local seen = {}
    for id in peer.read_file(folder .. "/log"):gmatch "[^\n]+" do seen[id] = 1 end
    local twice, all = 0, 3
    for record in connect().records:changes { state = "shared:dying" } do
      if seen[record.id] then twice = twice + 1 else all = all + 1 end
    end
    assert.equal(1, twice)
    local total = 0
    for _ in connect().records:each() do total = total + 1 end
    assert.equal(total, all)
    peer.remove_folder(folder)
  end)

  it("is lost to another machine that took over, which a step finds out", function()
    local one, other = shared_state.open(connect(), "taken"), shared_state.open(connect(), "taken")
    assert.is_true(one.lock())
    assert.is_false(other.lock())
    assert.truthy(one.save "a\n")
    server:command("del \"$(" .. server.client .. " keys '*state-lock:taken')\"")
    assert.is_true(other.lock())
    for _, step in ipairs { "save", "append", "keep", "load" } do
      local done, err = one[step] "b\n"
      assert.is_falsy(done)
      assert.truthy(err.retryable and tostring(err):find("taken over by another machine", 1, true), tostring(err))
    end
    assert.equal("a\n", other.load())
  end)

  it("needs the option shared", function()
    local client = ironclad.connect { instance = "demo", client_id = "x", client_secret = "SECRET-x", as_user = false }
    local fine, message = pcall(function() return client.records:changes { state = "shared" } end)
    assert.is_false(fine)
    assert.truthy(tostring(message):find('state: "shared" needs a client with the option shared', 1, true), message)
  end)
end)
