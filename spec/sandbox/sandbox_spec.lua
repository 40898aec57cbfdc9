-- The sandbox as a server: start and stop, tokens, and paths that are not an operation.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local sandbox_module = require "ironclad.sandbox"

local NDA, NOBODY = local_ironclad.NDA, local_ironclad.NOBODY
local must, refused = local_ironclad.must, local_ironclad.refused

local sandbox, client

setup(function() sandbox, client = local_ironclad.start() end)
teardown(function() sandbox:stop() end)

local function connect(options) return local_ironclad.connect(sandbox, options) end
local function raw_request(...) return local_ironclad.raw(sandbox, ...) end

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

describe("starting a sandbox", function()
  local wrong = {
    { { prot = 1 }, "unknown option 'prot' %(did you mean 'port'%?%)" },
    { { token_second = 1 }, "did you mean 'token_seconds'" },
    { { something = 1 }, "unknown option 'something'$" },
    { { "port" }, "names of options are strings" },
    { { port = "8443" }, "'port' must be a number, not a string" },
    { { port = 65536 }, "'port' must be a whole number from 0 to 65535, not 65536" },
    { { port = 0.5 }, "'port' must be a whole number from 0 to 65535, not 0.5" },
    { { token_seconds = 0 }, "'token_seconds' must be a number from" },
    { { tls = "no" }, "'tls' must be a boolean, not a string" },
    { { host = "" }, "'host' is empty" },
    { { code_seconds = 0 }, "'code_seconds' must be a number from" },
    { { redirect_uris = { "https://a b" } }, "'redirect_uris' must be a list of words" },
    { { scopes = { 1 } }, "'scopes' must be a list of words" },
    { { log = "a\0b" }, "'log' is empty or holds a NUL" },
    { { clock = "yesterday" }, "'clock' must be a time like" },
    { { clock = 5 }, "'clock' must be a string" },
    { { seed = -1 }, "'seed' must be a whole number from 0 to 9007199254740991" },
    { { seed = 1.5 }, "'seed' must be a whole number from 0 to 9007199254740991" },
    { { job_seconds = -1 }, "'job_seconds' must be a number from" },
  }
  for _, case in ipairs(wrong) do
    it("throws: " .. case[2], function()
      local ok, message = pcall(function() sandbox_module.start(case[1]) end)
      assert.is_false(ok)
      assert.is_truthy(message:find(case[2]), message)
      assert.is_truthy(message:find "sandbox_spec", "the message names the caller's line")
    end)
  end

  it("returns why it cannot listen", function()
    local none, message = sandbox_module.start { port = sandbox.port }
    assert.is_nil(none)
    assert.is_truthy(message:find("port " .. sandbox.port, 1, true), message)
    none, message = sandbox_module.start { log = "/nonexistent/log" }
    assert.is_nil(none)
    assert.is_truthy(message:find("/nonexistent/log", 1, true), message)
  end)

  it("makes a certificate and removes it", function()
    local other = assert(sandbox_module.start())
    local file = other.ca_file
    assert.are.equal(("https://127.0.0.1:%d"):format(other.port), other.url)
    assert.are.equal(other.url, other.instance)
    local info = peer.shell("stat -c %a " .. peer.quoted(file))
    assert.are.equal("600", (info:gsub("%s", "")))
    assert.are.equal("jane.doe@example.com", must(other:connect().oauth:userinfo()).email)
    local by_name = "https://localhost:" .. other.port
    assert.are.equal("Jane", must(other:connect({ instance = by_name }).oauth:userinfo()).firstName)
    local _, err = other:connect({ ca_file = "/etc/ssl/certs/ca-certificates.crt" }).oauth:userinfo()
    assert.are.equal("tls", err.kind)
    local before = local_ironclad.connect(other)
    other:stop()
    other:stop()
    assert.is_false(exists(file))
    assert.are.equal("network", select(2, before.oauth:userinfo()).kind)
  end)

  it("stops when it is collected, with its Lua state, and with the process", function()
    local other = assert(sandbox_module.start())
    local file, port = other.ca_file, other.port
    other = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.is_false(exists(file))
    local source = ("return assert(require('ironclad.sandbox').start{ port = %d }).ca_file"):format(port)
    assert.is_false(exists(peer.new_state(source)))
    local output, status = peer.lua [[
      print(assert(require("ironclad.sandbox").start()).ca_file)
      os.exit(5)
    ]]
    assert.are.equal(5, status, output)
    assert.is_false(exists((output:gsub("%s+$", ""))))
  end)

  -- In its own process, because valgrind would report the memory of a thread that the child does not have as a leak.
  it("belongs to the parent after a fork", function()
    local output, status = peer.lua [[
      local peer, sandboxes = require "spec.support.peer", require "ironclad.sandbox"
      local sandbox = assert(sandboxes.start())
      local function works(any) return any:connect().oauth:userinfo() ~= nil end
      assert(works(sandbox))
      local status = peer.fork_run(function()
        assert(not pcall(sandbox.requests, sandbox))
        sandbox:stop()
        sandbox = nil
        collectgarbage()
        local own = assert(sandboxes.start())
        assert(works(own))
        own:stop()
        return 7
      end)
      local file = assert(io.open(sandbox.ca_file))
      file:close()
      assert(works(sandbox))
      os.exit(status)
    ]]
    assert.are.equal(7, status, output)
  end)

  it("describes itself, and writes a log", function()
    local folder = peer.temporary_folder()
    local other = assert(sandbox_module.start {
      tls = false, log = folder .. "/log", client_id = "my client", client_secret = "s%+&=é", token_seconds = 60,
    })
    for _, text in ipairs { other.url, "my client", "s%+&=é", "jane.doe@example.com", "Mutual NDA", NDA } do
      assert.is_truthy(other:info():find(text, 1, true), text)
    end
    for _, how in ipairs { "json", "form", "basic" } do
      must(other:connect({ token_auth = how }).oauth:userinfo())
    end
    other:stop()
    local log = peer.read_file(folder .. "/log")
    assert.is_truthy(log:find(" 200 GET /oauth/userinfo oauth-userinfo jane.doe@example.com\n", 1, true), log)
    peer.remove_folder(folder)
  end)

  it("remembers the requests", function()
    must(client.oauth:userinfo())
    sandbox:clear_requests()
    must(client.workflows:list { pageSize = 1 })
    client:request("GET", "/nowhere?a=b", { as_user = false })
    assert.are.same({
      {
        method = "GET", path = "/public/api/v1/workflows?pageSize=1", status = 200, operation = "list-all-workflows",
        as_user = sandbox.as_user,
      },
      { method = "GET", path = "/nowhere?a=b", status = 404 },
    }, sandbox:requests())
    sandbox:clear_requests()
    assert.are.same({}, sandbox:requests())
  end)
end)

describe("tokens", function()
  local grant

  local function ask(changes)
    local body = {
      grant_type = "client_credentials", client_id = sandbox.client_id, client_secret = sandbox.client_secret,
    }
    for name, value in pairs(changes or {}) do body[name] = value or nil end
    return client:request("POST", "/oauth/token", { body = body })
  end

  before_each(function() grant = must(ask()) end)

  it("live six hours, and list their scopes only when some are requested", function()
    assert.are.equal("Bearer", grant.token_type)
    assert.are.equal(21600, grant.expires_in)
    assert.is_nil(grant.scope)
    assert.are.equal("public.records.readRecords", must(ask { scope = "public.records.readRecords" }).scope)
  end)

  local refusals = {
    { { client_secret = "wrong" }, 403, "unauthorized_client" },
    { { client_id = NOBODY }, 403, "unauthorized_client" },
    { { client_id = "no uuid" }, 400, "invalid_request" },
    { { grant_type = "password" }, 400, "unsupported_grant_type" },
    { { grant_type = "" }, 400, "invalid_request" },
    { { client_secret = 5 }, 400, "invalid_request" },
    { { scope = "public.records.readRecords public.nothing" }, 400, "invalid_scope" },
  }
  for i, case in ipairs(refusals) do
    it(("are refused: %s (%d)"):format(case[3], i), function() refused({ case[2], case[3] }, ask(case[1])) end)
  end

  it("are refused for a form without a secret and for an empty body", function()
    local form = { "Content-Type: application/x-www-form-urlencoded" }
    assert.are.equal(400, (raw_request("POST /oauth/token", form, "grant_type=client_credentials&client_id=x")))
    assert.are.equal(400, (raw_request("POST /oauth/token", form)))
    assert.are.equal(400, (raw_request("POST /oauth/token", {}, "[")))
  end)

  it("are refused when unknown, expired or revoked", function()
    local mine = connect { token = grant.access_token }
    must(mine.oauth:userinfo())
    local texts = { { "expire_tokens", "token has expired" }, { "revoke_tokens", "token has been revoked" } }
    for _, case in ipairs(texts) do
      sandbox[case[1]](sandbox)
      local err = refused({ 401, "UNAUTHORIZED" }, mine.oauth:userinfo())
      assert.is_truthy(err.message:find(case[2], 1, true), err.message)
    end
    local unknown = connect { token = "a token nobody gave" }
    local err = refused({ 401, "UNAUTHORIZED" }, unknown:request("GET", "/public/api/v1/no/such"))
    assert.is_truthy(err.message:find("invalid authentication token", 1, true), err.message)
  end)

  it("are renewed by the client", function()
    sandbox:expire_tokens()
    sandbox:clear_requests()
    must(client.oauth:company_info())
    local seen = {}
    for i, request in ipairs(sandbox:requests()) do seen[i] = request.status .. " " .. request.path end
    assert.are.same({ "401 /oauth/company-info", "200 /oauth/token", "200 /oauth/company-info" }, seen)
  end)

  it("have scopes, of which an operation needs all or one", function()
    local function with(...) return connect { scopes = { ... }, default_scope = false } end
    refused({ 403, "FORBIDDEN" }, with("public.records.readRecords").workflows:list())
    must(with("public.records.readRecords").records:list())
    for _, scope in ipairs { "public.records.createComments", "public.workflows.createComments" } do
      must(with(scope).workflows:create_comment("IC-3", { comment = scope }))
    end
    refused({ 403, "FORBIDDEN" }, with("public.search.conversational").search:conversational { query = "x" })
    assert.are.same({ "public.records.readRecords" }, must(with("public.records.readRecords").oauth:userinfo()).scopes)
  end)

  it("act as the user that each request names", function()
    refused({ 400, "MISSING_PARAM", "x-as-user-email" }, client.workflows:list { as_user = false })
    refused({ 400, "INVALID_PARAM", "x-as-user-email" }, client.workflows:list { as_user = "no@example.com" })
    refused({ 400, "INVALID_PARAM", "x-as-user-id" }, client.workflows:list { as_user = "5f0375c4cdc1927a3c5ed1ff" })
    local me = must(client.oauth:userinfo { as_user = "li.wei@example.com" })
    assert.are.equal("Li Wei", me.displayName)
    assert.are.equal(me.email, must(client.oauth:userinfo { as_user = me.id }).email)
  end)
end)

describe("requests for no operation", function()
  it("are 404", function()
    refused({ 404, "NOT_FOUND" }, client:request("GET", "/public/api/v1/nothing"))
    refused({ 404, "NOT_FOUND" }, client:request("DELETE", "/public/api/v1/workflows"))
    refused({ 404, "NOT_FOUND" }, client:request("GET", "/elsewhere"))
  end)

  it("have a request id, too", function()
    local _, err = client:request("GET", "/elsewhere")
    assert.is_truthy(err.request_id:find "^%x+%-%x+%-4%x+%-[89ab]%x+%-%x+$")
  end)

  it("are refused when the body is not a JSON object", function()
    local _, grant = raw_request("POST /oauth/token", {}, ironclad.json.encode {
      grant_type = "client_credentials", client_id = sandbox.client_id, client_secret = sandbox.client_secret,
    })
    local headers = {
      "Authorization: Bearer " .. ironclad.json.decode(grant).access_token, "x-as-user-email: " .. sandbox.as_user,
    }
    local bodies = { "", "[]", "{", "null", '{"comment":', "\255", ("["):rep(10000), '{"a":' .. ("["):rep(600) }
    for _, body in ipairs(bodies) do
      local status, text = raw_request("POST /public/api/v1/workflows/IC-3/comments", headers, body)
      assert.are.equal(400, status)
      assert.is_truthy(text:find "_PARAM", text)
    end
    local multipart = { headers[1], headers[2], "Content-Type: multipart/form-data; boundary=edge" }
    local forms = {
      "", "--edge", "--edge\r\n\r\nx\r\n--edge--\r\n", ("\r\n"):rep(1000),
      '--edge\r\nContent-Disposition: form-data; name="data"\r\n\r\n[]\r\n--edge--\r\n',
      '--edge\r\nContent-Disposition: form-data; name="data"\r\n\r\n{}',
    }
    for _, form in ipairs(forms) do
      assert.are.equal(400, (raw_request("POST /public/api/v1/workflows", multipart, form)))
    end
    multipart[3] = "Content-Type: multipart/form-data"
    assert.are.equal(400, (raw_request("POST /public/api/v1/workflows", multipart, "--edge--")))
    must(client.oauth:userinfo())
  end)

  it("are refused when the body is too large", function()
    local other = assert(sandbox_module.start { tls = false, max_body = 1000 })
    local mine = other:connect { max_retries = 0 }
    local _, err = mine.workflows:create_comment("IC-3", { comment = ("x"):rep(1000) })
    assert.are.equal(413, err.status)
    must(mine.workflows:create_comment("IC-3", { comment = ("x"):rep(900) }))
    other:stop()
  end)
end)


describe("the command ironclad-sandbox", function()
  -- The command's source, with `arg` set.
  local function command(words)
    local quoted = {}
    for i, word in ipairs(words) do quoted[i] = ("%q"):format(word) end
    local source = peer.read_file("src/sandbox/ironclad-sandbox"):gsub("^#![^\n]*\n", "")
    return "arg = {" .. table.concat(quoted, ",") .. "}\n" .. source
  end

  it("prints its help and explains errors", function()
    local output, status = peer.lua(command { "--help" })
    assert.are.equal(0, status)
    local flags = {
      "--port N", "--host H", "--no-tls", "--token-seconds N", "--code-seconds N", "--job-seconds N", "--clock TIME",
      "--seed N", "--redirect-uri URI", "--log FILE", "--help", "  expire_tokens", "  advance: seconds (number)",
      "--fixtures FILE", "--print-fixtures", "--rate-limits", "--latency N", "--max-page-size N", "--max-body N",
      "--import-credits N", "--scope NAME", "--deliver-to WHICH", "--deliver-ca FILE", "  send_event: event (string)",
    }
    for _, flag in ipairs(flags) do
      assert.is_truthy(output:find(flag, 1, true), flag)
    end
    output, status = peer.lua(command { "--print-fixtures" })
    assert.are.equal(0, status)
    assert.are.equal("Larkspur Instruments", ironclad.json.decode(output).company.displayName)
    output, status = peer.lua(command { "--fixtures", "/nonexistent/company.json" })
    assert.are.equal(1, status)
    assert.is_truthy(output:find("cannot read the fixtures /nonexistent/company.json", 1, true), output)
    for _, words in ipairs {
      { "--prot", "1" }, { "--port", "x" }, { "--port" }, { "--port=99999" }, { "--deliver-to", "nobody" },
      { "--port", "0x50" }, { "--latency=inf" }, { "--seed", "1e3" },
    } do
      output, status = peer.lua(command(words))
      assert.are.equal(2, status, output)
      assert.matches("^ironclad%-sandbox: [^:\n]*\n$", output) -- without the position of a script
    end
    output, status = peer.lua(command { "--port", tostring(sandbox.port) })
    assert.are.equal(1, status)
    assert.is_truthy(output:find("port " .. sandbox.port, 1, true), output)
  end)

  for _, signal in ipairs { "INT", "TERM" } do
    it("serves until SIG" .. signal .. ", and prints lines for a shell", function()
      -- The signal arrives before it waits, and stays pending until then.
      local sent = ("require('ironclad.sandbox.core').hold_signals() os.execute('kill -%s $PPID')\n"):format(signal)
      local output, status = peer.lua(sent .. command { "--token-seconds=5" })
      assert.are.equal(0, status, output)
      assert.is_truthy(output:find("users (the first may do everything)", 1, true), output)
      assert.is_truthy(output:find "export IRONCLAD_INSTANCE='https://127%.0%.0%.1:%d+'\n")
      for _, name in ipairs { "CLIENT_ID", "CLIENT_SECRET", "AS_USER" } do
        assert.is_truthy(output:find("export IRONCLAD_" .. name .. "='[^']+'\n"), name)
      end
      assert.is_false(exists(output:match "export IRONCLAD_CA_FILE='([^']+)'"))
      assert.matches("\nunset IRONCLAD_[^\n]* REDIS_URL\n$", output)
    end)
  end
end)
