-- A receiver with an inbox is killed (SIGKILL) at every step, again and again, while it receives and handles events:
-- none is lost, and only the one in hand is handled twice. The events are sent as Ironclad sends them: until the answer
-- is 200.
local json = require("ironclad").json
local peer = require "spec.support.peer"
local signer = require "spec.support.signer"

-- The receiver: it gets the events that the sender has written to a folder, in the order of their names, one after the
-- other. It takes each as nginx would give it, writes the status of the answer beside it, and works on the inbox. Each
-- step of the disk is counted; the process kills itself before the step whose number it is given.
local RECEIVER = [[
  local folder, fatal = ...
  local core = require "ironclad.core"
  local ironclad = require "ironclad"
  local steps, last = 0, tonumber(fatal)
  local function step()
    steps = steps + 1
    if steps == last then os.execute "kill -KILL $PPID" end
  end
  for name, fn in pairs(core.disk) do
    if name == "write" or name == "append" or name == "remove" or name == "rename" then
      core.disk[name] = function(...)
        step()
        local value, problem = fn(...)
        step()
        return value, problem
      end
    end
  end
  local function read(path)
    local file = io.open(path)
    local text = file and file:read "*a"
    if file then file:close() end
    return text
  end
  local client = ironclad.connect { instance = "http://127.0.0.1:9", token = "t", as_user = false }
  local plain = io.open(folder .. "/handled", "a")
  plain:setvbuf "no"
  local receiver = client.webhooks:receiver {
    company = false, inbox = folder .. "/inbox",
    verifier = client.webhooks:verifier { key = read(folder .. "/key.pem") },
    on = { ["*"] = function(event)
      step()
      plain:write(event.id, "\n") -- one write(2): the event has been handled
      step()
    end },
  }
  receiver:work()
  for line in io.lines(folder .. "/events") do
    local one = ironclad.json.decode(line)
    local answer = folder .. "/answered-" .. one.id
    local file = io.open(answer)
    if file then
      file:close()
    else
      local status = receiver:handle(one.headers, one.body)
      step()
      assert(status == 200, status)
      file = io.open(answer, "w") -- the sender has the answer, and does not send the event again
      file:close()
      step()
      receiver:work()
    end
  end
  receiver:work()
  io.write("done ", steps, "\n")
]]

local EVENTS = 3

describe("a receiver with an inbox that is killed at every step", function()
  local folder, list

  local function start(fatal)
    local output = peer.lua(RECEIVER, { seconds = 60 }, folder, fatal)
    return output:match "done (%d+)", output
  end

  setup(function()
    list = {}
    for i = 1, EVENTS do
      local body = ('{"companyID":"c","payload":{"event":"e","n":%d}}'):format(i)
      list[i] = { id = "event-" .. i, nonce = "n", body = body }
    end
  end)
  before_each(function()
    folder = peer.temporary_folder()
    peer.write_file(folder .. "/key.pem", signer.sign(list).rsa2048)
    local lines = {}
    for i, one in ipairs(list) do lines[i] = json.encode { id = one.id, headers = one.headers, body = one.body } end
    peer.write_file(folder .. "/events", table.concat(lines, "\n") .. "\n")
  end)
  after_each(function() peer.remove_folder(folder) end)

  -- How often each event was handled.
  local function handled()
    local counts = {}
    for id in io.lines(folder .. "/handled") do counts[id] = (counts[id] or 0) + 1 end
    return counts
  end

  it("loses none, and handles only the event in hand twice", function()
    local steps = tonumber((start(0)))
    assert.is_true(steps > EVENTS * 8)
    local totals = { runs = 0, sent = 0, handled = 0, twice = 0 }
    for fatal = 1, steps do
      peer.shell(("cd %s && rm -rf inbox handled answered-*"):format(peer.quoted(folder)))
      local finished = start(fatal)
      assert.is_nil(finished, "it was to be killed at step " .. fatal)
      assert.is_truthy(start(0)) -- the sender sends again what was not answered
      totals.runs = totals.runs + 1
      local twice = 0
      local counts = handled()
      for _, one in ipairs(list) do
        totals.sent = totals.sent + 1
        assert.is_truthy(counts[one.id], ("killed at step %d: %s is lost"):format(fatal, one.id))
        totals.handled = totals.handled + counts[one.id]
        twice = twice + counts[one.id] - 1
      end
      assert.is_true(twice <= 1, ("killed at step %d: %d handled twice"):format(fatal, twice))
      totals.twice = totals.twice + twice
    end
    assert.are.equal(totals.sent + totals.twice, totals.handled)
    if os.getenv "IRONCLAD_FIGURES" then
      print(("\nkilled %d times: %d events sent, none lost, %d handled twice"):format(totals.runs, totals.sent,
        totals.twice))
    end
  end)
end)
