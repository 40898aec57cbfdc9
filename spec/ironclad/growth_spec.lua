-- No kind of call leaves memory, descriptors or threads behind: 1,000 repeats of each leave the process as it was after
-- the first 200. The servers are in a process of their own, because they keep what they have received.
local core = require "ironclad.core"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local resources = require "spec_resources"

-- Allocations are the same on every Lua, and a sanitizer or valgrind keeps what was freed: once is enough.
local measured = _VERSION == "Lua 5.4" and not os.getenv "IRONCLAD_SPEC_SLOW" and (os.getenv "LD_PRELOAD" or "") == ""
local describe_growth = measured and describe or pending

local FIRST, REPEATS = 200, 1000
local ROUNDS = 4 -- one level round is enough: a leak grows in each of them
local MOST = { Lua = 16 * 1024, C = 32 * 1024, descriptors = 2, threads = 0 } -- of growth, in one round

local SERVERS = [[
  local peer = require "spec.support.peer"
  local path = ...
  local BODY = '{"id":"w1","access_token":"SECRET-of-growth","refresh_token":"SECRET-again","expires_in":3600,'
    .. '"page":0,"pageSize":2,"count":2,"list":[{"id":"a","lastUpdated":"2026-01-01T00:00:00Z"},'
    .. '{"id":"b","lastUpdated":"2026-01-01T00:00:01Z"}]}'
  local servers = {
    good = { answers = { peer.json(BODY) }, connections = { { { "read" }, { "answer" }, { "loop" } } } },
    missing = {
      answers = { peer.json('{"code":"NOT_FOUND","message":"There is no such thing","param":"id"}', 404) },
      connections = { { { "read" }, { "answer" }, { "loop" } } },
    },
    redirect = {
      answers = { peer.answer(302, { "Location: /public/api/v1/workflows/w1" }) },
      connections = { { { "read" }, { "answer" }, { "loop" } } },
    },
    silent = { connections = { { { "read" }, { "hang" } } } },
    cut = { connections = { { { "read" }, { "send", "HTTP/1.1 200 OK\r\nContent-Le" } } } },
  }
  local file = assert(io.open(path .. ".new", "w"))
  for name, options in pairs(servers) do
    servers[name] = peer.start(options)
    file:write(name, " ", servers[name]:port(), "\n")
  end
  file:close()
  os.rename(path .. ".new", path)
  while true do pcall(servers.good.await, servers.good, 1e9) end -- it throws after a while; until this is killed
]]

describe_growth("1,000 repeats leave nothing behind:", function()
  local folder, urls, id, ended, clients

  setup(function()
    folder = peer.temporary_folder()
    id, ended = peer.start_lua(SERVERS, { seconds = 600 }, folder .. "/ports")
    urls = {}
    peer.until_succeeds("[ -e " .. folder .. "/ports ]")
    for name, port in peer.read_file(folder .. "/ports"):gmatch "(%l+) (%d+)" do
      urls[name] = "http://127.0.0.1:" .. port
    end
    clients = {}
  end)
  teardown(function()
    peer.shell("kill " .. id)
    ended()
    peer.remove_folder(folder)
  end)

  local function connect(server, options)
    local settings = { instance = urls[server], token = "t", as_user = false, max_retries = 0, rate_limit = false }
    for name, value in pairs(options or {}) do settings[name] = value or nil end
    return ironclad.connect(settings)
  end

  -- A client that is made once for each server.
  local function kept(server)
    clients[server] = clients[server] or connect(server)
    return clients[server]
  end

  local function fails(kind, value, err)
    assert(value == nil and err.kind == kind, tostring(err))
  end

  local number = 0
  local kinds = {
    { "a get", function() assert(kept("good").workflows:get "w1") end },
    { "a list", function() assert(kept("good").workflows:list { status = { "active" } }) end },
    { "a walk", function() for _ in kept("good").workflows:each { pageSize = 2 } do end end }, -- luacheck: ignore 542
    { "a walk that is left", function() kept("good").workflows:each { pageSize = 1 }() end },
    { "a change", function() assert(kept("good").workflows:create_comment("w1", { comment = "seen" })) end },
    { "a deletion", function() assert(kept("good").records:delete "w1") end },
    { "a launch with a file", function()
      assert(kept("good").workflows:launch {
        template = "t", attributes = { draft = { ironclad.file { data = ("x"):rep(2000), filename = "a.pdf" } } },
      })
    end },
    { "an upload from the disk", function()
      assert(kept("good").records:upload_attachment("w1", "exhibit", { attachment = ironclad.file "recipes/nda.docx" }))
    end },
    { "a download", function() assert(kept("good").workflows:download_document("w1", "key")) end },
    { "a download to a file", function()
      assert(kept("good").workflows:download_document("w1", "key", { to = folder .. "/file" }))
    end },
    { "a download to a function", function()
      local function nothing() end
      assert(kept("good").workflows:download_document("w1", "key", { to = nothing, on_progress = nothing }))
    end },
    { "an error of Ironclad's", function() fails("not_found", kept("missing").workflows:get "w1") end },
    { "a redirect that is refused", function() fails("protocol", kept("redirect").workflows:get "w1") end },
    { "a timeout", function() fails("timeout", kept("silent").workflows:get("w1", { timeout = 0.001 })) end },
    { "an answer that is cut", function() fails("network", kept("cut").workflows:get "w1") end },
    { "a refused connection", function()
      clients.refused = clients.refused or ironclad.connect {
        instance = "http://127.0.0.1:" .. peer.refused_port(), token = "t", as_user = false, max_retries = 0,
        rate_limit = false,
      }
      fails("network", clients.refused.workflows:get "w1")
    end },
    { "an argument that is wrong", function() assert(not pcall(kept("good").workflows.get, kept "good", {})) end },
    { "a dry run", function() kept("good").workflows:get("w1", { dry_run = true }) end },
    { "a client with a token of its own", function()
      number = number + 1 -- short enough for the guard of secrets, which remembers longer ones
      assert(connect("good", { token = tostring(number) }).workflows:get "w1")
    end },
    { "a client that fetches a token", function()
      -- The same each time: a token that was fetched is kept for a minute after the last call.
      assert(connect("good", { token = false, client_id = "id", client_secret = "a secret" }).workflows:get "w1")
    end },
    { "a login of a person", function()
      local redirect_uri = "http://localhost/callback"
      local person = connect("good", {
        token = false, client_id = "person", client_secret = "a secret", grant = "authorization_code",
      })
      local _, state = person:authorize_url { redirect_uri = redirect_uri }
      assert(person:exchange(redirect_uri .. "?code=c&state=" .. state, { state = state, redirect_uri = redirect_uri }))
      person:logout()
    end },
    { "a client with hooks", function()
      local hooked = connect("good", { on_request = function() end, on_response = function() end })
      assert(hooked.workflows:get "w1")
    end },
    { "a map", function()
      assert(kept("good"):map({ "a", "b", "c" }, function(name) return kept("good").workflows:get(name) end))
    end },
    { "tasks", function()
      ironclad.spawn(function() assert(kept("good").workflows:get "w1") end)
      ironclad.spawn(function() fails("not_found", kept("missing").workflows:get "w1") end)
      ironclad.run()
    end },
    { "a callback", function()
      kept("good").workflows:get("w1", { callback = function() end })
      ironclad.run()
    end },
    { "a call that is cancelled", function()
      local task = ironclad.spawn(function() fails("cancelled", kept("silent").workflows:get "w1") end)
      task:cancel()
      task:wait()
    end },
    { "a call that is dropped", function()
      assert(not core.start(kept("silent").connection, "GET", {}, "/public/api/v1/workflows"):done())
    end },
    { "JSON, both ways", function()
      local value = assert(ironclad.json.decode '{"list":[1,2.5,"x\\u0000",null,{}],"big":18446744073709551616}')
      assert(ironclad.json.encode(value))
      assert(not ironclad.json.decode "[1,2")
    end },
    { "filters and values", function()
      local filter = ironclad.filter
      local formula = filter.And(filter.Equals("a", 'x"y'), filter.LessThan("b", ironclad.date(2030, 1, 1)))
      kept("good").records:list({ filter = formula }, { dry_run = true })
      assert(ironclad.json.encode { ironclad.money("USD", 1), ironclad.duration { years = 1 } })
    end },
    { "changes", function()
      local state = { load = function() end, save = function() return true end }
      local changes = kept("good").records:changes { state = state }
      assert(changes().id == "a" and changes().id == "b")
      changes:close()
    end },
    { "a forged event", function()
      local receiver = kept("good").webhooks:receiver { on = { ["*"] = error } }
      assert(receiver:handle({ ["X-Ironclad-Webhook-Event-Id"] = "e" }, '{"payload":{}}') ~= 200)
    end },
    { "an odd answer of Clickwrap", function()
      local client = ironclad.clickwrap { activity_host = urls.good, rest_host = urls.good, site_access_id = "S",
        api_token = "t", max_retries = 0, rate_limit = false }
      fails("protocol", client:accepted("a@b.example", "terms"))
    end },
    { "the SHA-256 of a file", function() assert(ironclad.sha256(ironclad.file "recipes/nda.docx")) end },
    { "a sandbox", function()
      require("ironclad.sandbox").start({ port = 0, tls = false }):stop()
    end, repeats = 40 },
  }

  local function count(list)
    local found = 0
    for _ in pairs(list) do found = found + 1 end
    return found
  end

  local function collect()
    collectgarbage()
    collectgarbage() -- what a finalizer has let go
  end

  local function level()
    collect()
    assert(kept("good").workflows:get "w1") -- the engine has now done what it was told before
    collect()
    return {
      Lua = collectgarbage "count" * 1024, C = resources.memory(), -- with what Lua has
      descriptors = count(resources.descriptors()), threads = count(resources.threads()),
    }
  end

  -- What has grown too much in a round, or nil.
  local function growth(work, repeats)
    local before = level()
    for _ = 1, repeats do work() end
    local after, problems = level(), {}
    for name, most in pairs(MOST) do
      local grown = after[name] - before[name]
      if grown > most then problems[#problems + 1] = ("%s: %d more"):format(name, grown) end
    end
    return problems[1] and table.concat(problems, ", ")
  end

  for _, kind in ipairs(kinds) do
    it(kind[1], function()
      local repeats = kind.repeats or REPEATS
      for _ = 1, math.min(FIRST, repeats) do kind[2]() end
      local problem
      for _ = 1, ROUNDS do
        problem = growth(kind[2], repeats)
        if not problem then break end
      end
      assert.is_nil(problem)
    end)
  end
end)
