-- A process that is killed anywhere in cw:accept: the next one finds what it has sent. Nothing is lost, and nothing is
-- stored twice.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local run = require "ironclad.calls.run"

local SOURCE = [[
  local site, token, url, folder, key = ...
  local ironclad = require "ironclad"
  local cw = ironclad.clickwrap { site_access_id = site, api_token = token, activity_host = url, rest_host = url }
  local evidence = ironclad.must(cw:accept { signer = "jane", group = "terms", key = key, journal = folder,
    settle = 1, deadline = 60 })
  print(#evidence.activities)
]]

describe("accept that is killed", function()
  local sandbox, cw, folder
  setup(function()
    sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = false })
    cw = sandbox:clickwrap()
  end)
  teardown(function() sandbox:stop() end)
  before_each(function() folder = peer.temporary_folder() end)
  after_each(function() peer.remove_folder(folder) end)

  local function arguments(key)
    local about = sandbox:clickwrap_settings()
    return about.site_access_id, about.api_token, about.url, folder, key
  end

  local function stored(key)
    local contracts = {}
    for _, activity in ipairs(ironclad.must(cw:history("jane", { event = "agreed" }))) do
      if activity.custom_data.acceptance_key == key then
        local contract = tostring(activity.contract)
        contracts[contract] = (contracts[contract] or 0) + 1
      end
    end
    return contracts
  end

  -- Requests of one acceptance: the site, the versions, a look, the sending (twice without /send/sync), a look.
  for name, mode in pairs {
    ["with /send/sync"] = { sync = true, store_seconds = 0, records = 4, last = 5 },
    ["with /send, which stores later"] = { sync = false, store_seconds = 0.3, records = 5, last = 7 },
  } do
    -- The same on every Lua: 5.4 tries every request, the others the one that records.
    local sample = os.getenv "IRONCLAD_SPEC_SAMPLE" and mode.records
    for after = sample or 1, sample or mode.last do
      it(("%s: after request %d"):format(name, after), function()
        sandbox:clickwrap_settings { sync = mode.sync, store_seconds = mode.store_seconds }
        local key = ("%s %d"):format(name, after)
        local before = #sandbox:requests()
        local process, ended = peer.start_lua(SOURCE, {}, arguments(key))
        local patience = 5000
        while #sandbox:requests() - before < after and patience > 0 do
          patience = patience - 1
          run.sleep(cw, 0.002)
        end
        assert.is_true(patience > 0, "it asked too little")
        peer.shell("kill -KILL " .. process)
        ended()
        local output, status = peer.lua(SOURCE, {}, arguments(key))
        assert.are.equal(0, status, output)
        assert.are.equal("2", output:match "%d+")
        for contract, count in pairs(stored(key)) do assert.are.equal(1, count, contract) end
        assert.are.equal("", (peer.shell("ls -A " .. folder)))
      end)
    end
  end
end)
