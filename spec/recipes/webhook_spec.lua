-- recipes/webhook_to_csv.lua runs as it stands: a line for each event that the sandbox delivers, also after a restart.
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local runner = require "ironclad.calls.run"

local must = local_ironclad.must

describe("recipes/webhook_to_csv.lua", function()
  local sandbox, client, folder

  setup(function()
    sandbox, client = local_ironclad.start { clock = "2026-03-01T09:00:00Z" }
    for webhook in client.webhooks:each() do must(client.webhooks:delete(webhook.id)) end
    folder = peer.temporary_folder()
  end)
  teardown(function()
    sandbox:stop()
    peer.remove_folder(folder)
  end)

  local function start(port)
    local program = ([[
      local given = { IRONCLAD_INSTANCE = %q, IRONCLAD_CLIENT_ID = %q, IRONCLAD_CLIENT_SECRET = %q,
        IRONCLAD_AS_USER = %q }
      os.getenv = function(name) return given[name] end
      arg = { [0] = "webhook_to_csv.lua", %q, "%d" }
      dofile "recipes/webhook_to_csv.lua"
    ]]):format(sandbox.url, sandbox.client_id, sandbox.client_secret, sandbox.as_user, folder .. "/events.csv", port)
    local process, ended = peer.start_lua(program, { seconds = 100 })
    return function()
      peer.shell("kill -9 " .. process)
      return ended()
    end
  end

  -- Waits until ready() returns something, and returns it.
  local function await(ready)
    for _ = 1, 3000 do
      local value = ready()
      if value then return value end
      runner.sleep(client, 0.01)
    end
    error "it did not happen"
  end

  local function lines()
    local file = io.open(folder .. "/events.csv")
    local list = {}
    for line in (file and file:read "*a" or ""):gmatch "(.-)\r\n" do list[#list + 1] = line end
    if file then file:close() end
    return list
  end

  it("adds a line for each event, and goes on after it was killed", function()
    local port = peer.free_port()
    local finish = start(port)
    await(function() return client.webhooks:list().list[1] end)
    local workflow = must(local_ironclad.launch(client, { counterpartyName = 'Acme, "Inc."' }))
    -- An event whose process is killed before it has left the inbox is handled again.
    await(function()
      return #lines() == 1 and peer.shell("ls " .. peer.quoted(folder) .. "/events.csv.inbox/new") == ""
    end)
    finish()
    must(workflow:create_comment { comment = "while nobody listens" })
    sandbox:settle_deliveries()
    finish = start(port)
    await(function() return select(2, peer.shell(("curl -s -o /dev/null http://127.0.0.1:%d/"):format(port))) == 0 end)
    await(function()
      sandbox:advance(48) -- until a retry finds it listening
      sandbox:settle_deliveries()
      return #lines() == 2
    end)
    local output = finish()
    assert.matches(": unchanged\n", output)
    assert.matches('Z,workflow_launched,%x+,"Mutual NDA with Acme, ""Inc.""",%x[%x-]+$', lines()[1])
    assert.matches('Z,workflow_comment_added,%x+,', lines()[2])
    assert.are.equal(1, #client.webhooks:list().list)
  end)
end)
