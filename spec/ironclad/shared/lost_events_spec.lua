-- Redis loses its data while events wait in the shared inbox: no event is lost, and none is handled twice at once. The
-- processes put into Redis again what they know. Figures are printed.
local host = require "spec.support.host"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local shared_inboxes = require "spec.support.shared_inboxes"

local key, next_test, options, text_of = shared_inboxes.key, shared_inboxes.next_test, shared_inboxes.options,
  shared_inboxes.text_of

local server

local CHECK = 0.02 -- seconds

local function open(more)
  local all = { check = CHECK }
  for name, value in pairs(more or {}) do all[name] = value end
  return shared_inboxes.open(all)
end

local function put(box, from, to)
  for n = from, to do assert.is_true(box:put("id" .. n, text_of(n))) end
end

-- Handles so many events, which may come a moment later -> how often each was handled.
local function handle(box, count)
  local times = {}
  for _ = 1, count do
    local item = peer.eventually(function() return (box:take()) end)
    times[item.id] = (times[item.id] or 0) + 1
    assert.is_true(box:done(item))
  end
  return times
end

local function each_once(from, to)
  local times = {}
  for n = from, to do times["id" .. n] = 1 end
  return times
end

local kept_before -- what specs that ran before in this process have left

local function until_none_is_kept()
  peer.eventually(function() return ironclad.stats().shared.kept == kept_before end)
end

-- A consumer that is frozen, for the engine of this process: it extends its lease no longer.
local function freeze(item) item.held.call:cancel() end

describe("An event in the shared inbox", function()
  setup(function()
    server = shared_inboxes.start()
    kept_before = ironclad.stats().shared.kept
  end)
  teardown(shared_inboxes.stop)
  before_each(next_test)
  after_each(until_none_is_kept)

  local harms = {
    ["Redis was emptied"] = function() server:command "flushall" end,
    ["Redis was killed, without a disk"] = function()
      server:kill()
      server:run()
    end,
    ["its key was deleted"] = function() server:command("del " .. key "items") end,
  }
  for name, harm in pairs(harms) do
    it("is handled when " .. name, function()
      local box = open()
      put(box, 1, 20)
      harm()
      assert.same(each_once(1, 20), handle(box, 20))
      assert.is_nil((box:take()))
    end)
  end

  it("is handled when Redis was started with an older copy of its data", function()
    local box = open()
    put(box, 1, 3)
    server:command "save"
    put(box, 4, 6)
    server:kill()
    server:run()
    assert.same(each_once(1, 6), handle(box, 6))
    peer.shell("rm " .. server.folder .. "/dump.rdb")
  end)

  it("is handled once when its mark was lost with the data", function()
    local box = open { check = 0.5 } -- the marks are kept up for 15 checks: Redis is emptied within that time
    put(box, 1, 10)
    local again = ironclad.stats().shared.again
    handle(box, 10)
    server:command "flushall"
    until_none_is_kept()
    assert.is_nil((box:take()))
    assert.same({}, box:list())
    peer.eventually(function() return ironclad.stats().shared.again >= again + 10 end)
  end)

  it("is handled once when Redis was away, and lost its data, as it was done", function()
    local box = open()
    put(box, 1, 1)
    local item = box:take()
    server:kill()
    box.seconds = 0.05
    assert.is_nil((box:done(item)))
    box.seconds = nil
    server:run()
    until_none_is_kept()
    assert.is_nil((box:take()))
    assert.same({}, box:list())
  end)

  it("stays with the consumer that has it in hand when Redis was emptied", function()
    local box, other = open(), open()
    for _, finish in ipairs { "done", "fail", "late" } do
      put(box, 1, 1)
      local item = box:take()
      server:command "flushall"
      if finish ~= "late" then
        peer.eventually(function() return server:command("zcard " .. key "later") == "1" end)
      end
      assert.is_nil((other:take()))
      if finish == "fail" then
        assert.equal("retry", box:fail(item, "no"))
        assert.same({ 1, "no" }, { box:list()[1].tries, box:list()[1].error })
        assert.is_true(box:remove "id1")
      else
        assert.is_true(box:done(item))
      end
      until_none_is_kept()
      assert.same({}, box:list())
      next_test()
      box, other = open(), open()
    end
  end)

  it("is not lost when it has failed after Redis was emptied and its receiver has ended", function()
    local path = server.folder .. "/put.lua"
    peer.write_file(path, host.paths() .. ([[
      local ironclad = require "ironclad"
      local client = ironclad.connect(%s)
      assert(require("ironclad.shared.inbox").open(client, {}):put("id1", %q))]]):format(host.quoted(options()),
      text_of(1)))
    local output, status = peer.shell(peer.interpreter() .. " " .. path)
    assert.equal(0, status, output)
    local box = open { check = 1000, pause = 0 }
    local item = box:take()
    server:command "flushall"
    assert.equal("retry", box:fail(item, "no"))
    item = box:take()
    assert.same({ "id1", text_of(1), 1 }, { item.id, item.text, item.tries })
    assert.is_true(box:done(item))
  end)

  it("stays with its consumer for longer than the lease", function()
    local box = open { lease = 0.4 }
    put(box, 1, 1)
    local item = box:take()
    local function idle()
      return tonumber((server:command(("xpending %s ironclad - + 1"):format(key "events")):match "\n(%d+)\n%d+$"))
    end
    local last = idle()
    peer.eventually(function()
      local before = last
      last = idle()
      return last < before
    end)
    assert.is_true(box:done(item))
  end)

  it("is not done by a consumer that was frozen while another one took it", function()
    local box, other = open { lease = 0.05 }, open()
    put(box, 1, 1)
    local item = box:take()
    freeze(item)
    local taken = peer.eventually(function() return (open { lease = 0.05 }:take()) end)
    local done, problem = box:done(item)
    assert.is_nil(done)
    assert.matches("another consumer has it", problem)
    assert.is_nil((other:take()))
    assert.is_true(other:done(taken))
    assert.same({}, other:list())
  end)

  it("is refused when the process keeps too many, or too many bytes, and taken when there is room", function()
    local box = open { most = 3 }
    put(box, 1, 3)
    local fine, err = box:put("id4", text_of(4))
    assert.is_nil(fine)
    assert.equal("store", err.kind)
    assert.matches("already keeps 3 events", tostring(err))
    handle(box, 1)
    peer.eventually(function() return (box:put("id4", text_of(4))) end)
    handle(box, 3)
    until_none_is_kept()
    next_test()
    box = open { most_bytes = 6000 }
    assert.is_true(box:put("id1", ("x"):rep(3000)))
    assert.is_nil((box:put("id2", ("x"):rep(3000))))
    assert.is_true(box:put("id3", "{}"))
    handle(box, 2)
  end)

  it("that was given up makes room for others, and comes again when Redis was emptied", function()
    local box = open { most = 2, tries = 1 }
    put(box, 1, 2)
    for _ = 1, 2 do assert.equal("dead", box:fail(box:take(), "no")) end
    server:command "flushall"
    for _ = 1, 2 do
      assert.equal("dead", box:fail(peer.eventually(function() return (box:take()) end), "no"))
    end
    peer.eventually(function() return (box:put("id3", text_of(3))) end)
    assert.is_true(box:retry "id1")
    assert.is_true(box:remove "id2")
    handle(box, 2)
  end)
end)

describe("Under load", function()
  local PUTTERS, WORKERS, EVENTS, ROUNDS = 2, 3, 150, 3
  local folder, pipes

  before_each(function()
    next_test()
    server, folder, pipes = shared_inboxes.start(), peer.temporary_folder(), {}
  end)
  after_each(function()
    shared_inboxes.stop()
    peer.remove_folder(folder)
  end)

  -- The lease is short because a cut connection may lose the reply with an event, which then waits for its lease.
  -- The processes end with the folder, too: a test that has failed leaves none.
  -- Each has a file of its own: one that is just starting would read a file that is written again.
  local function start(source, ...)
    local path = ("%s/%d.lua"):format(folder, #pipes + 1)
    peer.write_file(path, host.paths() .. ([[
      local ironclad = require "ironclad"
      local client = ironclad.connect(%s)
      local box = require("ironclad.shared.inbox").open(client,
        { check = 0.2, pause = 0.1, lease = 4 })
      local FOLDER = %q
      local function ends() return io.open(FOLDER .. "/end") or not io.open(FOLDER .. "/log") end
    ]]):format(host.quoted(options()), folder) .. source)
    local words = ("%s/said-%d"):format(folder, #pipes + 1)
    peer.write_file(words, "")
    pipes[#pipes + 1] = io.popen(("%s %s %s >>%s 2>&1 || echo ended with $? >>%s"):format(peer.interpreter(), path,
      table.concat({ ... }, " "), words, words))
  end

  -- What the processes have written: nothing, unless they failed.
  local function said()
    local texts = {}
    for i = 1, #pipes do texts[i] = peer.read_file(("%s/said-%d"):format(folder, i)) end
    return table.concat(texts)
  end

  -- Puts events, each until the answer is 200, as Ironclad does. It keeps them until the end.
  local PUTTER = [[
    for n = 1, tonumber(arg[2]) do
      local id = arg[1] .. "-" .. n
      while not box:put(id, "{}") do
        if ends() then return end
        os.execute "sleep 0.02"
      end
      os.execute "sleep 0.005"
    end
    while not ends() do os.execute "sleep 0.05" end]]

  -- Notes when it begins and ends to handle an event.
  local WORKER = [[
    local log = assert(io.open(FOLDER .. "/log", "a"))
    log:setvbuf "no"
    while not ends() do
      local item = box:take()
      if item then
        log:write("begin " .. item.id .. "\n")
        os.execute "sleep 0.01"
        log:write("end " .. item.id .. "\n")
        box:done(item)
      else
        os.execute "sleep 0.02"
      end
    end]]

  local function figures()
    local at_once, in_hand, times = 0, {}, {}
    for what, id in peer.read_file(folder .. "/log"):gmatch "(%S+) (%S+)\n" do
      in_hand[id] = (in_hand[id] or 0) + (what == "begin" and 1 or -1)
      if in_hand[id] > 1 then at_once = at_once + 1 end
      if what == "end" then times[id] = (times[id] or 0) + 1 end
    end
    local handled, twice = 0, 0
    for _, count in pairs(times) do
      handled = handled + 1
      if count > 1 then twice = twice + 1 end
    end
    return handled, twice, at_once
  end

  local function await_handled(count)
    peer.eventually(function()
      local handled = figures()
      return handled >= count, ("%d of %d events were handled\n%s"):format(handled, count, said())
    end)
  end

  local function run(what, harm)
    peer.write_file(folder .. "/log", "")
    for i = 1, PUTTERS do start(PUTTER, i, EVENTS) end
    for _ = 1, WORKERS do start(WORKER) end
    local total = PUTTERS * EVENTS
    for round = 1, ROUNDS do
      await_handled(total * round / (ROUNDS + 1))
      harm()
    end
    await_handled(total)
    peer.write_file(folder .. "/end", "")
    for _, pipe in ipairs(pipes) do pipe:close() end
    assert.equal("", said())
    local handled, twice, at_once = figures()
    print(("# shown: Redis %s %d times while %d processes put events and %d handle them: %d put, %d handled, %d lost, "
      .. "%d twice, %d twice at once"):format(what, ROUNDS, PUTTERS, WORKERS, total, handled, total - handled, twice,
      at_once))
    assert.equal(total, handled)
  end

  it("a Redis that is emptied loses no event", function()
    run("emptied", function() server:command "flushall" end)
  end)

  it("a Redis that cuts its connections loses no event", function()
    run("cut off", function() server:command "client kill type normal" end)
  end)

  it("a Redis that is killed and comes back without its data loses no event", function()
    run("killed, without its data,", function()
      server:kill()
      server:run()
    end)
  end)
end)
