-- A receiver with an inbox is killed (SIGKILL) at every step, again and again, while the sandbox delivers events to it
-- and it handles them: none is lost, and only the one in hand is handled twice. The sandbox delivers as Ironclad does:
-- again, until the answer is 200.
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"

local must = local_ironclad.must

-- The receiver. Each step of a request, of the disk and of the handler is counted; the process kills itself at the step
-- whose number it is given. It ends by itself with the event workflow_deleted, which comes last.
local RECEIVER = [[
  local folder, host, port, fatal, instance, id, secret, user = ...
  local core = require "ironclad.core"
  local ironclad = require "ironclad"
  local steps, last = 0, tonumber(fatal)
  local function step()
    steps = steps + 1
    if steps == last then
      os.execute "kill -KILL $PPID"
      while true do end
    end
  end
  -- A step before the function and one after it.
  local function counted(fn)
    return function(...)
      step()
      local value, problem = fn(...)
      step()
      return value, problem
    end
  end
  for _, name in ipairs { "write", "append", "remove" } do core.disk[name] = counted(core.disk[name]) end
  local client = ironclad.connect { instance = instance, client_id = id, client_secret = secret, as_user = user }
  local plain = io.open(folder .. "/handled", "a")
  plain:setvbuf "no"
  local server
  local receiver = client.webhooks:receiver {
    inbox = folder .. "/inbox",
    on = {
      workflow_deleted = function() server:stop() end,
      ["*"] = counted(function(event) plain:write(event.id, "\n") end), -- one write(2): the event has been handled
    },
  }
  receiver.handle = counted(receiver.handle) -- after it, the answer is sent
  receiver:serve {
    host = host, port = tonumber(port), log = false,
    on_listen = function(listening)
      server = listening
      io.write "listening\n"
      io.flush()
    end,
  }
  io.write("steps ", steps, "\n")
]]

-- An address that no other test listens at: the port must stay free between two receivers.
local HOST = "127.10.20.30"
local EVENTS = 3
-- Steps of the last event: its request, its file in the inbox, what has been seen, and the file's removal; its handler
-- is not counted.
local LAST = 8

describe("a receiver with an inbox that is killed at every step", function()
  local sandbox, client, folder, port, workflow

  setup(function()
    sandbox, client = local_ironclad.start { clock = "2026-03-01T09:00:00Z" }
    for webhook in client.webhooks:each() do must(client.webhooks:delete(webhook.id)) end
    folder, port = peer.temporary_folder(), peer.free_port()
    workflow = must(local_ironclad.launch(client))
    must(client.webhooks:ensure { targetURL = ("http://%s:%d/hook"):format(HOST, port), events = { "*" } })
  end)
  teardown(function()
    sandbox:stop()
    peer.remove_folder(folder)
  end)

  -- Starts the receiver -> whether it listens, and a function that waits for its end -> the steps that it counted.
  local function start(fatal)
    local _, ended, line = peer.start_lua(RECEIVER, { seconds = 60 }, folder, HOST, port, fatal,
      sandbox.url, sandbox.client_id, sandbox.client_secret, sandbox.as_user)
    return line() == "listening", function() return tonumber(ended():match "steps (%d+)") end
  end

  -- How often each event was handled.
  local function handled()
    local counts = {}
    local file = io.open(folder .. "/handled")
    for id in (file and file:read "*a" or ""):gmatch "[^\n]+" do counts[id] = (counts[id] or 0) + 1 end
    if file then file:close() end
    return counts
  end

  -- Waits until everything has been delivered; what has failed is due again after its pause.
  local function deliver()
    for _ = 1, 12 do
      local status = assert(sandbox:settle_deliveries())
      if status.delivered == EVENTS then return end
      sandbox:advance(status.next_in)
    end
    error "not delivered"
  end

  -- Things happen in Ironclad while a receiver runs that is killed at a step, and then one that is not -> the ids of
  -- the events, how many deliveries failed, and the steps of the receiver that was not killed.
  local function run(fatal)
    peer.shell(("cd %s && rm -rf inbox handled"):format(peer.quoted(folder)))
    sandbox:clear_deliveries()
    local listens, ended = start(fatal)
    local function happen()
      for i = 1, EVENTS do must(workflow:create_comment { comment = "comment " .. i }) end
    end
    if fatal > 0 then
      if listens then happen() end
      assert.is_nil(ended(), "it was to be killed at step " .. fatal)
      if not listens then happen() end
      sandbox:settle_deliveries()
      ended = select(2, start(0))
    else
      happen()
    end
    deliver()
    local ids, attempts = {}, 0
    for i, delivery in ipairs(sandbox:deliveries()) do
      ids[i], attempts = delivery.id, attempts + delivery.attempts
    end
    sandbox:send_event "workflow_deleted"
    return ids, attempts - #ids, ended()
  end

  it("loses none, and handles only the event in hand twice", function()
    local _, _, counted = run(0)
    local steps, sent, failed, twice = counted - LAST, 0, 0, 0
    assert.is_true(steps >= EVENTS * (LAST + 2))
    for fatal = 1, steps do
      local ids, failures = run(fatal)
      assert.are.equal(EVENTS, #ids)
      local counts, again = handled(), 0
      for _, id in ipairs(ids) do
        assert.is_truthy(counts[id], ("killed at step %d: %s is lost"):format(fatal, id))
        again = again + counts[id] - 1
      end
      assert.is_true(again <= 1, ("killed at step %d: %d handled twice"):format(fatal, again))
      sent, failed, twice = sent + #ids, failed + failures, twice + again
    end
    assert.is_true(failed > 0)
    assert.are.equal(2 * EVENTS, twice) -- killed after the handler, and before the removal
    print(("\n# shown: a receiver killed at each of %d steps: %d events sent, %d deliveries failed and were sent "
      .. "again, 0 lost, %d handled twice (the one in hand)"):format(steps, sent, failed, twice))
  end)
end)
