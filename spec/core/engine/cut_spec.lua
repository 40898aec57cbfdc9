-- An answer that ends early: cut at every byte, over HTTP/1.1 plain and by TLS and over HTTP/2, for a read, a change, a
-- deletion, an upload and a download. Only the whole answer is a success, and what was on the disk stays as it was.
local faulty_proxy = require "spec_faulty_proxy"
local h2 = require "spec.support.h2"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

-- Bytes from one cut to the next: by close_notify or a plain close every byte is tried, by the other endings every few.
-- spec/run has a sample tried under valgrind and on the other Luas.
local SAMPLE = os.getenv "IRONCLAD_SPEC_SAMPLE"
local STEPS = { close = SAMPLE and 19 or 1, quiet = SAMPLE and 23 or 5, reset = SAMPLE and 29 or 7 }

local FILE = "The quick brown fox signs the NDA."
local OLD = "the copy of last week"

local kinds = {
  {
    name = "read", answer = scene.GOOD, unknown = false,
    call = function(client) return client.workflows:get "w1" end,
    good = scene.assert_good,
  },
  {
    name = "change", answer = scene.GOOD, unknown = true,
    call = function(client) return client.workflows:create_comment("w1", { comment = "seen" }) end,
    good = scene.assert_good,
  },
  {
    name = "deletion", answer = "HTTP/1.1 204 No Content\r\n\r\n", unknown = true,
    call = function(client) return client.records:delete "w1" end,
    good = function(value, err)
      assert.is_nil(err)
      assert.is_true(value)
    end,
  },
  {
    name = "upload", answer = scene.GOOD, unknown = true, file = true,
    call = function(client)
      return client.records:upload_attachment("w1", "exhibit", {
        attachment = ironclad.file { data = "bytes", filename = "a.pdf" },
      })
    end,
    good = function(_, err) assert.is_nil(err) end,
  },
  {
    name = "download", answer = peer.answer(200, { "Content-Type: application/pdf" }, FILE), unknown = false,
    file = true,
    call = function(client, path) return client.records:download_attachment("w1", "exhibit", { to = path }) end,
    good = function(value, err, path)
      assert.is_nil(err)
      assert.are.equal(path, value)
      assert.are.equal(FILE, peer.read_file(path))
    end,
    bad = function(path) assert.are.equal(OLD, peer.read_file(path)) end,
  },
}

local folder, files

setup(function()
  folder = peer.temporary_folder()
  files = peer.certificate(folder, "proxy")
end)
teardown(function() peer.remove_folder(folder) end)
after_each(scene.stop)

-- What stands behind the proxy for each way: the port, whether it speaks TLS, and a function that ends it.
local ways = {
  {
    name = "HTTP/1.1", scheme = "http", hows = { "close", "reset" },
    start = function(server) return { port = server:port() } end,
  },
  {
    name = "TLS", scheme = "https", hows = { "close", "quiet", "reset" },
    start = function(server) return { port = server:port(), cert = files.cert, key = files.key } end,
  },
  {
    -- Files travel by HTTP/1.1.
    name = "HTTP/2", version = "2", no_files = true, scheme = "https", hows = { "close", "quiet", "reset" },
    needs = h2.program,
    start = function(server)
      local front = h2.start(peer.url(server))
      return {
        port = tonumber(front.url:match ":(%d+)$"), tls = true, cert = files.cert, key = files.key, alpn = "h2",
      }, front.stop
    end,
  },
}

-- A proxy with those faults before the server, and a client of it.
local function begin(way, behind, faults)
  local proxy = faulty_proxy.start {
    port = behind.port, tls = behind.tls, cert = behind.cert, key = behind.key, alpn = behind.alpn, faults = faults,
  }
  local client = ironclad.connect {
    instance = way.scheme .. "://127.0.0.1:" .. proxy:port(), token = scene.TOKEN, as_user = false, max_retries = 0,
    rate_limit = false, ca_file = files.cert, timeout = 30, http_version = way.version,
  }
  return proxy, client
end

local function names_in(path)
  local names = {}
  for name in peer.shell("ls -A " .. peer.quoted(path)):gmatch "[^\n]+" do names[#names + 1] = name end
  return names
end

-- `arrived`: that the server has seen the request. Over HTTP/2 its first frames come before that, and a connection that
-- ends among them may have carried nothing yet.
local function check_failure(kind, at, how, value, err, arrived)
  local where = ("%s at byte %d by %s"):format(kind.name, at, how)
  assert.is_nil(value, where)
  assert.is_table(err, where)
  assert.is_truthy(({ network = true, protocol = true, tls = true })[err.kind], where .. ": " .. tostring(err))
  assert.are.equal(1, err.attempts, where .. ": " .. tostring(err))
  if kind.unknown and arrived then assert.are.equal("unknown", err.outcome, where .. ": " .. tostring(err)) end
end

-- Whether the server has seen the request of the attempt that failed. Requests of earlier attempts may arrive late.
local function has_arrived(server, err)
  local requests = server:requests()
  for i = #requests, math.max(1, #requests - 9), -1 do
    if requests[i].headers["x-request-id"] == err.attempt_id then return true end
  end
  return false
end

-- Tries every fault of one kind; true when the answer was whole before its last byte.
local function try_all(way, kind, server, behind, how, length, attempt, path)
  local faults = {}
  for at = 0, length - 1, STEPS[how] do faults[#faults + 1] = { at = at, how = how } end
  local proxy, client = begin(way, behind, faults)
  for _, fault in ipairs(faults) do
    local value, err = attempt(client)
    if value ~= nil then
      -- Over HTTP/2, frames that follow the answer's last one belong to no answer.
      assert.are.equal("HTTP/2", way.name, ("%s at byte %d of %d"):format(kind.name, fault.at, length))
      kind.good(value, err, path)
      break
    end
    check_failure(kind, fault.at, how, value, err, has_arrived(server, err))
    if kind.bad then kind.bad(path) end
  end
  assert.are.same({ "file.pdf" }, names_in(path:match "^(.*)/"))
  assert.is_true(proxy:connections() > #faults / 2, proxy:connections() .. " connections for " .. #faults)
  proxy:stop()
end

local function check_kind(way, kind)
  local server = scene.answering { kind.answer }
  local behind, finish = way.start(server)
  local place = folder .. "/" .. (way.name .. kind.name):gsub("%W", "")
  local path = place .. "/file.pdf"
  assert(os.execute("mkdir " .. peer.quoted(place)))
  local function attempt(client)
    peer.write_file(path, OLD)
    return kind.call(client, path)
  end

  local proxy, client = begin(way, behind)
  local value, err = attempt(client)
  kind.good(value, err, path)
  local length = proxy:passed() -- counted a moment after the client has the bytes
  for _ = 1, 500 do
    if length == 0 then peer.shell "sleep 0.01" end
    length = proxy:passed()
  end
  proxy:stop()
  for _, how in ipairs(way.hows) do try_all(way, kind, server, behind, how, length, attempt, path) end
  if finish then finish() end
end

for _, way in ipairs(ways) do
  local declare = (not way.needs or way.needs()) and it or pending
  for _, kind in ipairs(kinds) do
    if not (way.no_files and kind.file) then
      declare(("the answer to a %s over %s is a success only as a whole"):format(kind.name, way.name), function()
        check_kind(way, kind)
      end)
    end
  end
end

-- Only how the connection ends shows whether such an answer is whole.
describe("a download that goes on until its TLS connection ends", function()
  local HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n"

  local function fetch(how, at)
    local server = scene.serve { connections = { { { "read" }, { "send", HEAD .. FILE } } } }
    local proxy, client = begin(ways[2], ways[2].start(server), how and { { at = at, how = how } } or nil)
    local path = folder .. "/until-end.pdf"
    peer.write_file(path, OLD)
    local value, err = client.records:download_attachment("w1", "exhibit", { to = path })
    proxy:stop()
    return value, err, peer.read_file(path)
  end

  it("is whole when the server says that it has sent everything", function()
    local value, err, content = fetch()
    assert.is_nil(err)
    assert.is_string(value)
    assert.are.equal(FILE, content)
  end)

  for _, how in ipairs { "quiet", "reset" } do
    it("is a failure when it does not: " .. how, function()
      for at = #HEAD, #HEAD + #FILE - 1, 7 do
        local value, err, content = fetch(how, at)
        scene.assert_error("network", value, err)
        assert.are.equal(OLD, content)
      end
    end)
  end
end)
