-- What happens to events when the shared Redis refuses, cuts its connections, or holds what it should not.
local peer = require "spec.support.peer"
local redis = require "ironclad.shared.redis"
local redis_server = require "spec.support.redis"
local shared_inboxes = require "spec.support.shared_inboxes"

local connect, key, next_test, text_of = shared_inboxes.connect, shared_inboxes.key, shared_inboxes.next_test,
  shared_inboxes.text_of

local server

local function open(more, client)
  local all = { check = 0.02, seconds = 5 }
  for name, value in pairs(more or {}) do all[name] = value end
  return shared_inboxes.open(all, client)
end

local function take_soon(box) return peer.eventually(function() return (box:take()) end) end

describe("The shared inbox", function()
  setup(function() server = shared_inboxes.start() end)
  teardown(shared_inboxes.stop)
  before_each(next_test)

  -- What begins and ends it, and what the error says.
  local refusals = {
    ["is a replica that takes no writes"] = { "replicaof 127.0.0.1 1", "replicaof no one", "READONLY" },
    ["has no memory"] = { "config set maxmemory-policy noeviction maxmemory 1", "config set maxmemory 0", "OOM" },
  }
  for name, row in pairs(refusals) do
    it("refuses events while its Redis " .. name .. ", and goes on afterwards", function()
      local box = open()
      assert.is_true(box:put("before", text_of(1)))
      server:command(row[1])
      local kept, err = box:put("refused", text_of(2))
      assert.is_nil(kept)
      assert.equal("store", err.kind)
      assert.truthy(tostring(err):find(row[3], 1, true), tostring(err))
      server:command(row[2])
      peer.eventually(function() return (box:put("after", text_of(3))) end)
      for _, id in ipairs { "before", "after" } do
        local item = take_soon(box)
        assert.equal(id, item.id)
        assert.is_true(box:done(item))
      end
    end)
  end

  it("goes on when its scripts were flushed, and when its connections were cut", function()
    local box = open()
    for n, harm in ipairs { "script flush", "client kill type normal", "script flush", "client kill type normal" } do
      server:command(harm)
      peer.eventually(function() return (box:put("id" .. n, text_of(n))) end)
      server:command(harm)
      local item = take_soon(box)
      assert.equal("id" .. n, item.id)
      server:command(harm)
      if not box:done(item) then peer.eventually(function() return #assert(box:list()) == 0 end) end
      assert.same({}, box:list())
    end
  end)

  it("does nothing to another type under the name of its items, and has its events when that is removed", function()
    local box = open()
    assert.is_true(box:put("id1", text_of(1)))
    server:command(("set %s text"):format(key "items"))
    for _, step in ipairs { "put", "take", "list" } do
      local _, second, third = box[step](box, "id2", text_of(2))
      assert.truthy(tostring(third or second):find("WRONGTYPE", 1, true), step)
    end
    assert.equal("text", server:command(("get %s"):format(key "items")))
    server:command(("del %s"):format(key "items"))
    local item = take_soon(box)
    assert.equal("id1", item.id)
    assert.is_true(box:done(item))
  end)

  it("moves items aside that are none, and goes on", function()
    local box = open()
    local odd = { none = "no JSON", number = "7", list = "[]", hollow = "{}", half = '{"text":7,"puts":"x"}' }
    for id, text in pairs(odd) do server:command(("hset %s %s '%s'"):format(key "items", id, text)) end
    server:command(("xadd %s '*' id none"):format(key "events"))
    server:command(("xadd %s '*' other field"):format(key "events"))
    assert.is_true(box:put("id1", text_of(1)))
    local item = take_soon(box)
    assert.equal("id1", item.id)
    assert.is_true(box:done(item))
    assert.is_nil((box:take()))
    assert.same({}, box:list())
    for id, text in pairs(odd) do
      assert.equal(text, server:command(("hget %s %s"):format(key "odd", id)))
    end
  end)

  it("does not mind another type under its other names", function()
    for _, name in ipairs { "events", "later", "dead", "done", "odd" } do
      for _, command in ipairs { "set %s x", "sadd %s x", "hset %s a b" } do
        local box = open()
        assert.is_true(box:put("id1", text_of(1)))
        server:command(("del %s"):format(key(name)))
        server:command(command:format(key(name)))
        local item = take_soon(box)
        assert.equal("id1", item.id)
        assert.is_true(box:done(item))
        next_test()
      end
    end
  end)

  it("takes events of 1 MiB", function()
    local box = open { tries = 2, pause = 0 }
    local text = '{"text":"' .. ('\\"\\\\\\u0000é'):rep(87000) .. '"}'
    assert.is_true(box:put("large", text))
    assert.equal("retry", box:fail(box:take(), "no"))
    server:command "flushall"
    local item = take_soon(box)
    assert.equal(text, item.text)
    server:command "flushall"
    assert.equal("retry", box:fail(item, "no"))
    item = take_soon(box)
    assert.equal(text, item.text)
    assert.equal("dead", box:fail(item, "no"))
    assert.equal(1, #box:list())
    assert.is_true(box:remove "large")
  end)

  it("lists any number of dead letters, and keeps the last 10,000", function()
    local box = open { tries = 1 }
    server:command(([[eval "for i = 1, 20000 do local entry = redis.call('xadd', KEYS[2], '*', 'id', 'id' .. i) ]]
      .. [[redis.call('hset', KEYS[1], 'id' .. i, cjson.encode({ text = '{}', received = i, tries = 1, dead = entry, ]]
      .. [[puts = 'p' .. i })) end" 2 %s %s]]):format(key "items", key "dead"))
    assert.equal(20000, #box:list())
    assert.is_true(box:put("new", "{}"))
    assert.equal("dead", box:fail(box:take(), "no"))
    local list = box:list()
    assert.equal(10000, #list)
    assert.same({ "id10002", "new" }, { list[1].id, list[#list].id })
  end)

  it("is one for each prefix", function()
    local one, other = open(nil, connect { shared_prefix = "one" }), open(nil, connect { shared_prefix = "other" })
    assert.is_true(one:put("id1", text_of(1)))
    assert.is_nil((other:take()))
    local item = one:take()
    assert.equal("id1", item.id)
    assert.is_true(one:done(item))
  end)

  it("is reached with a user and a password of any characters, and by any path", function()
    local named = redis_server.start { port = true }
    named:command "acl setuser 'jäne@x' on '>p@s:/%?#w &' '~*' '&*' '+@all'"
    local address = named.address:gsub("redis://", "redis://j%%C3%%A4ne%%40x:p%%40s%%3A%%2F%%25%%3F%%23w%%20%%26@")
    assert.equal("PONG", redis.command(connect { shared = address }, { "PING" }, 30))
    assert.equal("jäne@x", redis.command(connect { shared = address }, { "ACL", "WHOAMI" }, 30))
    local path = named.folder .. "/a b%40@c.sock"
    peer.shell(("ln -s redis.sock '%s'"):format(path))
    assert.equal("PONG", redis.command(connect { shared = "unix://" .. path }, { "PING" }, 30))
    named:stop()
  end)
end)

describe("A shared Redis that answers", function()
  setup(function() server = shared_inboxes.start() end)
  teardown(shared_inboxes.stop)

  for _, code in ipairs { "LOADING", "READONLY", "OOM", "MOVED", "ASK", "MISCONF", "BUSY", "NOREPLICAS", "NOSCRIPT",
    "EXECABORT", "CLUSTERDOWN", "MASTERDOWN", "NOAUTH", "NOPERM", "WRONGTYPE", "ERR" } do
    it(("-%s is refused, and asked again afterwards"):format(code), function()
      local client = connect()
      local value, err = redis.script(client, "return redis.error_reply(ARGV[1])", {}, { code .. " something" })
      assert.is_nil(value)
      assert.equal("store", err.kind)
      assert.truthy(tostring(err):find(code .. " something", 1, true), tostring(err))
      assert.equal("PONG", redis.command(client, { "PING" }, 30))
    end)
  end
end)
