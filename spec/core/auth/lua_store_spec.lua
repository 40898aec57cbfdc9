-- Tokens in a store written in Lua.
local core = require "ironclad.core"
local ironclad = require "ironclad"
local grant = require "spec.support.grant"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"
local task = require "ironclad.loop.task"
local token_store = require "ironclad.connections.store"

local GOOD = scene.GOOD

local folder

setup(function() folder = peer.temporary_folder() end)
teardown(function() peer.remove_folder(folder) end)
after_each(scene.stop)

describe("a store written in Lua", function()
  local function keeper(kept)
    local log = {}
    local custom = {
      load = function(key)
        log[#log + 1] = "load"
        return kept[key]
      end,
      save = function(key, token)
        log[#log + 1] = "save"
        if kept.fault then error(kept.fault) end
        kept[key] = token
      end,
      lock = function() log[#log + 1] = "lock" end,
      unlock = function() log[#log + 1] = "unlock" end,
    }
    return custom, log
  end

  it("is asked before and told after, under its lock", function()
    local kept = {}
    local custom, log = keeper(kept)
    local server = scene.answering { grant.pair("access-1", "refresh-1"), GOOD }
    local client = grant.connect(server, { refresh_token = "refresh-0", store = custom, name = "mine" })
    scene.assert_good(client.workflows:get "w1")
    assert.equal("lock load save unlock", table.concat(log, " "))
    local key, token = next(kept)
    assert.matches("mine", key)
    assert.is_nil(key:find(grant.SECRET, 1, true))
    assert.equal("access-1", token.access_token)
    assert.equal("refresh-1", token.refresh_token)
    assert.is_true(token.expires_at > os.time())
  end)

  it("may have the token already", function()
    local kept = setmetatable({}, { __index = function()
      return { access_token = "access-7", refresh_token = "refresh-7", expires_at = os.time() + 3600 }
    end })
    local custom = keeper(kept)
    local server = scene.answering { GOOD }
    scene.assert_good(grant.connect(server, { store = custom }).workflows:get "w1")
    assert.same({ "Bearer access-7" }, grant.bearers(server))
  end)

  it("may have a token that is refused, or of a time that has passed by some clock", function()
    for _, expires_at in ipairs { os.time() + 1e9, os.time() - 1e9, 0 } do
      local kept = {}
      local custom = keeper(kept)
      custom.load = function() return kept.mine or { access_token = "access-7", refresh_token = "refresh-7",
        expires_at = expires_at } end
      local refused = expires_at >= os.time() or expires_at == 0
      local first = refused and grant.EXPIRED or grant.pair("access-8", "refresh-8")
      local server = scene.answering { first, grant.pair("access-8", "refresh-8"), GOOD }
      if first ~= grant.EXPIRED then server = scene.answering { first, GOOD } end
      scene.assert_good(grant.connect(server, { store = custom }).workflows:get "w1")
      assert.equal("refresh-7", grant.received(server)[1].refresh_token)
      assert.equal(1, #grant.received(server))
    end
  end)

  it("that cannot save stops the calls, not the token: it is saved the next time", function()
    local kept = { fault = "the vault is sealed" }
    local custom = keeper(kept)
    local server = scene.answering { grant.pair("access-1", "refresh-1"), GOOD }
    local client = grant.connect(server, { refresh_token = "refresh-0", store = custom })
    local _, err = client.workflows:get "w1"
    assert.equal("store", err.kind)
    assert.matches("failed to save.*the vault is sealed", err.message)
    assert.equal(0, #grant.bearers(server))
    kept.fault = nil
    scene.assert_good(client.workflows:get "w1")
    assert.equal(1, #grant.received(server))
    local _, token = next(kept)
    assert.equal("refresh-1", token.refresh_token)
  end)

  local failures = {
    { "an error", function() error "broken" end, "broken" },
    { "nil and a message", function() return nil, "no such key" end, "no such key" },
    { "a text", function() return "token" end, "" },
    { "a function", function() return print end, "" },
  }
  for _, case in ipairs(failures) do
    it("that answers a load with " .. case[1] .. " fails the call", function()
      local server = scene.answering { GOOD }
      local store = { load = case[2], save = function() end }
      local _, err = grant.connect(server, { refresh_token = "refresh-0", store = store })
        .workflows:get "w1"
      assert.equal("store", err.kind)
      assert.matches(case[3], err.message)
      assert.equal(0, #server:requests())
    end)
  end

  it("that yields is an error, not a call that waits for ever", function()
    if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then return end -- it cannot yield there at all
    local server = scene.answering { GOOD }
    local client = grant.connect(server, { refresh_token = "refresh-0", store = {
      load = function() coroutine.yield "mine" end, save = function() end,
    } })
    local own = coroutine.wrap(function() return client.workflows:get "w1" end)
    local value, err = own()
    assert.is_nil(value)
    assert.equal("store", err.kind)
    assert.matches("it yielded", err.message)
  end)

  it("that calls its own client is an error, not a call that waits for itself", function()
    local server = scene.answering { GOOD }
    local client
    client = grant.connect(server, { refresh_token = "refresh-0", store = {
      load = function() return client.workflows:get "w1" end, save = function() end,
    } })
    local _, err = client.workflows:get "w1"
    assert.equal("store", err.kind)
    assert.matches("a token store must not call the client whose token it keeps", err.message)
  end)

  it("may fail with what cannot be printed", function()
    local server = scene.answering { GOOD }
    local odd = setmetatable({}, { __tostring = function() error "boo" end })
    local client = grant.connect(server, { refresh_token = "refresh-0", store = {
      load = function() error(odd) end, save = function() end,
    } })
    local _, err = client.workflows:get "w1"
    assert.matches("cannot be printed", err.message)
  end)

  it("may make calls itself", function()
    local other = scene.answering { peer.json '{"id":"vault"}' }
    local vault = ironclad.connect { instance = peer.url(other), token = "t" }
    local server = scene.answering { grant.pair("access-1", "refresh-1"), GOOD }
    local custom = keeper {}
    custom.lock = function() assert(vault.workflows:get("x").id == "vault") end
    scene.assert_good(grant.connect(server, { refresh_token = "refresh-0", store = custom }).workflows:get "w1")
  end)

  -- Calls `first` with the first question to a store, instead of answering it.
  local function with_first_question(first)
    local serve = task.serve
    finally(function() task.serve = serve end)
    function task.serve()
      local question = task.question()
      if not question then return end
      task.serve = serve
      first(question)
    end
  end

  it("fails when it must be asked within some time and is not", function()
    local late
    with_first_question(function(question)
      late = question
      question:expect(0, "nobody asks it")
    end)
    local custom, log = keeper {}
    local server = scene.answering { grant.pair("access-1", "refresh-1"), GOOD }
    local client = grant.connect(server, { refresh_token = "refresh-0", store = custom })
    local _, err = client.workflows:get "w1"
    assert.equal("the token store cannot lock: nobody asks it", err.message)
    assert.equal("store not_done", err.kind .. " " .. err.outcome)
    assert.equal("unlock", table.concat(log, " "))
    assert.is_false(late:begin())
    late:answer {}
    scene.assert_good(client.workflows:get "w1")
    assert.equal("unlock lock load save unlock", table.concat(log, " "))
  end)

  it("has all the time that it needs once it is asked", function()
    local other = ironclad.connect { instance = "https://127.0.0.1:1", token = "t" }
    with_first_question(function(question)
      question:expect(0.001, "nobody asks it")
      assert(question:begin())
      local pause = core.internal(other.connection, "pause", 0.01) -- the engine's timer has ended by then
      repeat core.wait(pause) until pause:done()
      question:answer {}
    end)
    local server = scene.answering { grant.pair("access-1", "refresh-1"), GOOD }
    scene.assert_good(grant.connect(server, { refresh_token = "refresh-0", store = keeper {} }).workflows:get "w1")
  end)

  it("is named when a deadline passes before it is asked", function()
    with_first_question(function(question) question:expect(600, "nobody asks it") end)
    local server = scene.answering { GOOD }
    local client = grant.connect(server, { refresh_token = "refresh-0", store = keeper {}, deadline = 0.01 })
    local _, err = client.workflows:get "w1"
    assert.equal("timeout not_done", err.kind .. " " .. err.outcome)
    assert.equal("the deadline passed (option deadline): the token store cannot lock: nobody asks it", err.message)
  end)

  it("is named when a deadline passes before it answers", function()
    local asked
    with_first_question(function(question)
      asked = question
      assert(question:begin())
    end)
    local server = scene.answering { grant.pair("access-1", "refresh-1"), GOOD }
    local client = grant.connect(server, { refresh_token = "refresh-0", store = keeper {}, deadline = 0.01 })
    local _, err = client.workflows:get "w1"
    assert.equal("the deadline passed (option deadline): the token store has not answered to lock yet", err.message)
    asked:answer {}
    scene.assert_good(client.workflows:get("w1", { deadline = 60 }))
  end)

  it("needs load and save", function()
    local server = scene.answering { GOOD }
    local fine, message = pcall(grant.connect, server, { store = { load = print } })
    assert.is_false(fine)
    assert.matches("store: expected functions load and save, has no save", message)
    fine, message = pcall(grant.connect, server, { store = 5 })
    assert.is_false(fine)
    assert.matches("store: expected", message)
  end)
end)

describe("a store in a file", function()
  it("is named when a deadline passes while it is locked", function()
    local server = scene.serve { connections = { { { "read" }, { "hang" } } } }
    local function connect(name)
      return grant.connect(server, { refresh_token = "refresh-0", store = folder .. "/locked", name = name })
    end
    local first = connect "first"
    first.workflows:get("w1", { deadline = false, callback = function() end })
    server:await(1) -- its refresh has been sent
    local _, err = connect "second".workflows:get("w1", { deadline = 0.01 })
    assert.matches("^the deadline passed %(option deadline%): the token store .*/locked is locked$", err.message)
  end)
end)

describe("a store written in Lua whose client is gone", function()
  local function collect()
    for _ = 1, 3 do collectgarbage() end
  end

  it("is gone, too", function()
    local server = scene.answering { grant.pair("access-1", "refresh-1"), GOOD }
    local stores = setmetatable({}, { __mode = "k" })
    local function use(i)
      local store = { load = function() end, save = function() end }
      stores[store] = true
      local client = grant.connect(server, { refresh_token = "refresh-0", store = store, name = "gone" .. i })
      if i == 1 then scene.assert_good(client.workflows:get "w1") end
    end
    for i = 1, 20 do use(i) end
    collect()
    assert.is_nil(next(stores))
  end)

  it("is told what its refresh has brought, and unlocked", function()
    scene.with_limit(function(seconds)
      local server = scene.serve { answers = { grant.pair("access-1", "refresh-1") },
        connections = { { { "read" }, { "gate" }, { "answer" }, { "loop" } } } }
      local said = {}
      local function use()
        local function note(text) said[#said + 1] = text end
        local store = { load = function() note "load" end, save = function(_, token) note(token.refresh_token) end,
          lock = function() note "lock" end, unlock = function() note "unlock" end }
        local _, err = grant.connect(server, { refresh_token = "refresh-0", store = store, deadline = seconds })
          .workflows:get "w1"
        assert.equal("timeout", err.kind)
      end
      use()
      if #server:requests() == 0 then return false end -- the deadline has passed before the refresh was sent
      collect()
      server:release()
      while core.unsaved() do
        core.wait()
        token_store.serve_all()
      end
      assert.equal("lock load refresh-1 unlock", table.concat(said, " "))
      return true
    end)
  end)
end)

describe("a refresh for a store written in Lua", function()
  it("is kept when the script ends before it", function()
    local file = folder .. "/kept-by-lua"
    scene.with_limit(function(seconds)
      -- The end of the answer takes twice as long as the deadline.
      local answer = grant.pair("access-1", "refresh-1")
      local server = scene.serve { connections = { { { "read" }, { "send", answer:sub(1, -11) },
        { "drip", answer:sub(-10), math.ceil(seconds * 200) }, { "loop" } } } }
      local output, status = peer.lua([[
        local url, secret, file, seconds = ...
        local client = require("ironclad").connect {
          instance = url, client_id = "id", client_secret = secret, refresh_token = "refresh-0",
          deadline = tonumber(seconds),
          store = {
            load = function() end,
            save = function(_, token)
              local out = io.open(file, "w")
              out:write(token.refresh_token)
              out:close()
            end,
          },
        }
        local _, err = client.workflows:get "w1"
        print(err.kind)
      ]], {}, peer.url(server), grant.SECRET, file, seconds)
      assert.equal(0, status, output)
      assert.equal("timeout\n", output)
      if #server:requests() == 0 then return false end -- the deadline has passed before the refresh was sent
      assert.equal("refresh-1", peer.read_file(file))
      return true
    end)
  end)
end)
