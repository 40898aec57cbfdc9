-- The inbox of a receiver: events that are kept until they are handled.
local disk = require "ironclad.events.disk"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local receivers = require "spec.support.receivers"

local listen, send = receivers.listen, receivers.send

local folder

setup(receivers.start)
before_each(function() folder = receivers.begin_test() end)
after_each(receivers.end_test)
teardown(receivers.stop)

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

describe("an inbox", function()
  local function keep(options)
    options.inbox = folder .. "/inbox"
    return listen(options)
  end

  it("keeps events until they are handled", function()
    local receiver, noted = keep {}
    local headers, body = send()
    for _ = 1, 2 do assert.are.equal(200, (receiver:handle(headers, body))) end
    assert.are.equal(200, (receiver:handle(send "workflow_paused")))
    assert.are.same({}, noted)
    local list = receiver:inbox():list()
    assert.are.same({ "waiting", "workflow_launched", 0 },
      { list[1].state, list[1].event.payload.event, list[1].tries })
    assert.are.same({ 2, nil }, { receiver:work() })
    assert.are.same({ "workflow_launched", "workflow_paused" }, noted) -- in the order in which they came
    assert.are.equal(200, (receiver:handle(headers, body)))
    assert.are.same({ 0, nil }, { receiver:work() })
    assert.are.same({}, receiver:inbox():list())
  end)

  it("tries again after pauses that grow, and then gives up", function()
    local receiver, _, errors = keep { on = { ["*"] = function() error "always" end }, tries = 4, pause = 10 }
    assert.are.equal(200, (receiver:handle(send())))
    local id = receiver:inbox():list()[1].id
    local now = receiver.box.clock()
    receiver.box.clock = function() return now end
    local pauses = {}
    for i = 1, 4 do
      local count, soon = receiver:work()
      assert.are.equal(1, count)
      pauses[i] = soon and math.floor(soon + 0.5) or "dead"
      now = now + (soon or 0) + 0.1
    end
    assert.are.same({ 10, 20, 40, "dead" }, pauses)
    assert.are.equal(4, #errors)
    local letter = receiver:inbox():list()[1]
    assert.are.same({ id, "dead", 4 }, { letter.id, letter.state, letter.tries })
    assert.matches("always", letter.error)
    assert.are.equal(0, (receiver:work()))
    -- It is tried again when somebody says so, and can be removed.
    assert(receiver:inbox():retry(id))
    assert.are.equal(1, (receiver:work()))
    assert.are.same({ "waiting", 1 }, { receiver:inbox():list()[1].state, receiver:inbox():list()[1].tries })
    assert(receiver:inbox():remove(id))
    assert.are.same({}, receiver:inbox():list())
    assert.is_nil((receiver:inbox():remove(id)))
    assert.is_nil((receiver:inbox():retry(id)))
  end)

  it("does not wait longer when the clock is set back", function()
    local tried = 0
    local receiver = keep { on = { ["*"] = function()
      tried = tried + 1
      error "always"
    end }, pause = 10 }
    local now = receiver.box.clock()
    receiver.box.clock = function() return now end
    receiver:handle(send())
    for i = 1, 3 do
      now = now - 3600
      assert.are.equal(1, (receiver:work()))
      assert.are.same({ i, 10 * 2 ^ (i - 1) }, { tried, math.floor(select(2, receiver:work()) + 0.5) })
    end
    -- Another process reads the files anew.
    now = now - 3600
    local other = require("ironclad.events.inbox").open("spec", folder .. "/inbox", {})
    other.clock = receiver.box.clock
    receiver.box = other
    assert.are.equal(1, (receiver:work()))
  end)

  it("handles the others while one fails", function()
    local receiver, noted = keep { on = {
      workflow_paused = error, ["*"] = function() end,
    } }
    receiver:handle(send "workflow_paused")
    receiver:handle(send "workflow_resumed")
    assert.are.same({}, noted)
    assert.are.equal(2, (receiver:work()))
    assert.are.equal(1, #receiver:inbox():list())
  end)

  it("is shared by processes: each event is handled by one of them", function()
    local receiver = keep {}
    for _ = 1, 30 do receiver:handle(send()) end
    local program = [[
      local inbox = require("ironclad.events.inbox").open("spec", (...), {})
      local count = 0
      for item in function() return (inbox:take()) end do
        count = count + 1
        assert(inbox:done(item))
      end
      print(count)
    ]]
    local sums = {}
    for i = 1, 3 do sums[i] = { peer.start_lua(program, {}, folder .. "/inbox") } end
    local sum = 0
    for _, started in ipairs(sums) do sum = sum + tonumber((started[2]():match "%d+")) end
    assert.are.equal(30, sum)
  end)

  it("is read again in time when it holds many events", function()
    local inbox = require("ironclad.events.inbox").open("spec", folder .. "/many", {})
    for i = 1, 300 do assert(inbox:put(tostring(i), '{"a":1}')) end
    local order = {}
    for item in function() return (inbox:take()) end do
      order[#order + 1] = tonumber(item.id)
      assert(inbox:done(item))
    end
    for i = 1, 300 do assert.are.equal(i, order[i]) end
  end)

  it("answers 503 when an event cannot be kept", function()
    local receiver, _, errors = listen { inbox = {
      put = function() return nil, "the disk is full" end, take = error, done = error, fail = error, list = error,
      retry = error, remove = error,
    } }
    local headers, body = send()
    assert.are.equal(503, (receiver:handle(headers, body)))
    assert.are.equal(503, (receiver:handle(headers, body)))
    local full = { "workflow_launched", "the disk is full" }
    assert.are.same({ full, full }, errors)
  end)

  it("is this user's alone, and has no names that an event has chosen", function()
    local inbox = require("ironclad.events.inbox").open("spec", folder .. "/own", {})
    assert(inbox:put("../../etc/passwd", "{}"))
    assert.matches("^drwx%-%-%-%-%-%- ", peer.shell("ls -ld " .. folder .. "/own/new"))
    assert.matches("^%x+%.json\n$", peer.shell("ls " .. folder .. "/own/new"))
    assert.are.equal("../../etc/passwd", inbox:list()[1].id)
  end)

  it("overlooks files that are not events", function()
    local inbox = require("ironclad.events.inbox").open("spec", folder .. "/junk", {})
    local whole = '{"id":"x","text":"{}","received":1,"tries":0,"next_try":0}'
    local files = { ["a.json"] = "", ["b.json"] = "{", ["c.json"] = "[]", ["d.json"] = '{"id":1,"text":2}', e = "x",
      ["f.json"] = '{"id":"x","text":"{}"}', ["g.json"] = whole:gsub("1", '"1"'),
      ["h.json"] = whole:gsub("0}", "null}"), ["copy.json"] = whole }
    for name, bytes in pairs(files) do
      peer.write_file(folder .. "/junk/new/" .. name, bytes)
      peer.write_file(folder .. "/junk/dead/" .. name, bytes)
    end
    assert(inbox:put("own", "{}"))
    local list = inbox:list()
    assert.are.same({ 1, "own" }, { #list, list[1].id })
    local item = inbox:take()
    assert.are.equal("own", item.id)
    assert(inbox:done(item))
    assert.is_nil((inbox:take()))
  end)

  it("shows a damaged file of an event, says so once, and removes it", function()
    local damages = {
      function() return "" end,
      function() return "{}" end,
      function(text) return text:sub(1, 40) end,
      function(text) return (text:gsub('"received":[%d.]+', '"received":1e400')) end,
      function(text) return (text:gsub('"id":"', '"id":"x')) end,
    }
    for i, damage in ipairs(damages) do
      for _, state in ipairs { "new", "dead" } do
        local place = ("%s/%s%d"):format(folder, state, i)
        local receiver, noted, errors = listen { inbox = place, seen = "memory" }
        local headers, body = send()
        assert.are.equal(200, (receiver:handle(headers, body)))
        local id, name = receiver:inbox():list()[1].id, peer.shell("ls " .. place .. "/new"):match "%x+"
        local path = ("%s/%s/%s.json"):format(place, state, name)
        assert(os.rename(("%s/new/%s.json"):format(place, name), path))
        peer.write_file(path, damage(peer.read_file(path)))
        assert(receiver:inbox():put("other", '{"payload":{"event":"workflow_paused"}}'))
        for _ = 1, 2 do receiver:work() end
        assert.are.same({ "workflow_paused" }, noted)
        assert.are.equal(state == "new" and 1 or 0, #errors)
        if state == "new" then assert.is_truthy(errors[1][2]:find(path .. " is damaged", 1, true), errors[1][2]) end
        local letter = receiver:inbox():list()[1]
        assert.are.same({ name, "dead", 0, 0 }, { letter.id, letter.state, letter.tries, letter.received })
        assert.is_truthy(letter.error:find(path .. " is damaged", 1, true), letter.error)
        local done, problem = receiver:inbox():retry(letter.id)
        assert.are.same({ nil, letter.error }, { done, problem })
        -- It has two names.
        assert(receiver:inbox():remove(i % 2 == 0 and id or letter.id))
        assert.are.same({}, receiver:inbox():list())
        assert.is_nil((receiver:inbox():remove(letter.id)))
      end
    end
  end)

  it("takes a new delivery of an event whose file is damaged", function()
    local receiver, noted = listen { inbox = folder .. "/inbox", seen = "memory" }
    receiver:handle(send())
    local id = receiver:inbox():list()[1].id
    local path = folder .. "/inbox/new/" .. peer.shell("ls " .. folder .. "/inbox/new"):match "%S+"
    peer.write_file(path, "")
    receiver:work()
    assert(receiver:inbox():put(id, '{"payload":{"event":"workflow_launched"}}'))
    assert.are.equal(1, (receiver:work()))
    assert.are.same({ "workflow_launched" }, noted)
  end)

  it("keeps the text of any error", function()
    for i, text in ipairs { "K\252ndigung", "\255\0\n", ("\195"):rep(3), "K\195\188ndigung" } do
      local receiver = listen { inbox = folder .. "/text" .. i, tries = 2, pause = 0,
        on = { ["*"] = function() error(text, 0) end } }
      receiver:handle(send())
      assert.are.equal(2, (receiver:work()))
      local letter = receiver:inbox():list()[1]
      assert.are.same({ "dead", 2 }, { letter.state, letter.tries })
      assert.is_string(ironclad.json.encode(letter.error))
      assert(receiver:inbox():retry(letter.id))
    end
  end)

  it("is refused where a file is", function()
    peer.write_file(folder .. "/file", "")
    local fine, message = pcall(listen, { inbox = folder .. "/file" })
    assert.is_false(fine)
    local wanted = ('inbox: expected the path of a folder, "%s/file" is a file'):format(folder)
    assert.is_truthy(tostring(message):find(wanted, 1, true), tostring(message))
    assert.are.equal("file\n", peer.shell("ls " .. folder))
  end)

  it("in a table reports what its functions raise, and goes on", function()
    local item = { id = "1", text = "{}", tries = 0, received = 0 }
    local given, broken = nil, true
    local receiver, noted, errors = listen { inbox = {
      put = function(_, _, text)
        if broken then error("full", 0) end
        given = text
        return true
      end,
      take = function()
        if broken then error("gone", 0) end
        local text = given
        given = nil
        return text and { id = item.id, text = text }
      end,
      done = function() return true end, fail = error, list = error, retry = error, remove = error,
    } }
    local headers, body = send()
    assert.are.equal(503, (receiver:handle(headers, body)))
    assert.are.equal(0, (receiver:work()))
    assert.are.same({ { "workflow_launched", "full" }, { nil, "gone" } }, errors)
    broken = false
    assert.are.equal(200, (receiver:handle(headers, body)))
    assert.are.equal(1, (receiver:work()))
    assert.are.same({ "workflow_launched" }, noted)
  end)

  it("takes nothing but events and messages from the script's own inbox", function()
    local wrong = {
      { { nil, "gone" }, "gone" },
      { { nil, nil, "gone" }, "gone" },
      { { false, { kind = "io" } }, "io" },
      { { "an event" }, "inbox: take must return a table with the texts id and text, got a string" },
      { { { id = "1" } }, "inbox: take must return a table with the texts id and text, got a table" },
      { { { id = 1, text = "{}" } }, "inbox: take must return a table with the texts id and text, got a table" },
    }
    for _, case in ipairs(wrong) do
      local receiver, _, errors = listen { inbox = {
        take = function() return unpack(case[1], 1, 3) end,
        put = error, done = error, fail = error, list = error, retry = error, remove = error,
      } }
      assert.are.equal(0, (receiver:work()))
      assert.are.same({ { nil, case[2] } }, errors)
    end
  end)
end)

describe("an inbox whose disk cannot be written to", function()
  local real = { write = disk.write, remove = disk.remove }
  after_each(function() disk.write, disk.remove = real.write, real.remove end)

  local function full() return nil, "the disk is full" end

  -- Which function of the disk fails, how often an event is tried, whether its handler succeeds, and what the inbox
  -- holds once the disk works again.
  local cases = {
    { "remove", 3, true, {} },
    { "write", 3, false, { "waiting", 1 } },
    { "write", 1, false, { "dead", 1 } },
    { "remove", 1, false, { "dead", 1 } },
  }
  for _, case in ipairs(cases) do
    local fails, tries, succeeds, left = unpack(case)
    local name = "handles an event once: %s fails, tries %d, the handler %s"
    it(name:format(fails, tries, succeeds and "succeeds" or "fails"), function()
      local count = 0
      local receiver, _, errors = listen { inbox = folder .. "/inbox", seen = "memory", tries = tries, pause = 0,
        on = { ["*"] = function()
          count = count + 1
          disk[fails] = full
          if not succeeds then error("not now", 0) end
        end } }
      local now = receiver.box.clock()
      receiver.box.clock = function() return now end
      local other = require("ironclad.events.inbox").open("spec", folder .. "/inbox", {})
      receiver:handle(send())
      assert.are.same({ 1, 10 }, { receiver:work() })
      for _ = 1, 3 do
        now = now + 5
        assert.are.equal(0, (receiver:work()))
        assert.is_nil((other:take())) -- no other process gets it either
      end
      assert.are.equal(1, count)
      assert.are.same({ "workflow_launched", "the disk is full" }, errors[succeeds and 1 or 2])
      assert.are.equal(succeeds and 1 or 2, #errors)
      disk[fails] = real[fails]
      now = now - 3600 -- and the clock is set back
      local item = receiver.box:take()
      local letter = receiver:inbox():list()[1] or {}
      assert.are.same(left, { letter.state, letter.tries })
      if item then assert(receiver.box:done(item)) elseif letter.id then assert(receiver:inbox():remove(letter.id)) end
      assert.are.same({}, receiver:inbox():list())
    end)
  end

  it("handles only some of its events, and the others when the disk works again", function()
    local inbox = require("ironclad.events.inbox").open("spec", folder .. "/inbox", {})
    local now = inbox.clock()
    inbox.clock = function() return now end
    for i = 1, 20 do assert(inbox:put(tostring(i), "{}")) end
    disk.remove = full
    local count = 0
    local function handle_all()
      local item, soon, problem
      repeat
        item, soon, problem = inbox:take()
        if item then
          count = count + 1
          inbox:done(item)
        end
      until not item
      return soon, problem
    end
    assert.are.same({ 10, nil, 16 }, { handle_all(), nil, count })
    now = now + 10
    local soon, problem = handle_all()
    assert.are.same({ 10, "the disk is full", 16 }, { soon, problem, count })
    disk.remove = real.remove
    now = now + 10
    handle_all()
    assert.are.same({ 20, {} }, { count, inbox:list() })
  end)
end)
