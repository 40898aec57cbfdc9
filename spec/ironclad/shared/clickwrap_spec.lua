-- Clickwrap's limits, for a token and for a site, shared through Redis. The machines are processes here.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local process = require "spec_process"
local shared_company = require "spec.support.shared_company"

describe("Clickwrap's limits shared through Redis", function()
  local server, sandbox, about
  setup(function()
    server, sandbox = shared_company.start()
    about = sandbox:clickwrap_settings()
  end)
  teardown(shared_company.stop)
  before_each(function() server:command "flushall" end)

  local function connect(more)
    local options = { shared = server.address, max_retries = 0, activity_host = about.url, rest_host = about.url,
      site_access_id = about.site_access_id, api_token = about.api_token }
    for name, value in pairs(more or {}) do options[name] = value end
    return ironclad.clickwrap(options)
  end

  -- The keys of a bucket's log.
  local function logs(bucket)
    local list = {}
    for key in server:command(("keys '*permits:%s'"):format(bucket)):gmatch "[^\n]+" do list[#list + 1] = key end
    return list
  end

  -- Others took so many permits of the bucket, five seconds ago.
  local function take(bucket, permits)
    local keys = logs(bucket)
    assert.equal(1, #keys)
    local time = tonumber(server:command "time":match "%d+") - 5
    server:command(("hset '%s' %.0f %d"):format(keys[1], time * 1000, permits))
  end

  local function elsewhere(fn) assert.equal(0, process.fork_run(fn)) end

  it("are for a token: the REST API", function()
    ironclad.must(connect().groups:list())
    take("clickwrap:rest", 1999)
    elsewhere(function()
      local _, err = connect().groups:list({}, { deadline = 20 })
      assert(err and err.kind == "rate_limited" and err.retry_after > 30, tostring(err))
      _, err = connect { api_token = "SECRET-another-token" }.groups:list({}, { deadline = 20 })
      assert(err.kind == "auth", tostring(err))
    end)
  end)

  it("are for a site, whatever the token: the Activity API", function()
    local cw = connect()
    ironclad.must(cw:call("acceptance:get_published", { query = { gkey = "terms" } }))
    take("clickwrap:activity", 9999)
    elsewhere(function()
      local other = connect { api_token = "SECRET-another-token" }
      local _, err = other:call("acceptance:get_published", { query = { gkey = "terms" } }, { deadline = 20 })
      assert(err and err.kind == "rate_limited" and err.retry_after > 200, tostring(err))
    end)
  end)

  it("stop all machines after a 429 that one has seen", function()
    sandbox:clickwrap_settings { limits = { ["clickwrap:rest"] = 2 } }
    local cw = connect { rate_limit = false }
    for _ = 1, 2 do cw.groups:list() end
    local _, err = connect().groups:list({}, { deadline = 20 })
    assert.equal("rate_limited", err.kind)
    peer.eventually(function() return server:command "keys '*closed:*'" ~= "" end)
    local before = #sandbox:requests()
    elsewhere(function()
      local _, other = connect().groups:list({}, { deadline = 20 })
      assert(other and other.kind == "rate_limited", tostring(other))
    end)
    assert.equal(before, #sandbox:requests())
    sandbox:clickwrap_settings { limits = { ["clickwrap:rest"] = 0 } }
  end)
end)

describe("What machines share for Clickwrap", function()
  it("is a site's, whatever the token", function()
    local redis = require "ironclad.shared.redis"
    local function prefix(options)
      options.environment, options.shared = "demo", "redis://127.0.0.1:1"
      return redis.prefix(ironclad.clickwrap(options))
    end
    local one = prefix { site_access_id = "one", api_token = "t" }
    assert.matches("^ironclad:{%x+}:$", one)
    assert.equal(one, prefix { site_access_id = "one" })
    assert.equal(one, prefix { site_access_id = "one", api_token = "SECRET-new" })
    assert.not_equal(one, prefix { site_access_id = "two", api_token = "t" })
    assert.not_equal(prefix { api_token = "t" }, prefix { api_token = "SECRET-other" })
  end)
end)
