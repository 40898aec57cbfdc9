-- Inboxes in a Redis of their own: what their specs have in common. The machines are processes, or this one.
local ironclad = require "ironclad"
local redis = require "ironclad.shared.redis"
local redis_server = require "spec.support.redis"
local shared_inbox = require "ironclad.shared.inbox"

local shared_inboxes = {}

local server

-- Each test has a prefix of its own, because this process puts into Redis again what a test before has left.
local test = 0

-- Starts a Redis -> the server.
-- @param options as those of redis.start
function shared_inboxes.start(options)
  server = redis_server.start(options)
  return server
end

function shared_inboxes.stop() server:stop() end

-- From now on the inboxes are others.
function shared_inboxes.next_test() test = test + 1 end

-- The options with which a machine connects. `more` overrides them.
function shared_inboxes.options(more)
  local options = { instance = "demo", client_id = "x", client_secret = "SECRET-shared", as_user = false,
    shared = server.address, shared_prefix = "test" .. test }
  for name, value in pairs(more or {}) do options[name] = value end
  return options
end

function shared_inboxes.connect(more) return ironclad.connect(shared_inboxes.options(more)) end

-- The inbox of this test. `options` are its own; `client` is another one's.
function shared_inboxes.open(options, client)
  return shared_inbox.open(client or shared_inboxes.connect(), options or {})
end

-- A key of the inbox, quoted.
function shared_inboxes.key(name) return ("'%sinbox:%s'"):format(redis.prefix(shared_inboxes.connect()), name) end

function shared_inboxes.text_of(n)
  return ('{"event":"workflow_completed","payload":{"workflowID":"%d"}}'):format(n)
end

return shared_inboxes
