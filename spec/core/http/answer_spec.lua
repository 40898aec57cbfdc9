-- What a call returns: values, errors, responses.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local play = scene.player()

setup(play.setup)
teardown(play.teardown)

describe("answers", function()
  it("are values, and a response with status and headers", function()
    play.serve(peer.json('{"list":[],"count":12345678901234567890,"gone":null}', 200,
      { "X-Ironclad-RequestId: abc", "X-Two: a", "X-Two: b" }))
    local value, err, response = play.client.workflows:list()
    assert.is_nil(err)
    assert.equal(ironclad.null, value.gone)
    assert.equal("12345678901234567890", value.count)
    assert.equal("[]", ironclad.json.encode(value.list))
    assert.equal(200, response.status)
    assert.equal("abc", response.request_id)
    assert.equal("a, b", response.headers["x-two"])
    assert.equal(1, response.attempts)
    assert.equal("1.1", response.http_version)
    assert.is_true(response.seconds > 0)
  end)

  local values = {
    { "an empty 2xx is true", peer.answer(204), function() return play.client.records:delete "id" end, true },
    { "a bare true is itself", peer.json "true", function() return play.client.workflows:update_approval("id", "r",
      { status = "approved" }) end, true },
    { "a bare null is itself", peer.json "null", function() return play.client:request("GET", "/x") end,
      ironclad.null },
    { "a text is a string", peer.answer(200, { "Content-Type: application/x-pem-file" }, "-----BEGIN"),
      function() return play.client.webhooks:get_verification_key() end, "-----BEGIN" },
    { "bytes are a string", peer.answer(200, {}, "a\0b\255"),
      function() return play.client.workflows:download_document("id", "k") end, "a\0b\255" },
    { "an empty download is an empty string", peer.answer(200, {}, ""),
      function() return play.client.workflows:download_document("id", "k") end, "" },
    { "a raw request gives JSON as a value", peer.json "[1]", function() return (play.client:request("GET",
      "/x"))[1] end,
      1 },
    { "a raw request gives the rest as a string", peer.answer(200, { "Content-Type: text/plain" }, "[1]"),
      function() return play.client:request("GET", "/x") end, "[1]" },
  }
  for _, case in ipairs(values) do
    it(case[1], function()
      play.serve(case[2])
      local value, err = case[3]()
      assert.is_nil(err)
      assert.equal(case[4], value)
    end)
  end

  -- With a good status, but not the answer that was promised.
  local html = { "Content-Type: text/html" }
  local page, gone = "<!doctype html><title>Log in</title>", '{"code":"NOT_FOUND","message":"gone"}'
  local function get() return play.client.workflows:get "id" end
  local function delete() return play.client.records:delete "id" end
  local function launch() return scene.launch(play.client) end
  local function get_key() return play.client.webhooks:get_verification_key() end
  local function download() return play.client.workflows:download_document("id", "k") end
  local function with_coding(coding)
    return ("HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\nContent-Length: 400\r\n\r\n%%PDF"):format(coding)
  end
  local refused = {
    { "a page in the place of no body", peer.answer(200, html, page), delete, "protocol", "HTML page", "unknown" },
    { "a page without a type in the place of no body", peer.answer(200, {}, page), delete, "protocol", "HTML page",
      "unknown" },
    { "a page in the place of a key", peer.answer(200, html, page), get_key, "protocol", "HTML page", "not_done" },
    { "JSON in the place of a key", peer.json "{}", get_key, "protocol", "not a key", "not_done" },
    { "a part of a key", peer.answer(206, {}, "-----BEGIN"), get_key, "protocol", "a part", "not_done" },
    { "a part of JSON", peer.json("{}", 206), get, "protocol", "a part", "not_done" },
    { "an error in the place of no body", peer.json(gone), delete, "not_found", "gone", "unknown" },
    { "a text as an error in the place of no body", peer.json '{"error":"locked"}', delete, "protocol", "locked",
      "unknown" },
    { "an error in the place of a workflow", peer.json(gone), get, "not_found", "gone", "not_done" },
    { "an error to a launch", peer.json('{"code":"FORBIDDEN","message":"no","param":"x"}'), launch, "permission", "no",
      "unknown" },
    { "an error with commas and brackets in its values",
      peer.json '{"param":[1,{"a":2,"b":3},4,5],"message":"]a, \\"b\\", }c, d\\\\","code":"NOT_FOUND"}', get,
      "not_found", "]a", "not_done" },
    -- libcurl 8 notices it itself.
    { "less than the length beside a coding that is none", with_coding "identity", download, "network or protocol",
      "bytes", "not_done" },
  }
  for _, case in ipairs(refused) do
    it(case[1] .. " is an error, whatever its status", function()
      local server = scene.serve { connections = { { { "read" }, { "send", case[2] }, { "close" } } } }
      play.client = scene.connect(server)
      local err = scene.assert_error(case[4], case[3]())
      assert.matches(case[5], err.message)
      assert.equal(case[6], err.outcome)
    end)
  end

  it("may be a page without a body, and JSON that is like an error", function()
    play.serve(peer.answer(200, html, ""), peer.json '{"code":"a","message":"b","id":"w1","title":"c"}',
      peer.json '{"status":"failed","error":{"code":"a","message":"b"}}')
    assert.is_true(delete())
    assert.equal("w1", get().id)
    assert.equal("failed", play.client.workflows:get_launch_status("job").status)
  end)

  it("may be a part that a raw request asks for", function()
    play.serve(peer.answer(206, { "Content-Range: bytes 0-4/400" }, "%PDF-"))
    assert.equal("%PDF-", (play.client:request("GET", "/x", { headers = { Range = "bytes=0-4" } })))
  end)

  local errors = {
    { 400, '{"code":"INVALID_PARAM","message":"bad page","param":"page"}', "invalid_request", "INVALID_PARAM",
      "bad page %(param page%)" },
    { 400, '{"code":"NOT_FOUND","message":"no workflow"}', "not_found", "NOT_FOUND", "no workflow" },
    { 400, '{"code":"INVALID_STATE"}', "invalid_state", "INVALID_STATE", "INVALID_STATE" },
    { 422, '{"code":"INVALID_STATE","message":"completed"}', "invalid_state", "INVALID_STATE", "completed" },
    { 401, '{"code":"UNAUTHORIZED","message":"token has been revoked"}', "auth", "UNAUTHORIZED", "revoked" },
    { 403, '{"code":"FORBIDDEN","message":"access forbidden"}', "permission", "FORBIDDEN",
      "needs the scope public.workflows.readWorkflows" },
    { 404, "", "not_found", nil, "answered 404" },
    { 404, "<html>\r\n  <h1>Not here</h1>\n</html>", "not_found", nil,
      "answered 404: <html> <h1>Not here</h1> </html>$" },
    { 400, '{"errors":[{"path":"a.b","is":"missing"}]}', "invalid_request", nil,
      'answered 400: {"errors":%[{"path":"a.b","is":"missing"}%]}$' },
    { 400, '{"code":"INVALID_PARAM","fields":["a"]}', "invalid_request", "INVALID_PARAM",
      'answered 400 INVALID_PARAM: {"code":"INVALID_PARAM","fields":%["a"%]}$' },
    { 404, '{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"404","detail":"no such user"}',
      "not_found", nil, "no such user" },
    { 400, '{"schema":["x"],"scimType":"invalidFilter","detail":"bad filter"}', "invalid_request", "invalidFilter",
      "bad filter" },
    { 409, '{"code":"CONFLICT","message":"there is one"}', "conflict", "CONFLICT", "there is one" },
    { 400, '"just text"', "invalid_request", nil, "just text" },
    { 400, '{"error":"the export is not done"}', "invalid_request", nil, "the export is not done" },
    { 400, '{"error":{"message":"inner","code":"E1"}}', "invalid_request", "E1", "inner" },
    { 400, "{}", "invalid_request", nil, "answered 400" },
    { 400, "[1,2]", "invalid_request", nil, "answered 400" },
    { 413, "{}", "too_large", nil, "answered 413" },
    { 429, '{"code":"TOO_MANY_REQUESTS"}', "rate_limited", "TOO_MANY_REQUESTS", "TOO_MANY_REQUESTS" },
    { 500, '{"code":"SERVER_ERROR","message":"oops"}', "server", "SERVER_ERROR", "oops" },
    { 503, "", "server", nil, "answered 503" },
  }
  for _, case in ipairs(errors) do
    it(("a %d with %s is %s"):format(case[1], case[2]:gsub("%c+", " "), case[3]), function()
      play.serve(peer.json(case[2], case[1], { "x-ironclad-requestid: r-1" }))
      local value, err, response = play.client.workflows:list()
      assert.is_nil(value)
      assert.equal(case[3], err.kind)
      assert.equal(case[1], err.status)
      assert.equal(case[4], err.code)
      assert.matches(case[5], err.message)
      assert.equal("r-1", err.request_id)
      assert.equal("workflows:list", err.operation)
      assert.equal("not_done", err.outcome)
      assert.matches("^workflows:list: ", tostring(err))
      assert.matches("^failed: workflows:list: ", "failed: " .. err)
      assert.equal(case[1], response.status)
      local fine, text = pcall(ironclad.must, value, err)
      assert.is_false(fine)
      assert.matches("workflows:list: ", text)
    end)
  end

  -- None of these is about the scopes of the token.
  for _, body in ipairs {
    '{"code":"FORBIDDEN","message":"No more AI Contract Credits available"}',
    '{"code":"FORBIDDEN","param":"user","message":"user is not a participant on the workflow"}',
    '{"code":"X","message":"this request was blocked"}', "<html>Blocked by the firewall</html>", "",
  } do
    it("give no advice about scopes after a 403 with " .. body, function()
      play.serve(peer.json(body, 403))
      local _, err = play.client.workflows:list()
      assert.equal("permission", err.kind)
      assert.is_nil(err.message:find("scope", 1, true))
    end)
  end

  it("keep the beginning of a body of unknown shape only", function()
    play.serve(peer.answer(500, { "Content-Type: text/plain" }, ("ü"):rep(100000)))
    local _, err = play.client.workflows:list()
    assert.equal("Ironclad answered 500: " .. ("ü"):rep(100) .. "…", err.message)
  end)

  it("escape what would break a line or steer a terminal", function()
    local raw = "a\\r\\nb\\u001b[31mc\\u0085d\\u009be\\u007ff\\u2028g\\u202eh"
    local escaped = "a\\r\\nb\\x1B[31mc\\u0085d\\u009Be\\x7Ff\\u2028g\\u202Eh"
    play.serve(peer.json(('{"code":"%s","message":"%s","param":"%s"}'):format(raw, raw, raw), 400,
      { "x-ironclad-requestid: r\27[2J\155\194\155" }))
    local _, err, response = play.client.workflows:list()
    assert.equal(("Ironclad answered 400 %s: %s (param %s)"):format(escaped, escaped, escaped), err.message)
    assert.equal(escaped, err.code)
    assert.equal(escaped, err.param)
    assert.equal("r\\x1B[2J\\x9B\\u009B", err.request_id)
    assert.equal(err.request_id, response.request_id)
    assert.is_nil(tostring(err):find("[%c\127]"))
  end)

  it("escape a body of unknown shape, and a type", function()
    play.serve(peer.answer(502, { "Content-Type: text/plain" }, "no\0\27]0;title\7\255"),
      peer.answer(200, { "Content-Type: text/\27[1m" }, "x"))
    local _, err = play.client.workflows:list()
    assert.equal("Ironclad answered 502: no\\x00\\x1B]0;title\\x07\\xFF", err.message)
    _, err = play.client.workflows:list()
    assert.is_nil(err.message:find("%c"))
    assert.matches("text/\\x1B[1m", err.message, 1, true)
  end)

  it("name both scopes where either may be missing", function()
    play.serve(peer.json('{"code":"FORBIDDEN"}', 403))
    local _, err = play.client.workflows:create_comment("id", { comment = "x" })
    assert.matches("needs the scope public.records.createComments or public.workflows.createComments", err.message, 1,
      true)
  end)

  it("never show the bearer, even when the service does", function()
    play.serve(peer.json('{"code":"X","message":"you sent ' .. scene.TOKEN .. '"}', 400))
    local _, err = play.client.workflows:list()
    assert.matches("you sent %*%*%*", err.message)
    assert.is_nil(tostring(err):find(scene.TOKEN, 1, true))
  end)

  it("never show a secret, however the service spells it", function()
    -- base64 of "id:a secret", and of JSON that holds the secret.
    local echo = "Basic aWQ6YSBzZWNyZXQ= eyJjbGllbnRfc2VjcmV0IjoiYSBzZWNyZXQifQ== a\\u0020secret a%20secret a+secret"
    play.serve(peer.json(('{"error":"invalid_client","error_description":"got %s"}'):format(echo), 401))
    local _, err = scene.connect_by_secret(play.server, { token_auth = "basic", max_retries = 0 }).workflows:list()
    assert.equal("auth", err.kind)
    assert.matches("got Basic *** *** *** *** ***", err.message, 1, true)
    play.serve(peer.answer(502, { "Content-Type: text/plain" }, ("x"):rep(190) .. scene.TOKEN))
    _, err = play.client.workflows:list()
    assert.matches("x%*%*%*$", err.message)
  end)

  it("never show a secret in a response", function()
    play.serve(peer.json('{"id":"w1"}', 200, { "X-Echo: Bearer " .. scene.TOKEN, "X-Ironclad-RequestId: "
      .. scene.TOKEN }))
    local value, _, response = play.client.workflows:get "w1"
    assert.equal("w1", value.id)
    assert.equal("Bearer ***", response.headers["x-echo"])
    assert.equal("***", response.headers["x-ironclad-requestid"])
    assert.equal("***", response.request_id)
  end)

  -- A promised body that does not come. The outcome is unknown where the change has probably happened.
  for _, case in ipairs {
    { "a read, with 200", peer.json "", function() return play.client.workflows:get "id" end },
    { "a read, with 204", peer.answer(204), function() return play.client.workflows:get "id" end },
    { "a list, with 200", peer.answer(200), function() return play.client.records:list() end },
    { "a launch, with 201", peer.json("", 201), function() return scene.launch(play.client) end, "unknown" },
    { "a launch, with 204", peer.answer(204), function() return scene.launch(play.client) end, "unknown" },
    { "an upload, with 200", peer.json "",
      function()
        return play.client.records:upload_attachment("id", "key", { attachment = ironclad.file { data = "x" } })
      end, "unknown" },
    { "the verification key", peer.answer(200, { "Content-Type: application/x-pem-file" }, ""),
      function() return play.client.webhooks:get_verification_key() end },
    { "the verification key, with 204", peer.answer(204),
      function() return play.client.webhooks:get_verification_key() end },
    { "a raw read, with 204", peer.answer(204), function() return play.client:request("GET", "/x") end },
    { "a raw read of JSON", peer.json "", function() return play.client:request("GET", "/x") end },
    { "the token", peer.json "",
      function() return scene.connect_by_secret(play.server, { max_retries = 0 }).workflows:get "id" end },
  } do
    it("without a body are no success of " .. case[1], function()
      play.serve(case[2])
      local err = scene.assert_error("protocol", case[3]())
      assert.equal(case[4] or "not_done", err.outcome)
      assert.is_false(err.retryable)
    end)
  end

  it("without a body are the success of a change that promises none, and of a raw one", function()
    play.serve(peer.answer(204), peer.answer(200), peer.answer(204))
    assert.is_true((play.client.records:delete "id"))
    assert.is_true((play.client.records:delete "id"))
    assert.is_true((play.client:request("POST", "/x", { body = {} })))
  end)

  it("without a body do not replace a file", function()
    play.serve(peer.answer(204), peer.json "")
    local path = play.folder .. "/kept.json"
    peer.write_file(path, "before")
    for _ = 1, 2 do
      scene.assert_error("protocol", play.client.workflows:get("id", { to = path }))
      assert.equal("before", peer.read_file(path))
    end
  end)

  it("say when to come back: fractions are rounded up, dates are by the server's clock", function()
    play.serve(peer.json("{}", 503, { "Retry-After: 1.5" }),
      peer.json("{}", 503, { "Date: Sun, 06 Nov 1994 08:49:00 GMT", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT" }),
      peer.json("{}", 503, { "Date: Sun, 06 Nov 2094 08:49:00 GMT", "Retry-After: Sun, 06 Nov 2094 08:49:07 GMT" }))
    for _, seconds in ipairs { 2, 37, 7 } do
      local _, err = play.client.workflows:list()
      assert.equal(seconds, err.retry_after)
    end
  end)

  it("may be compressed", function()
    local path = play.folder .. "/a.json"
    peer.write_file(path, '{"big":"' .. ("x"):rep(10000) .. '"}')
    peer.shell("gzip -f " .. peer.quoted(path))
    play.serve(peer.answer(200, { "Content-Type: application/json", "Content-Encoding: gzip" },
      peer.read_file(path .. ".gz")))
    assert.equal(10000, #ironclad.must(play.client.workflows:get "id").big)
    assert.equal("gzip", play.sent().headers["accept-encoding"])
  end)
end)
