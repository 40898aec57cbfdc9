-- HTTP/2 frames that end a request in other ways than by its whole answer: for a read, a change and a deletion. Only
-- the whole answer is a success, every sending is counted, and an outcome that nobody knows is unknown. (Files travel
-- by HTTP/1.1: see http2_spec.lua.)
local frames = require "spec.support.frames"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local BODY = '{"id":"w1"}'
local LIBCURL = tonumber(ironclad.info().libcurl:match "^%d+")

local function head(stream, fields, last)
  local all = { { ":status", "200" }, { "content-type", "application/json" } }
  for _, field in ipairs(fields or {}) do all[#all + 1] = field end
  return frames.headers(stream, all, last)
end

local function whole(stream) return head(stream) .. frames.data(stream, BODY, true) end

local failures = {
  { "REFUSED_STREAM", function(stream) return frames.reset(stream, frames.REFUSED_STREAM) end },
  { "INTERNAL_ERROR before the answer", function(stream) return frames.reset(stream, frames.INTERNAL_ERROR) end },
  { "CANCEL before the answer", function(stream) return frames.reset(stream, frames.CANCEL) end },
  { "NO_ERROR before the answer", function(stream) return frames.reset(stream, frames.NO_ERROR) end },
  -- `whole`: for libcurl 8 the answer is whole: nothing but the mark of its end is missing.
  {
    "NO_ERROR after the header", function(stream) return head(stream) .. frames.reset(stream, frames.NO_ERROR) end,
    whole = { deletion = true },
  },
  {
    "NO_ERROR in the body", function(stream)
      return head(stream) .. frames.data(stream, BODY:sub(1, 5)) .. frames.reset(stream, frames.NO_ERROR)
    end,
  },
  {
    "NO_ERROR after all bytes, but not after the end", function(stream)
      return head(stream) .. frames.data(stream, BODY) .. frames.reset(stream, frames.NO_ERROR)
    end, whole = { read = true, change = true, deletion = true },
  },
  {
    "CANCEL in the body", function(stream)
      return head(stream) .. frames.data(stream, BODY:sub(1, 5)) .. frames.reset(stream, frames.CANCEL)
    end,
  },
  {
    "REFUSED_STREAM in the body", function(stream)
      return head(stream) .. frames.data(stream, BODY:sub(1, 5)) .. frames.reset(stream, frames.REFUSED_STREAM)
    end,
  },
  {
    "a body that is shorter than announced", function(stream)
      return head(stream, { { "content-length", "60" } }) .. frames.data(stream, BODY, true)
    end,
  },
  {
    "a body that is longer than announced", function(stream)
      return head(stream, { { "content-length", "3" } }) .. frames.data(stream, BODY, true)
    end,
  },
  { "a header without a status", function(stream)
    return frames.headers(stream, { { "content-type", "application/json" } }) .. frames.data(stream, BODY, true)
  end },
  { "an interim answer only", function(stream)
    return frames.headers(stream, { { ":status", "103" } }) .. frames.reset(stream, frames.NO_ERROR)
  end },
  { "GOAWAY that leaves the request out", function() return frames.goaway(0, frames.NO_ERROR) end },
  { "GOAWAY with an error", function() return frames.goaway(0, frames.ENHANCE_YOUR_CALM) end },
  { "GOAWAY in the body", function(stream)
    return head(stream) .. frames.data(stream, BODY:sub(1, 5)) .. frames.goaway(stream, frames.INTERNAL_ERROR)
      .. frames.reset(stream, frames.INTERNAL_ERROR)
  end },
  { "DATA before the header", function(stream) return frames.data(stream, BODY, true) end },
  { "a frame of another stream", function(stream)
    return head(stream + 100) .. frames.data(stream + 100, BODY, true)
  end },
}

local calls = {
  { name = "read", call = function(client) return client.workflows:get "w1" end, repeated = true },
  { name = "change", call = function(client) return client.workflows:create_comment("w1", { comment = "seen" }) end },
  { name = "deletion", call = function(client) return client.records:delete "w1" end, repeated = true },
}

describe("over HTTP/2,", function()
  local folder, files, proxy, server

  setup(function()
    folder = peer.temporary_folder()
    files = peer.certificate(folder, "proxy")
  end)
  teardown(function() peer.remove_folder(folder) end)
  after_each(function()
    proxy:stop()
    scene.stop()
  end)

  local function connect(answers, options)
    server, proxy = frames.serve(files, answers)
    local settings = {
      instance = "https://127.0.0.1:" .. proxy:port(), token = scene.TOKEN, as_user = false, max_retries = 0,
      rate_limit = false, ca_file = files.cert, timeout = 10, http_version = "2",
    }
    for name, value in pairs(options or {}) do settings[name] = value end
    return ironclad.connect(settings)
  end

  for _, kind in ipairs(calls) do
    it("the whole answer to a " .. kind.name .. " is a success", function()
      local value, err, response = kind.call(connect(whole))
      assert.is_nil(err)
      assert.is_truthy(value)
      assert.equal("2", response.http_version)
    end)

    it("the whole answer to a " .. kind.name .. " counts, whatever follows it", function()
      local client = connect(function(stream)
        return whole(stream) .. frames.reset(stream, frames.NO_ERROR) .. frames.goaway(stream, frames.NO_ERROR)
      end)
      assert.is_truthy((kind.call(client)))
    end)

    for _, failure in ipairs(failures) do
      it(("a %s that ends by %s is one sending and no success"):format(kind.name, failure[1]), function()
        local value, err = kind.call(connect(failure[2]))
        if LIBCURL >= 8 and failure.whole and failure.whole[kind.name] then
          assert.is_truthy(value)
          assert.equal(1, #server:requests())
          return
        end
        assert.is_nil(value)
        assert.is_truthy(({ network = true, protocol = true })[err.kind], tostring(err))
        assert.equal(1, err.attempts, tostring(err))
        assert.equal(1, #server:requests(), tostring(err))
        if kind.name == "change" then assert.equal("unknown", err.outcome, tostring(err)) end
      end)
    end

    it(("a %s is repeated after REFUSED_STREAM as often as max_retries says"):format(kind.name), function()
      local seen, retries = 0, 0
      local client = connect(failures[1][2], {
        max_retries = 2, on_request = function() seen = seen + 1 end, on_retry = function() retries = retries + 1 end,
      })
      local value, err = kind.call(client)
      assert.is_nil(value)
      local sent = kind.repeated and 3 or 1
      assert.equal(sent, err.attempts)
      assert.equal(sent, #server:requests())
      assert.same({ sent, sent - 1 }, { seen, retries })
    end)
  end
end)
