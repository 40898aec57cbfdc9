-- Machines whose clocks are an hour off share tokens, limits and events with the others. They are processes whose wall
-- clock is moved (spec/support/spec_clock.c).
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local shared_company = require "spec.support.shared_company"
local shared_inbox = require "ironclad.shared.inbox"

local HOUR = 3600

local CLOCK -- the library
for entry in package.cpath:gmatch "[^;]+" do
  local file = io.open((entry:gsub("%?", "spec_clock")))
  if file then
    CLOCK = entry:gsub("%?", "spec_clock")
    file:close()
    break
  end
end

describe("A machine whose clock is an hour", function()
  local server, sandbox
  before_each(function() server, sandbox = shared_company.start() end)
  after_each(shared_company.stop)

  local function connect() return shared_company.connect { max_retries = 0 } end

  -- What a script prints on a machine whose clock is so many seconds ahead.
  local function elsewhere(ahead, script)
    local path = shared_company.write_machine({ max_retries = 0 },
      ("assert(math.abs(os.time() - %d) < 60)\n%s"):format(os.time() + ahead, script))
    local output, status = peer.shell(("SPEC_CLOCK_AHEAD=%d LD_PRELOAD=${LD_PRELOAD:+$LD_PRELOAD:}%s %s %s"):format(
      ahead, CLOCK, peer.interpreter(), path))
    assert.equal(0, status, output)
    return (output:gsub("\n$", ""))
  end

  local EXPIRES = "print(ironclad.must(client:check()).expires_in)"

  for name, ahead in pairs { ["ahead"] = HOUR, ["behind"] = -HOUR } do
    it(name .. " uses the token of the others for as long as it is good, and they use its token", function()
      local mine = ironclad.must(connect():check()).expires_in
      local theirs = tonumber(elsewhere(ahead, EXPIRES))
      assert.truthy(math.abs(mine - theirs) < 60, theirs)
      assert.same({ 1, 0 }, { local_ironclad.token_requests(sandbox) })
      server:command "flushall"
      theirs = tonumber(elsewhere(ahead, EXPIRES))
      mine = tonumber(elsewhere(0, EXPIRES))
      assert.truthy(math.abs(mine - theirs) < 60 and mine > 60, mine)
      assert.same({ 2, 0 }, { local_ironclad.token_requests(sandbox) })
    end)

    it(name .. " keeps the limits together with the others", function()
      sandbox:rate_limits { limits = { ["workflows:read"] = 12 } }
      local CALLS = [[
        local count, err = 0, nil
        for _ = 1, 7 do
          _, err = client.workflows:list({}, { deadline = 20 })
          if not err then count = count + 1 end
        end
        print(count, err and err.kind)]]
      assert.equal("7\tnil", elsewhere(0, CALLS))
      assert.equal("5\trate_limited", elsewhere(ahead, CALLS))
    end)

    it(name .. " takes events when they are due, and only then", function()
      local box = shared_inbox.open(connect(), { pause = 1000 })
      for n = 1, 3 do box:put("id" .. n, '{"payload":{"event":"workflow_completed"}}') end
      assert.equal("retry", box:fail(box:take(), "later"))
      assert.equal("id2", box:take().id) -- in hand here
      assert.equal("id3 true nil true", elsewhere(ahead, [[
        local box = require("ironclad.shared.inbox").open(client, {})
        local item = box:take()
        local done = box:done(item)
        local other, soon = box:take()
        print(table.concat({ item.id, tostring(done), tostring(other), tostring(soon > 0 and soon <= 300) }, " "))]]))
    end)
  end
end)
