-- A connection that ends inside a header, in answers that engine/cut_spec.lua does not send: without a length, in
-- chunks, redirects, refusals, interim answers.
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local folder

setup(function() folder = peer.temporary_folder() end)
teardown(function() peer.remove_folder(folder) end)
after_each(scene.stop)

local BODY, BEFORE = '{"id":"w1"}', "the copy of last week"

local function header(...) return table.concat({ "HTTP/1.1 200 OK", "Content-Type: application/json", ... }, "\r\n")
  .. "\r\n\r\n" end

-- `needed`: the number of bytes without which the answer is not whole. Without a length the body ends with the
-- connection, so that only the header can be seen to be cut; the very last line feed of a chunked body carries nothing.
local without_length = header() .. BODY
local in_chunks = header "Transfer-Encoding: chunked" .. "b\r\n" .. BODY .. "\r\n0\r\n\r\n"
local answers = {
  ["without a length"] = { bytes = without_length, needed = #without_length - #BODY },
  ["in chunks"] = { bytes = in_chunks, needed = #in_chunks - 1 },
}

local calls = {
  ["a read"] = function(client) return client.workflows:get "w1" end,
  ["a text"] = function(client) return client.webhooks:get_verification_key() end,
  ["a download"] = function(client)
    local path = folder .. "/kept.bin"
    peer.write_file(path, BEFORE)
    local value, err = client.workflows:download_document("w1", "key", { to = path })
    assert.are.equal(value and BODY or BEFORE, peer.read_file(path))
    os.remove(path)
    return value, err
  end,
}

describe("an answer", function()
  for name, answer in pairs(answers) do
    for what, call in pairs(calls) do
      it(("%s is a success of %s only as a whole"):format(name, what), function()
        local scripts = {}
        for length = 0, #answer.bytes do
          scripts[length + 1] = { { "read" }, { "send", answer.bytes:sub(1, length) }, { "close" } }
        end
        local client = scene.connect(scene.serve { connections = scripts }, { rate_limit = false })
        for length = 0, answer.needed - 1 do
          local value, err = call(client)
          local where = ("%d bytes: %s"):format(length, tostring(err))
          assert.is_nil(value, where)
          assert.is_truthy(err.kind == "network" or err.kind == "protocol", where)
        end
        assert.are.equal("", (peer.shell("ls -A " .. peer.quoted(folder))))
      end)
    end
  end
end)

describe("a connection that ends in the header", function()
  for name, bytes in pairs {
    ["of a redirect"] = "HTTP/1.1 302 Found\r\nLocation: /public/api/v1/workflows/w2\r\n",
    ["of a redirect, in its address"] = "HTTP/1.1 302 Found\r\nLocation: /public/api/v1/work",
    ["of a refusal"] = "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n",
    ["of a 429"] = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1",
    ["after an interim answer"] = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
    ["in an interim answer"] = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n",
    ["of an answer after an interim one"] = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: a",
  } do
    it(name .. " is a broken connection", function()
      local server = scene.serve { connections = {
        { { "read" }, { "send", bytes }, { "close" } }, { { "read" }, { "send", scene.GOOD } },
      } }
      local err = scene.assert_error("network", scene.connect(server).workflows:get "w1")
      assert.is_true(err.retryable)
      assert.is_nil(err.status)
      assert.are.equal(1, #server:requests())
    end)
  end

  it("is followed by a repeat where the operation may be repeated", function()
    local server = scene.serve { connections = {
      { { "read" }, { "send", "HTTP/1.1 200 OK\r\nContent-Ty" }, { "close" } }, { { "read" }, { "send", scene.GOOD } },
    } }
    scene.assert_good(scene.connect(server, { max_retries = 1 }).workflows:get "w1")
  end)

  it("is no token", function()
    local server = scene.serve { connections = { {
      { "read" }, { "send", "HTTP/1.1 200 OK\r\nContent-Ty" }, { "close" },
    } } }
    scene.assert_error("network", scene.connect_by_secret(server, { max_retries = 0 }).workflows:get "w1")
  end)
end)

describe("trailers", function()
  it("are not part of the header", function()
    local server = scene.serve { connections = { { { "read" }, { "send",
      header "Transfer-Encoding: chunked" .. "b\r\n" .. BODY
        .. "\r\n0\r\nContent-Type: text/html\r\nX-Ironclad-RequestId: late\r\n\r\n" } } } }
    local value, err, response = scene.connect(server).workflows:get "w1"
    scene.assert_good(value, err)
    assert.are.equal("application/json", response.headers["content-type"])
    assert.is_nil(response.request_id)
  end)
end)
