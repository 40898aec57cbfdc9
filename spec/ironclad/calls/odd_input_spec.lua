-- Input that a careless client would send as something else than what was meant. It is encoded, or refused before
-- anything is sent, with a message that names the place.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

after_each(scene.stop)

local function assert_throws(text, fn)
  local fine, message = pcall(fn)
  assert.is_false(fine)
  assert.is_truthy(tostring(message):find(text, 1, true), message)
end

describe("an id", function()
  -- The input as a path segment; false when it is refused.
  for _, row in ipairs {
    { "a/b", "a%2Fb" },
    { "../records", "..%2Frecords" },
    { "a?b=c", "a%3Fb%3Dc" },
    { "a%2Fb", "a%252Fb" },
    { "a%", "a%25" },
    { "a b+c", "a%20b%2Bc" },
    { "a#b", "a%23b" },
    { "a\\b;c&d", "a%5Cb%3Bc%26d" },
    { "\195\169", "%C3%A9" },
    { "...", "..." },
    { "..", false },
    { ".", false },
    { "", false },
    { "a\rb", false },
    { "a\nHost: evil", false },
    { "a\0b", false },
    { "a\127b", false },
    { nil, false },
    { true, false },
    { {}, false },
  } do
    local id, segment = row[1], row[2]
    it(("%q stays one"):format(tostring(id)):gsub("\\\n", "\\n"), function()
      local server = scene.answering { scene.GOOD }
      local client = scene.connect(server)
      if segment then
        scene.assert_good(client.workflows:get(id))
        assert.are.same({ "GET /public/api/v1/workflows/" .. segment }, scene.targets(server))
      else
        assert_throws("id", function() client.workflows:get(id) end)
        assert.are.equal(0, server:connections())
      end
    end)
  end
end)

describe("refused in a call's options:", function()
  for _, row in ipairs {
    { "a header's value with CR and LF", "X-A", { headers = { ["X-A"] = "a\r\nX-B: b" } } },
    { "a header's value with LF", "X-A", { headers = { ["X-A"] = "a\nX-B: b" } } },
    { "a header's value with NUL", "X-A", { headers = { ["X-A"] = "a\0b" } } },
    { "a header's name with LF", "headers", { headers = { ["X-A: a\nX-B"] = "b" } } },
    { "a header's name with a colon", "headers", { headers = { ["X-A:"] = "b" } } },
    { "an empty header's name", "headers", { headers = { [""] = "b" } } },
    { "a header that the module sets", "headers.Authorization", { headers = { Authorization = "Bearer x" } } },
    { "an actor with CR and LF", "as_user", { as_user = "jane\r\nX-B: b" } },
    { "an actor of blanks", "as_user: must not be empty", { as_user = " \t" } },
    { "one header in two spellings", "are the same header", { headers = { ["X-A"] = "a", ["x-a"] = "b" } } },
    { "an unknown option", "max_retries", { max_retrys = 1 } },
    { "an unknown query parameter", "hydrat", { query = { hydrat = true } } },
    { "a timeout that is no number", "timeout", { timeout = "soon" } },
  } do
    it(row[1], function()
      local server = scene.answering { scene.GOOD }
      local client = scene.connect(server)
      local body = { template = "t", attributes = {} }
      assert_throws(row[2], function() client.workflows:get("w1", {}, row[3]) end)
      assert_throws(row[2], function() client.workflows:launch(body, row[3]) end)
      assert.are.equal(0, server:connections())
    end)
  end
end)

describe("refused in a connection:", function()
  for _, row in ipairs {
    { "a token with CR and LF", "token", { token = "a\r\nX: y" } },
    { "a token with NUL", "token", { token = "a\0b" } },
    { "an actor with LF", "as_user", { as_user = "jane\nX: y" } },
    { "an actor of blanks", "as_user: must not be empty", { as_user = "  " } },
    { "a user agent with CR and LF", "user_agent", { user_agent = "a\r\nX: y" } },
    { "an instance with a user", "instance", { instance = "https://user:pass@127.0.0.1" } },
    { "an instance with LF", "instance", { instance = "127.0.0.1\nX" } },
    { "plain http elsewhere", "allow_http", { instance = "http://ironclad.example" } },
    { "an unknown option", "max_retries", { max_retry = 1 } },
    { "authorities from a device", "not a regular file", { ca_file = "/dev/null" } },
    { "authorities that cannot be read", "ca_file", { ca_file = "/nowhere/at/all.pem" } },
  } do
    it(row[1], function()
      local server = scene.answering { scene.GOOD }
      assert_throws(row[2], function() scene.connect(server, row[3]) end)
      assert.are.equal(0, server:connections())
    end)
  end
end)

describe("a secret", function()
  local function percent_decoded(text)
    return (text:gsub("%+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
  end

  -- What the server reads, for each way of sending.
  for _, row in ipairs {
    { "json", function(request) return ironclad.json.decode(request.body).client_secret end },
    { "form", function(request) return percent_decoded(("&" .. request.body):match "&client_secret=([^&]*)") end },
    { "basic", function(request)
      local code = request.headers.authorization:match "^Basic (.+)$"
      return (peer.shell("printf %s " .. peer.quoted(code) .. " | base64 -d", true):match "^[^:]*:(.*)$")
    end },
  } do
    local how, read = row[1], row[2]
    it("of odd bytes arrives unchanged as " .. how, function()
      for _, secret in ipairs { "p%41&=+ ;\"\\/?#'<\195\169]", "::a:b", " blanks ", "%00", ("x"):rep(5000) } do
        local server = scene.answering { peer.json '{"access_token":"t","expires_in":600}', scene.GOOD }
        local client = scene.connect_by_secret(server, { client_secret = secret, token_auth = how })
        scene.assert_good(client.workflows:get "w1")
        assert.are.equal(secret, read(server:requests()[1]))
        assert.is_nil(tostring(client):find(secret, 1, true))
      end
    end)
  end

  it("that could not be sent is refused, and not shown", function()
    for _, secret in ipairs { "", "a secret\r\nb", "a secret\0b", "a secret\255", 5, false, {} } do
      local fine, message = pcall(ironclad.connect, {
        instance = "na1", client_id = "id", client_secret = secret, as_user = false,
      })
      assert.is_false(fine)
      assert.is_truthy(message:find("client_secret", 1, true), message)
      assert.is_nil(message:find("a secret", 1, true))
    end
  end)
end)
