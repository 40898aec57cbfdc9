-- A process that is killed (SIGKILL) anywhere in cw:accept: the next one finds what it has sent. Nothing is lost, and
-- nothing is stored twice. IRONCLAD_FIGURES=1 prints what was counted.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local run = require "ironclad.calls.run"

-- One acceptance. Whatever can be seen from outside (a change of the journal, a request) has a step before it and one
-- after it; the process kills itself at the step whose number it is given.
local SOURCE = [[
  local site, token, url, folder, key, settle, fatal = ...
  local core = require "ironclad.core"
  local ironclad = require "ironclad"
  local cw = ironclad.clickwrap { site_access_id = site, api_token = token, activity_host = url, rest_host = url }
  local steps, last = 0, tonumber(fatal)
  local function step()
    steps = steps + 1
    if steps == last then os.execute "kill -KILL $PPID" end
  end
  local function stepped(place, name)
    local fn = place[name]
    rawset(place, name, function(...)
      local options = select(4, ...)
      if type(options) == "table" and options.dry_run then return fn(...) end -- sends nothing
      step()
      local value, err, response = fn(...)
      step()
      return value, err, response
    end)
  end
  stepped(core.disk, "append")
  stepped(os, "remove")
  stepped(cw, "call")
  local evidence = ironclad.must(cw:accept { signer = key, group = "terms", key = key, journal = folder,
    settle = tonumber(settle), deadline = 110 })
  print(#evidence.activities .. " accepted in " .. steps)
]]

local AT_ONCE = 6 -- processes
local LONG = 600  -- seconds
local SENT = 10   -- the step after /send: two each for the versions, the journal, a look, /send/sync and /send

describe("accept that is killed", function()
  local sandbox, cw, folder, totals
  setup(function()
    -- Its clock stands still: what /send has received is stored when the spec says so.
    sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = false,
      clock = os.date "!%Y-%m-%dT%H:%M:%SZ" })
    cw = sandbox:clickwrap()
    totals = { kills = 0, accepted = 0, stored = 0, lost = 0, doubled = 0 }
  end)
  teardown(function()
    sandbox:stop()
    if os.getenv "IRONCLAD_FIGURES" then
      print(("\nkilled %d times: %d acceptances of 2 contracts, %d activities stored, %d lost, %d doubled"):format(
        totals.kills, totals.accepted, totals.stored, totals.lost, totals.doubled))
    end
  end)
  before_each(function() folder = peer.temporary_folder() end)
  after_each(function() peer.remove_folder(folder) end)

  -- Starts an acceptance -> a function that waits for its end -> its output, status; and the process's id.
  local function start(key, settle, fatal)
    local about = sandbox:clickwrap_settings()
    local process, ended = peer.start_lua(SOURCE, {}, about.site_access_id, about.api_token, about.url, folder, key,
      settle, fatal or 0)
    return ended, process
  end

  -- Waits until what fn returns is true.
  local function wait_until(fn, what)
    for _ = 1, 10000 do
      if fn() then return end
      run.sleep(cw, 0.01)
    end
    error(what, 2)
  end

  -- How often somebody has looked for an acceptance.
  local function looks(key)
    local count = 0
    for _, request in ipairs(sandbox:requests()) do
      if request.path:find("/signers/id:" .. key .. "/activity", 1, true) then count = count + 1 end
    end
    return count
  end

  -- Checks what is stored of an acceptance, and what its last process has said.
  local function check(key, output, status)
    assert.are.equal(0, status, output)
    assert.are.equal("2", output:match "^%d+", output)
    local times, contracts = {}, 0
    for _, activity in ipairs(ironclad.must(cw:history(key, { event = "agreed" }))) do
      assert.are.equal(key, activity.custom_data.acceptance_key)
      local contract = tostring(activity.contract)
      if not times[contract] then contracts = contracts + 1 end
      times[contract] = (times[contract] or 0) + 1
      totals.stored = totals.stored + 1
      if times[contract] > 1 then totals.doubled = totals.doubled + 1 end
    end
    totals.kills, totals.accepted, totals.lost = totals.kills + 1, totals.accepted + 1, totals.lost + 2 - contracts
    assert.are.equal(2, contracts, key .. ": a contract is lost")
    for contract, count in pairs(times) do assert.are.equal(1, count, key .. ": contract " .. contract) end
  end

  -- Lets kill_all kill the first process of each key. Those that have sent something which is not stored are the last
  -- ones. Then starts a second process for each. What was sent is stored only when that one has looked for it twice.
  local function kill(mode, keys, kill_all)
    sandbox:clickwrap_settings { sync = mode.sync, store_seconds = mode.sync and 0 or 1 }
    sandbox:clear_requests()
    kill_all()
    local first_sent, ends = #keys - sandbox:clickwrap_settings().waiting + 1, {}
    sandbox:clear_requests()
    -- What was not sent is sent within a second; what was sent, not before the spec has ended.
    for i, key in ipairs(keys) do ends[i] = start(key, i >= first_sent and LONG or 0.5) end
    for i = first_sent, #keys do
      wait_until(function() return looks(keys[i]) >= 2 end, keys[i] .. ": nobody looks for it")
    end
    sandbox:clickwrap_settings { store_seconds = 0 }
    sandbox:advance(1)
    local outputs = {}
    for i in ipairs(keys) do outputs[i] = { ends[i]() } end
    for i, key in ipairs(keys) do check(key, outputs[i][1], outputs[i][2]) end
    assert.are.equal("", (peer.shell("ls -A " .. peer.quoted(folder))))
  end

  local function kill_at_steps(mode, name, from, to)
    local keys = {}
    for at = from, to do keys[#keys + 1] = ("%s-%d"):format(name, at) end
    kill(mode, keys, function()
      local ends = {}
      for i, key in ipairs(keys) do ends[i] = start(key, LONG, from + i - 1) end
      for i, key in ipairs(keys) do
        local output, status = ends[i]()
        assert.is_true(status ~= 0 and not output:find "accepted", key .. ": was to be killed")
      end
      assert.are.equal(mode.sync and 0 or math.max(0, to - math.max(from, SENT) + 1),
        sandbox:clickwrap_settings().waiting)
    end)
  end

  -- Requests of one acceptance: the site, the versions, a look, the sending (twice without /send/sync), a look.
  for name, mode in pairs {
    ["with-send-sync"] = { sync = true, records = 4, last = 5 },
    ["with-send-which-stores-later"] = { sync = false, records = 5, last = 7 },
  } do
    -- The same on every Lua: 5.4 tries everything, the others the request that records.
    local sample = os.getenv "IRONCLAD_SPEC_SAMPLE" and mode.records

    for after = sample or 1, sample or mode.last do
      it(("%s: while request %d is answered"):format(name, after), function()
        local key = ("%s-request-%d"):format(name, after)
        kill(mode, { key }, function()
          local ended, process = start(key, LONG)
          wait_until(function() return #sandbox:requests() >= after end, "it asked too little")
          peer.shell("kill -KILL " .. process)
          ended()
        end)
      end)
    end

    it(name .. ": before and after each step", function()
      if sample then return end
      -- The steps up to the first look after sending, without /send/sync also for good: it sees nothing then.
      local steps = 12
      if mode.sync then
        sandbox:clickwrap_settings { sync = true }
        local output = start(name, LONG)()
        steps = tonumber(output:match "accepted in (%d+)")
        assert.is_true(steps >= 12, output)
      end
      for from = 1, steps, AT_ONCE do kill_at_steps(mode, name, from, math.min(steps, from + AT_ONCE - 1)) end
    end)
  end
end)
