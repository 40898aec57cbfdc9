-- Controls that change the sandbox's behaviour: rate limits, latency, injected faults, capped pages.
local http = require "spec.support.http"
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local plain_socket = require "plain_socket"
local sandbox_module = require "ironclad.sandbox"

local must, refused = local_ironclad.must, local_ironclad.refused

local sandbox, client

setup(function() sandbox, client = local_ironclad.start { clock = "2026-03-01T09:00:00Z" } end)
teardown(function() sandbox:stop() end)

local function connect(options) return local_ironclad.connect(sandbox, options) end

-- Status and headers of one request.
local function head(line, headers)
  local _, grant = local_ironclad.raw(sandbox, "POST /oauth/token", {}, ironclad.json.encode {
    grant_type = "client_credentials", client_id = sandbox.client_id, client_secret = sandbox.client_secret,
  })
  local all = {
    "Authorization: Bearer " .. ironclad.json.decode(grant).access_token, "x-as-user-email: " .. sandbox.as_user,
  }
  for _, header in ipairs(headers or {}) do all[#all + 1] = header end
  local status, body, answer = local_ironclad.raw(sandbox, line, all)
  local found = {}
  for name, value in (answer or ""):gmatch "\r\n([%w-]+): ([^\r\n]*)" do found[name:lower()] = value end
  return status, found, body
end

describe("rate limits", function()
  after_each(function() sandbox:rate_limits(false) end)

  it("are off by default", function()
    local _, headers = head "GET /public/api/v1/workflows"
    assert.is_nil(headers["x-ratelimit-limit"])
    assert.are.same({ limits = {} }, sandbox:rate_limits())
  end)

  it("are Ironclad's published ones with true", function()
    local limits = sandbox:rate_limits(true).limits
    assert.are.same({ 4500, 400, 40, 600 },
      { limits.company, limits["workflows:read"], limits["workflows:write"], limits["records:read"] })
    local _, headers = head "GET /public/api/v1/workflows"
    assert.are.same({ "400", "399", "60" },
      { headers["x-ratelimit-limit"], headers["x-ratelimit-remaining"], headers["x-ratelimit-reset"] })
  end)

  it("count a bucket's requests for a minute each", function()
    sandbox:rate_limits { limits = { ["workflows:read"] = 2 } }
    must(client.workflows:list())
    sandbox:advance(20)
    must(client.workflows:get "IC-2")
    local err = refused({ 429, "TOO_MANY_REQUESTS" }, client.workflows:list())
    assert.are.equal(40, err.retry_after)
    must(client.records:list())
    must(client.oauth:userinfo())
    local status, headers = head "GET /public/api/v1/workflows"
    assert.are.same({ 429, "40", "2", "0", "40" }, { status, headers["retry-after"], headers["x-ratelimit-limit"],
      headers["x-ratelimit-remaining"], headers["x-ratelimit-reset"] })
    sandbox:advance(39.5)
    assert.are.equal(1, refused({ 429, "TOO_MANY_REQUESTS" }, client.workflows:list()).retry_after)
    sandbox:advance(0.5)
    must(client.workflows:list())
    refused({ 429, "TOO_MANY_REQUESTS" }, client.workflows:list())
  end)

  it("count all of a company's requests together", function()
    sandbox:rate_limits { limits = { company = 3 } }
    must(client.workflows:list())
    must(client.records:list())
    must(client.records:list())
    refused({ 429, "TOO_MANY_REQUESTS" }, client.webhooks:list())
    sandbox:advance(60)
    must(client.webhooks:list())
  end)

  it("are respected by a client that knows them", function()
    sandbox:rate_limits { limits = { ["records:read"] = 5 } }
    local seen = 0
    local patient = connect { rate_limit = true, max_retries = 0, deadline = 20 }
    for _ = 1, 5 do
      must(patient.records:list())
      seen = seen + 1
    end
    local _, err = patient.records:list()
    assert.are.equal("rate_limited", err.kind)
    assert.is_nil(err.status, "it did not ask")
    assert.are.equal(5, seen)
  end)

  local wrong = {
    { { limits = 5 }, "must be true, false or an object" },
    { { limits = { ["records:reed"] = 5 } }, "there is no bucket 'records:reed'; did you mean 'records:read'?" },
    { { limits = { ["records:read"] = 0 } }, "from 1 to" },
    { { limits = { ["records:read"] = "5" } }, "from 1 to" },
  }
  for _, case in ipairs(wrong) do
    it("refuse: " .. case[2], function()
      local ok, message = pcall(sandbox.rate_limits, sandbox, case[1])
      assert.is_false(ok)
      assert.is_truthy(message:find(case[2], 1, true), message)
      assert.are.same({}, sandbox:rate_limits().limits)
    end)
  end
end)

describe("injected faults", function()
  after_each(function() sandbox:clear_faults() end)

  local ways = {
    { { status = 500 }, 500, "SERVER_ERROR" },
    { { status = 429, retry_after = 7 }, 429, "TOO_MANY_REQUESTS", retry_after = 7 },
    { { status = 503, retry_after = 2, message = "down for repairs" }, 503, "SERVER_ERROR", retry_after = 2 },
    { { status = 401, times = 2 }, 401, "UNAUTHORIZED" }, -- the client renews its token once
    { { status = 403 }, 403, "FORBIDDEN" },
    { { how = "html" }, 502, nil },
    { { how = "html", status = 504 }, 504, nil },
  }
  for i, way in ipairs(ways) do
    it(("say %d (%d)"):format(way[2], i), function()
      sandbox:fail(way[1])
      local _, err = client.workflows:list()
      assert.are.same({ way[2], way[3], way.retry_after }, { err.status, err.code, err.retry_after })
      if way[1].message then assert.is_truthy(err.message:find(way[1].message, 1, true)) end
      must(client.workflows:list())
    end)
  end

  it("truncate, close, garble, empty or delay answers", function()
    sandbox:fail "close"
    assert.are.equal("network", select(2, client.workflows:list()).kind)
    sandbox:fail "cut"
    assert.are.equal("network", select(2, client.workflows:list()).kind)
    sandbox:fail "malformed"
    assert.are.equal("protocol", select(2, client.workflows:list()).kind)
    sandbox:fail "empty"
    assert.are.equal("protocol", select(2, client.workflows:list()).kind)
    sandbox:fail { how = "delay", seconds = 0.3 }
    local _, _, response = client.workflows:list()
    assert.is_true(response.seconds >= 0.3)
    must(client.workflows:list())
  end)

  it("have been done, or not", function()
    local function comments() return must(client.workflows:list_comments "IC-3").count end
    local before = comments()
    for _, case in ipairs { { { how = "close" }, 0 }, { { how = "close", done = true }, 1 }, { { how = "cut" }, 1 },
      { { status = 500, done = true }, 1 }, { { status = 500 }, 0 } } do
      case[1].operation = "create-a-comment-on-a-workflow"
      sandbox:fail(case[1])
      local _, err = client.workflows:create_comment("IC-3", { comment = "once" })
      assert.is_table(err)
      before = before + case[2]
      assert.are.equal(before, comments())
    end
  end)

  it("are chosen by operation, method, path and turn", function()
    sandbox:fail { operation = "records:list", times = 2 }
    sandbox:fail { method = "GET", path = "/public/api/v1/workflows/IC-3", after = 1, status = 503 }
    assert.are.same({
      { how = "status", times = 2, operation = "list-all-records" },
      { how = "status", times = 1, method = "GET", path = "/public/api/v1/workflows/IC-3" },
    }, sandbox:faults().list)
    must(client.workflows:list())
    must(client.workflows:get "IC-3")
    assert.are.equal(503, select(2, client.workflows:get "IC-3").status)
    must(client.workflows:get "IC-3")
    assert.are.equal(500, select(2, client.records:list()).status)
    assert.are.equal(500, select(2, client.records:list()).status)
    must(client.records:list())
    assert.are.same({}, sandbox:faults().list)
  end)

  it("leave the token endpoint alone unless it is named", function()
    sandbox:fail { status = 500, times = 2 }
    local fresh = connect { scopes = { "public.records.readRecords" } }
    assert.are.equal(500, select(2, fresh.records:list()).status)
    sandbox:clear_faults()
    sandbox:fail { operation = "oauth-token" }
    local _, err = connect({ scopes = { "public.records.readSchemas" } }).records:get_schema()
    assert.are.equal(500, err.status)
  end)

  it("do not stop a client that retries", function()
    sandbox:clear_requests()
    sandbox:fail { how = "close", times = 2 }
    must(connect({ max_retries = 3 }).records:list())
    local seen = {}
    for i, request in ipairs(sandbox:requests()) do seen[i] = request.status end
    assert.are.equal(200, seen[#seen])
  end)

  local wrong = {
    { { how = "badly" }, "'how' must be one of" },
    { { status = 200 }, "'status' must be from 400 to 599" },
    { { times = 0 }, "'times' must be from 1" },
    { { operation = "list-all" }, "there is no operation 'list-all'" },
    { { operation = "list-all-record" }, "did you mean 'list-all-records'?" },
    { { operation = "workflow:list" }, "or as in Lua, workflows:list" },
    { { operation = "workflows:lists" }, "or as in Lua, workflows:list" },
    { { method = "get" }, "there is no method 'get'" },
    { { seconds = -1 }, "'seconds' must be from 0" },
  }
  for _, case in ipairs(wrong) do
    it("refuse: " .. case[2], function()
      local ok, message = pcall(sandbox.fail, sandbox, case[1])
      assert.is_false(ok)
      assert.is_truthy(message:find(case[2], 1, true), message)
    end)
  end
end)

describe("latency", function()
  -- A request in progress on a connection of its own.
  local function ask(server)
    local socket = assert(plain_socket.connect(server.port))
    socket:send(http.request("GET", "/nowhere"))
    return socket
  end

  it("delays each answer and no other request", function()
    local slow = assert(sandbox_module.start { tls = false, latency = 2, rate_limits = true, max_page_size = 3 })
    assert.are.same({ seconds = 2 }, slow:latency())
    local begin, sockets = os.time(), {}
    for i = 1, 16 do sockets[i] = ask(slow) end
    for _, socket in ipairs(sockets) do
      assert.are.equal(404, http.parse((socket:receive())).status)
      socket:close()
    end
    assert.is_true(os.time() - begin < 30, "sixteen answers wait at once, not in turn")
    slow:stop()
  end)

  it("ends with the sandbox", function()
    local slow = assert(sandbox_module.start { tls = false, latency = 3600 })
    local socket = ask(slow)
    for _ = 1, 10000 do
      if #slow:requests() == 1 then break end
      local_ironclad.raw(slow, "GET /_sandbox/latency") -- lets the server go on
    end
    assert.are.equal(1, #slow:requests())
    slow:stop()
    socket:receive()
    socket:close()
  end)
end)

describe("pages", function()
  it("are capped", function()
    assert.are.same({ size = 2 }, sandbox:max_page_size(2))
    local page = must(client.records:list { pageSize = 50 })
    assert.are.same({ 2, 2, true }, { page.pageSize, #page.list, page.count > 2 })
    local seen = 0
    for _ in client.records:each { pageSize = 50 } do seen = seen + 1 end
    assert.are.equal(page.count, seen)
    sandbox:max_page_size(0)
    assert.are.equal(50, must(client.records:list { pageSize = 50 }).pageSize)
  end)

  it("are capped from the start by an option", function()
    local other, mine = local_ironclad.start { max_page_size = 1 }
    assert.are.equal(1, #must(mine.records:list()).list)
    other:stop()
    local ok, message = pcall(sandbox_module.start, { max_page_size = -1 })
    assert.is_false(ok)
    assert.is_truthy(message:find("'size' must be from 0", 1, true), message)
  end)
end)
