-- Tokens in the shared Redis: one refresh at a time over all machines, which are processes here.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local process = require "spec_process"
local shared_company = require "spec.support.shared_company"

local log_in, token_requests = local_ironclad.log_in, local_ironclad.token_requests
local KEY = ("5a"):rep(32)

local function describe_each(name, start, more)
  describe(name, function()
    local server, sandbox
    -- Clients of earlier tests may still save their tokens in the Redis that they know.
    before_each(function() server, sandbox = shared_company.start(start) end)
    after_each(shared_company.stop)
    more(function() return server, sandbox end)
  end)
end

-- What a process needs to connect.
local function options_of(more)
  local options = { rate_limit = false }
  for name, value in pairs(more or {}) do options[name] = value end
  return shared_company.options(options)
end

local function keys(server)
  local list = {}
  for key in server:command("keys '*'"):gmatch "[^\n]+" do
    list[#list + 1] = key:gsub("{%x+}", "{}"):gsub("%x+$", "N")
  end
  table.sort(list)
  return list
end

describe_each("tokens in the shared Redis", {}, function(of)
  it("of client credentials serve all machines", function()
    local server, sandbox = of()
    local before = token_requests(sandbox)
    for _ = 1, 3 do
      assert.equal(0, process.fork_run(function()
        ironclad.must(ironclad.connect(options_of({ as_user = "jane.doe@example.com" })):check())
      end))
    end
    assert.equal(before + 1, (token_requests(sandbox)))
    assert.same({ "ironclad:{}:fence:N", "ironclad:{}:token:N" }, keys(server))
  end)

  it("of a person are refreshed by one machine, and the others take what it saved", function()
    local _, sandbox = of()
    local options = options_of({ grant = "authorization_code" })
    local client = ironclad.connect(options)
    log_in(sandbox, client)
    local good, refused = token_requests(sandbox)
    for round = 1, 5 do
      sandbox:expire_tokens()
      for _ = 1, 3 do
        assert.equal(0, process.fork_run(function() ironclad.must(ironclad.connect(options):check()) end))
      end
      assert.same({ good + round, refused }, { token_requests(sandbox) })
    end
    ironclad.must(client:check())
  end)

  it("are forgotten by logout, for all machines", function()
    local server, sandbox = of()
    local options = options_of({ grant = "authorization_code" })
    local client = ironclad.connect(options)
    log_in(sandbox, client)
    ironclad.must(client:check())
    ironclad.must(client:logout())
    local value, err = ironclad.connect(options):check()
    assert.is_nil(value)
    assert.equal("auth", err.kind)
    local name = server:command "keys '*:token:*'"
    assert.equal("", server:command(("hget '%s' data"):format(name)))
  end)

  it("are encrypted with shared_key, and not read without it", function()
    local server, sandbox = of()
    local options = options_of({ grant = "authorization_code", shared_key = KEY })
    log_in(sandbox, ironclad.connect(options))
    local stored = server:command "eval \"return redis.call('hget', redis.call('keys', '*:token:*')[1], 'data')\" 0"
    assert.matches("^ic1:", stored)
    assert.falsy(stored:find("access_token", 1, true))
    ironclad.must(ironclad.connect(options):check())
    for key, text in pairs { [("5b"):rep(32)] = "another shared_key", [false] = "give its shared_key" } do
      options.shared_key = key or nil
      local value, err = ironclad.connect(options):check()
      assert.is_nil(value)
      assert.equal("store", err.kind)
      assert.truthy(tostring(err):find(text, 1, true), tostring(err))
    end
  end)

  it("of another shared_key are replaced: a service fetches one, a person logs in again", function()
    local server, sandbox = of()
    local function service(key) return ironclad.connect(options_of { shared_key = key }) end
    local other = ("6b"):rep(32)
    ironclad.must(service(KEY):check())
    ironclad.must(service(other):check())
    assert.equal(2, (token_requests(sandbox)))
    ironclad.must(service(other):check())
    assert.equal(2, (token_requests(sandbox)))
    local _, err = service(nil):check() -- it must not put the next one there in the clear
    assert.equal("store", err.kind)
    assert.truthy(tostring(err):find("is encrypted; give its shared_key", 1, true), tostring(err))
    server:command(("hset '%s' data '{\"access_token\": 7}'"):format(server:command "keys '*:token:*'"))
    ironclad.must(service(other):check())
    assert.equal(3, (token_requests(sandbox)))
    log_in(sandbox, ironclad.connect(options_of { grant = "authorization_code", shared_key = KEY }))
    local person = ironclad.connect(options_of { grant = "authorization_code", shared_key = other })
    _, err = person:check()
    assert.truthy(tostring(err):find("another shared_key, or is damaged; log in again", 1, true), tostring(err))
    log_in(sandbox, person)
    ironclad.must(ironclad.connect(options_of { grant = "authorization_code", shared_key = other }):check())
  end)

  it("damaged or of another type stop no other key, and are named", function()
    local server, sandbox = of()
    local options = options_of({ grant = "authorization_code" })
    local client = ironclad.connect(options)
    log_in(sandbox, client)
    local name = server:command "keys '*:token:*'"
    server:command(("hset '%s' data '{\"access_token\": 7}'"):format(name))
    sandbox:expire_tokens()
    local value, err = ironclad.connect(options):check()
    assert.is_nil(value)
    assert.truthy(tostring(err):find("cannot read the token in the shared Redis", 1, true), tostring(err))
    server:command(("del '%s'"):format(name))
    server:command(("set '%s' foreign"):format(name))
    value, err = ironclad.connect(options):check()
    assert.is_nil(value)
    assert.truthy(tostring(err):find("WRONGTYPE", 1, true), tostring(err))
    -- A lock of another type is ours to remove.
    server:command(("del '%s'"):format(name))
    server:command(("del '%s'"):format(name))
    server:command(("rpush '%s' x"):format((name:gsub(":token:", ":lock:"))))
    log_in(sandbox, client)
    ironclad.must(ironclad.connect(options):check())
  end)

  it("of a person survive when Redis's clock is set back", function()
    local server, sandbox = of()
    local function connect(host) -- each has its own memory of the token
      return ironclad.connect(options_of { grant = "authorization_code", no_proxy = host })
    end
    local one, other = connect "one.example", connect "other.example"
    log_in(sandbox, one)
    local name = server:command "keys '*:token:*'"
    server:command(("hset '%s' time %d000"):format(name, server:command "time":match "%d+" + 3600))
    ironclad.must(other:check())
    sandbox:expire_tokens()
    for _ = 1, 2 do
      ironclad.must(one:check())
      ironclad.must(other:check())
      sandbox:expire_tokens()
    end
  end)

  it("survive a FLUSHALL in a process that has them and does not use them", function()
    local server, sandbox = of()
    local options = options_of({ grant = "authorization_code" })
    local client = ironclad.connect(options)
    log_in(sandbox, client)
    server:command "flushall"
    peer.eventually(function() return server:command "keys '*:token:*'" ~= "" end)
    assert.equal(0, process.fork_run(function() ironclad.must(ironclad.connect(options):check()) end))
    assert.is_truthy(client)
  end)

  it("survive a FLUSHALL in the process that has them", function()
    local server, sandbox = of()
    local options = options_of({ grant = "authorization_code" })
    local client = ironclad.connect(options)
    log_in(sandbox, client)
    server:command "flushall"
    ironclad.must(client:check())
    sandbox:expire_tokens()
    local value, err = client:check()
    assert.truthy(value, tostring(err))
    ironclad.must(ironclad.connect(options):check())
  end)
end)

describe_each("while Redis is away,", { persistent = true }, function(of)
  it("client credentials get a token of their own, and a person's token is not refreshed", function()
    local server, sandbox = of()
    local company = ironclad.connect(options_of({ as_user = "jane.doe@example.com" }))
    local person = ironclad.connect(options_of({ grant = "authorization_code", deadline = 30 }))
    log_in(sandbox, person)
    server:kill()
    ironclad.must(company:check())
    ironclad.must(person:check()) -- a token that is still good needs no Redis
    local good = token_requests(sandbox)
    sandbox:expire_tokens()
    ironclad.must(company:check())
    local value, err = person:check()
    assert.is_nil(value)
    assert.equal("store", err.kind)
    assert.equal("not_done", err.outcome)
    assert.equal(good + 1, (token_requests(sandbox)))
    server:run()
    ironclad.must(person:check())
  end)
end)
