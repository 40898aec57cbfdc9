-- Machines whose clocks are an hour off share tokens, limits and events with the others. They are processes whose wall
-- clock is moved (spec/support/spec_clock.c).
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local redis_server = require "spec.support.redis"
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
  local server, sandbox, folder
  setup(function()
    server = redis_server.start()
    folder = peer.temporary_folder()
  end)
  teardown(function()
    peer.remove_folder(folder)
    server:stop()
  end)
  before_each(function()
    server:command "flushall"
    sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = false })
  end)
  after_each(function() sandbox:stop() end)

  local function connect()
    return ironclad.connect { instance = sandbox.instance, client_id = sandbox.client_id,
      client_secret = sandbox.client_secret, as_user = "jane.doe@example.com", shared = server.address,
      max_retries = 0 }
  end

  -- What a script prints on a machine whose clock is so many seconds ahead.
  local function elsewhere(ahead, script)
    peer.write_file(folder .. "/script.lua", ([[
      package.path, package.cpath = %q, %q
      local ironclad = require "ironclad"
      assert(math.abs(os.time() - %d) < 60)
      local client = ironclad.connect { instance = %q, client_id = %q, client_secret = %q,
        as_user = "jane.doe@example.com", shared = %q, max_retries = 0 }
      %s]]):format(package.path, package.cpath, os.time() + ahead, sandbox.instance, sandbox.client_id,
      sandbox.client_secret, server.address, script))
    local output, status = peer.shell(("SPEC_CLOCK_AHEAD=%d LD_PRELOAD=${LD_PRELOAD:+$LD_PRELOAD:}%s %s %s/script.lua")
      :format(ahead, CLOCK, peer.interpreter(), folder))
    assert.equal(0, status, output)
    return (output:gsub("\n$", ""))
  end

  local EXPIRES = "print(ironclad.must(client:check()).expires_in)"

  local function tokens()
    local count = 0
    for _, request in ipairs(sandbox:requests()) do
      if request.path == "/oauth/token" then count = count + 1 end
    end
    return count
  end

  for name, ahead in pairs { ["ahead"] = HOUR, ["behind"] = -HOUR } do
    it(name .. " uses the token of the others for as long as it is good, and they use its token", function()
      local mine = ironclad.must(connect():check()).expires_in
      local theirs = tonumber(elsewhere(ahead, EXPIRES))
      assert.truthy(math.abs(mine - theirs) < 60, theirs)
      assert.equal(1, tokens())
      server:command "flushall"
      theirs = tonumber(elsewhere(ahead, EXPIRES))
      mine = tonumber(elsewhere(0, EXPIRES))
      assert.truthy(math.abs(mine - theirs) < 60 and mine > 60, mine)
      assert.equal(2, tokens())
    end)

    it(name .. " keeps the limits together with the others", function()
      sandbox:rate_limits { limits = { ["workflows:read"] = 12 } }
      local CALLS = [[
        local count, err = 0, nil
        for _ = 1, 7 do
          _, err = client.workflows:list({}, { deadline = 3 })
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
