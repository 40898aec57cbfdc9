-- What the specs about broken servers share: servers that end with their test, clients of them, and what to
-- expect of an error.
local assert = require "luassert"
local core = require "ironclad.core"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"

local scene = {
  TOKEN = "static-token-of-this-spec",
  -- The good answer of these specs.
  GOOD = peer.json '{"id":"w1"}',
}

local servers = {}

-- As peer.start; the server ends with scene.stop.
function scene.serve(options)
  local server = peer.start(options)
  servers[#servers + 1] = server
  return server
end

-- A server whose nth request gets the nth answer, over any number of connections. Later requests get the last one.
function scene.answering(answers, tls)
  return scene.serve { answers = answers, tls = tls, connections = { { { "read" }, { "answer" }, { "loop" } } } }
end

function scene.stop()
  for _, server in ipairs(servers) do
    server:stop()
  end
  servers = {}
end

local function with(settings, options)
  for name, value in pairs(options or {}) do
    settings[name] = value
  end
  return settings
end

-- A client with a static token that retries nothing, unless the options say otherwise.
function scene.connect(server, options, scheme)
  return ironclad.connect(with({
    instance = peer.url(server, scheme), token = scene.TOKEN, as_user = false, max_retries = 0,
  }, options))
end

-- A client with client credentials and all defaults.
function scene.connect_by_secret(server, options)
  return ironclad.connect(with({
    instance = peer.url(server), client_id = "id", client_secret = "a secret", as_user = false,
  }, options))
end

-- A server with those answers, and a client of it that acts as a user.
function scene.play(...)
  local server = scene.answering { ... }
  return server, scene.connect(server, { as_user = "a@b.example", rate_limit = false })
end

-- A client of Clickwrap that uses one server as both of its hosts.
function scene.clickwrap(server, options)
  local settings = { activity_host = peer.url(server), rest_host = peer.url(server), site_access_id = "SITE",
    api_token = scene.TOKEN }
  for name, value in pairs(options or {}) do settings[name] = value or nil end
  return ironclad.clickwrap(settings)
end

-- For a spec with one server at a time. play.serve(answer, …) makes play.server and play.client, and returns it;
-- play.sent() is the last request; play.folder is a temporary folder, from setup(play.setup) to
-- teardown(play.teardown).
function scene.player()
  local play = {}
  function play.serve(...)
    play.server, play.client = scene.play(...)
    return play.client
  end
  function play.sent() return scene.last(play.server) end
  function play.setup() play.folder = peer.temporary_folder() end
  function play.teardown()
    scene.stop()
    peer.remove_folder(play.folder)
  end
  return play
end

-- The last request that a server has seen.
function scene.last(server)
  local requests = server:requests()
  return requests[#requests]
end

-- Waits for a call that was started in the core -> value, error, response.
function scene.finish(call)
  while not call:done() do
    core.wait()
    while core.take() do end
  end
  return call:result()
end

function scene.launch(client, options)
  return client.workflows:launch({ template = "t", attributes = { name = "Acme" } }, options)
end

-- For a test in which a time limit passes after something has happened, for example after the server has got the
-- request. test(seconds) says whether that has happened within a limit of so many seconds. On a busy machine it may
-- take longer; the test is then made again with a longer limit.
function scene.with_limit(test)
  for _, seconds in ipairs { 0.3, 3, 30 } do
    if test(seconds) then return end
    scene.stop()
  end
  error("it did not happen within 30 seconds", 2)
end

-- Calls fn when the collector next finds garbage: as the finalizer of a value that is dropped here.
function scene.on_collected(fn)
  if _VERSION ~= "Lua 5.1" then
    setmetatable({}, { __gc = fn })
  else
    getmetatable(newproxy(true)).__gc = fn -- luacheck: ignore 113
  end
end

-- Takes what a call returned, which must be an error of the kind, or of one of them ("network or protocol"), and
-- returns the error.
function scene.assert_error(kind, value, err)
  assert.is_nil(value)
  assert.is_table(err)
  if kind:find " or " then
    assert.is_truthy((" " .. kind .. " "):find(" " .. err.kind .. " ", 1, true), tostring(err))
  else
    assert.are.equal(kind, err.kind, tostring(err))
  end
  assert.is_nil(tostring(err):find(scene.TOKEN, 1, true))
  return err
end

function scene.assert_good(value, err)
  assert.is_nil(err)
  assert.are.equal("w1", value.id)
end

-- "GET /path" for each request so far.
function scene.targets(server)
  local list = {}
  for i, request in ipairs(server:requests()) do
    list[i] = request.method .. " " .. request.target
  end
  return list
end

-- Checks that `call`, a function of the spec, raises an error at a line of its file, with that text in its message.
function scene.assert_mistake(message, call)
  local fine, text = pcall(call)
  assert.is_false(fine, message)
  text = tostring(text)
  assert.is_truthy(text:find(message, 1, true), text)
  assert.is_truthy(text:find(debug.getinfo(call, "S").short_src:match "[^/]*$", 1, true), text)
end

return scene
