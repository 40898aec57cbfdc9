-- What is given by mistake to any public function is named with the script's line, and is no error inside the module.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"
local task = require "ironclad.loop.task"

local client = ironclad.connect { instance = "http://127.0.0.1:1", token = "t", as_user = false }
local cw = ironclad.clickwrap { environment = "demo", site_access_id = "SITE", api_token = "t" }
local folder, sandbox, objects

setup(function()
  folder = peer.temporary_folder()
  sandbox = require("ironclad.sandbox").start { port = 0, tls = false }
  local receiver = client.webhooks:receiver { on = { ["*"] = function() end }, inbox = folder .. "/inbox" }
  objects = {
    writer = { ironclad.csv.writer(function() end, { columns = { "a" } }), "write", "close" },
    bar = { ironclad.progress "x", "finish" },
    iterator = { client.workflows:each { limit = 0 }, "close" },
    changes = { client.records:changes { state = folder .. "/state.json" }, "done", "follow", "close" },
    receiver = { receiver, "handle", "work", "stop", "inbox", "nginx", "serve" },
    inbox = { receiver:inbox(), "list", "retry", "remove" },
    verifier = { client.webhooks:verifier(), "unwrap", "verify", "verify_request" },
    webhook = { ironclad.webhook.clickwrap { token = "a secret of this spec" }, "unwrap", "receiver" },
    event = { require("ironclad.events.event").new({}, "id"), "resource" },
    sandbox = { sandbox, "options", "connect", "clickwrap", "info", "stop", "advance", "requests", "expire_tokens",
      "settle_deliveries" },
  }
  if task.yields_anywhere then objects.task = { ironclad.spawn(function() end), "wait", "cancel" } end
end)

teardown(function()
  objects.changes[1]:close()
  sandbox:stop()
  objects, sandbox = nil, nil
  peer.remove_folder(folder)
end)

describe("a method without its colon", function()
  for _, name in ipairs { "writer", "bar", "iterator", "changes", "receiver", "inbox", "verifier", "webhook", "event",
    "sandbox", "task" } do
    it("is a mistake: " .. name, function()
      local object = objects[name]
      for i = 2, object and #object or 0 do
        local method = object[1][object[i]]
        local message = ("%s:%s: call it with a colon: %s:%s(…)"):format(name, object[i], name, object[i])
        for _, other in ipairs { {}, 5, "x", io.stdout, client } do
          scene.assert_mistake(message, function() method(other, {}) end)
        end
        scene.assert_mistake(message, function() method() end)
      end
    end)
  end

  it("is a mistake of what a client of Clickwrap has kept", function()
    scene.assert_mistake("forget: call it with a colon", function() cw.forget {} end)
  end)
end)

describe("a function of the module with a colon", function()
  local tables = {
    ironclad = { ironclad, "address", "array", "clickwrap", "connect", "date", "duration", "file", "from_env", "help",
      "info", "login", "mailbox", "money", "must", "operations", "progress", "run", "scopes_for", "sha256", "spawn",
      "stats" },
    ["ironclad.json"] = { ironclad.json, "decode", "encode" },
    ["ironclad.store"] = { ironclad.store, "file", "shared_dict" },
    ["ironclad.csv"] = { ironclad.csv, "field", "rows", "writer" },
    ["ironclad.webhook"] = { ironclad.webhook, "clickwrap", "unwrap", "verify", "verify_request" },
    ["ironclad.filter"] = { ironclad.filter, "And", "Equals", "IsEmpty", "Today" },
    ["ironclad.scim_filter"] = { ironclad.scim_filter, "And", "eq", "pr" },
    ["ironclad.clickwrap"] = { ironclad.clickwrap, "from_env" },
    ["ironclad.clickwrap.filter"] = { ironclad.clickwrap.filter, "And", "eq" },
    ["ironclad.sandbox"] = { require "ironclad.sandbox", "start", "fixtures" },
  }
  for name, list in pairs(tables) do
    it("is a mistake: " .. name, function()
      for i = 2, #list do
        local message = ("%s.%s: call it with a dot: %s.%s(…)"):format(name, list[i], name, list[i])
        scene.assert_mistake(message, function() list[1][list[i]](list[1]) end)
        scene.assert_mistake(message, function() list[1][list[i]](list[1], {}) end)
      end
    end)
  end
end)

describe("a name that is set", function()
  local user = ironclad.connect { instance = "http://127.0.0.1:1", token = "t", as_user = false }
  local with = "ironclad.connect or client:with or a call"
  local mistakes = {
    { user, "as_user", "omar@example.com", "as_user cannot be set on the client; give it to " .. with },
    { user, "timeout", 5, "give it to ironclad.connect or ironclad.clickwrap or client:with or a call" },
    { user, "on_retry", print, "on_retry cannot be set on the client; give it to ironclad.connect" },
    { user, "as_usr", "omar@example.com", 'the client has no as_usr; did you mean "as_user"?' },
    { user, "cache", {}, "the client has no cache" },
    { user:with {}, "deadline", 5, "deadline cannot be set on the client" },
    { cw, "api_token", "x", "api_token cannot be set on the client; give it to ironclad.clickwrap" },
    { user.workflows, "lst", 1, 'client.workflows has no lst; did you mean "list"?' },
    { user.scim.users, "max_retries", 1, "max_retries cannot be set on client.scim.users; give it to" },
    { ironclad, "timeout", 5, "timeout cannot be set on ironclad; give it to" },
    { ironclad, "tiemout", 5, 'ironclad has no tiemout; did you mean "timeout"?' },
  }
  for _, case in ipairs(mistakes) do
    it("is a mistake: " .. case[2], function()
      scene.assert_mistake(case[4], function() case[1][case[2]] = case[3] end)
      assert.is_nil(rawget(case[1], case[2]))
    end)
  end

  it("may be a function, or replace what is there", function()
    local stub = function() return "stub" end
    user.helper, user.call, user.records, user.workflows.get, user[1] = stub, stub, { get = stub }, stub, "x"
    assert.are.equal("stub", user.helper() and user.call() and user.records.get() and user.workflows.get())
    assert.are.equal("x", user[1])
    local connect = ironclad.connect
    ironclad.connect = stub
    assert.are.equal("stub", ironclad.connect())
    ironclad.connect = connect
  end)
end)

describe("a name that the module does not have", function()
  for text, read in pairs {
    ['ironclad has no nul; did you mean "null"?'] = function() return ironclad.nul end,
    ['ironclad has no filters; did you mean "filter"?'] = function() return ironclad.filters end,
    ["ironclad.sandbox is a module of its own"] = function() return ironclad.sandbox end,
    ['ironclad.json has no decod; did you mean "decode"?'] = function() return ironclad.json.decod end,
    ['ironclad.store has no fil; did you mean "file"?'] = function() return ironclad.store.fil end,
    ['ironclad.csv has no write; did you mean "writer"?'] = function() return ironclad.csv.write end,
    ['ironclad.webhook has no unwarp; did you mean "unwrap"?'] = function() return ironclad.webhook.unwarp end,
    ["ironclad.clickwrap has no terms"] = function() return ironclad.clickwrap.terms end,
  } do
    it("is a mistake: " .. text, function() scene.assert_mistake(text, read) end)
  end

  it("is nil where Lua itself may look for it", function() assert.is_nil(ironclad.__name) end)
end)

-- Where ipairs reads a list, it would end at a missing element, and what is behind it would be lost in silence.
describe("a list with a hole or a name", function()
  local user, group
  setup(function()
    user = sandbox:connect()
    group = user.scim.groups:each()()
  end)
  teardown(function() user, group = nil, nil end)

  local filter = ironclad.filter
  local equals = { filter.IsEmpty "a", filter.IsEmpty "b", filter.IsEmpty "c" }
  local takers = {
    ["ironclad.scopes_for"] = { "records:list", "records:get", "records:delete", call = ironclad.scopes_for },
    ["ironclad.address: lines"] = { "1", "2", "3", call = function(list)
      return ironclad.address { lines = list, country = "US" }
    end },
    ["records:create: properties.tags"] = { "a", "b", "c", call = function(list)
      return client.records:create({ type = "t", name = "n", properties = { tags = list } }, { dry_run = true })
    end },
    ["map: expected a list or an iterator"] = { 1, 2, 3, call = function(list) client:map(list, function() end) end },
    ["ironclad.csv.writer: columns"] = { "a", "b", "c", call = function(list)
      ironclad.csv.writer(function() end, { columns = list })
    end },
    ["group:add_members"] = { "u1", "u2", "u3", call = function(list) group:add_members(list, { dry_run = true }) end },
    ["ensure: events"] = { "workflow_launched", "workflow_updated", "workflow_completed", call = function(list)
      client.webhooks:ensure { targetURL = "https://a.example/", events = list }
    end },
    ["ironclad.filter.And"] = { equals[1], equals[2], equals[3], call = filter.And },
    ["accept: versions"] = { "v1", "v2", "v3", call = function(list)
      cw:accept { signer = "s", group = "g", versions = list }
    end },
    ["sandbox: option 'scopes'"] = { "a", "b", "c", call = function(list)
      require("ironclad.sandbox").start { port = 0, scopes = list }
    end },
  }
  for message, taker in pairs(takers) do
    it("is a mistake: " .. message, function()
      scene.assert_mistake(message, function() taker.call { taker[1], nil, taker[3] } end)
      scene.assert_mistake(message, function() taker.call { taker[1], taker[2], nil, taker[3] } end)
      scene.assert_mistake(message, function() taker.call { taker[1], more = taker[2] } end)
    end)
  end

  it("is a mistake of a workflow's list", function()
    local value, objection = require("ironclad.values.encode").workflow(
      { type = "array", elementType = { type = "string" } }, { "a", nil, "c" })
    assert.is_nil(value)
    assert.are.equal("expected a list: [2] is missing", objection)
  end)

  it("may have the n of table.pack", function()
    assert.are.same({ 2, 4 }, (client:map({ 1, 2, n = 2 }, function(x) return 2 * x end)))
  end)
end)

describe("a slip", function()
  local nested = { a = { { "\255" } } }
  local slips = {
    ["ironclad.csv.rows: expected a path or an open file, got a userdata"] =
      function() ironclad.csv.rows(ironclad.null) end,
    ["ironclad.csv.field: options: expected a table, got a number"] = function() ironclad.csv.field("x", 5) end,
    ["ironclad.csv.writer: write: the writer is closed"] = function()
      local writer = ironclad.csv.writer(folder .. "/a.csv", { columns = { "a" } })
      assert(writer:close() and writer:close())
      writer:write { "x" }
    end,
    ["ironclad.help: write: expected a function, got a boolean"] = function() ironclad.help("records", true) end,
    ["ironclad.file: expected a path or a table, got a number"] = function() ironclad.file(5) end,
    ["ironclad.file: expected a path or a table, got nil"] = function() ironclad.file() end,
    ["ironclad.array: expected a table, got a number"] = function() ironclad.array(5) end,
    ["a[1][1]: the text holds invalid UTF-8 at byte 1"] =
      function() ironclad.json.encode(nested, { pretty = true }) end,
    ["a[1][1]: the text holds invalid UTF-8 at byte 1 "] = function() ironclad.json.encode(nested, { sort = true }) end,
    ["workflows:each: query: expected a table, got a string"] =
      function() client.workflows:each({}, { query = "x" }) end,
    ["records:changes: expected names, as in { state = … }, got a number as a name"] =
      function() client.records:changes { state = folder .. "/other.json", 5 } end,
    ["body.attributes: neither a list nor an object"] =
      function() client.workflows:launch({ template = "t", attributes = { [1.5] = 1 } }, { dry_run = true }) end,
    ["group:add_members: expected a list of users or ids, got an empty one"] =
      function() require("ironclad.resources.resources").make(client, "group", { id = "g" }):add_members {} end,
    ["webhooks:receiver: pause: expected a number of seconds from 0, got -1"] =
      function() client.webhooks:receiver { on = { ["*"] = print }, inbox = folder .. "/inbox2", pause = -1 } end,
    ["timeout: expected a number of seconds up to 86400, got 0"] =
      function() ironclad.login { instance = "na1", client_id = "a", client_secret = "b", timeout = 0 } end,
    ["authorize_url: scopes[2]: expected a scope, got 5"] = function()
      ironclad.connect { instance = "na1", client_id = "a", client_secret = "b", grant = "authorization_code" }
        :authorize_url { redirect_uri = "http://127.0.0.1/", state = "s", scopes = { "a", 5 } }
    end,
    ["records:changes: reconcile: needs state.ids, a store for ids: expected a table in state.ids, got nil"] =
    function()
      client.records:changes { state = { load = print, save = print }, reconcile = true }
    end,
    ["records:create: properties.tags: expected a list of texts: [2] is 5"] = function()
      client.records:create({ type = "t", name = "n", properties = { tags = { "a", 5 } } }, { dry_run = true })
    end,
    ["inbox:retry: id: expected the id of an event, got nil"] = function() objects.inbox[1]:retry() end,
    ["sandbox:connect: expected a table of options, got a string"] = function() sandbox:connect "x" end,
    ["sandbox:connect: too many arguments: also got a table"] = function() sandbox:connect({}, {}) end,
    ["sandbox:clickwrap: expected a table of options, got a number"] = function() sandbox:clickwrap(5) end,
    ["receiver:nginx: this is not nginx; see receiver:serve"] = function() objects.receiver[1]:nginx() end,
    -- What a terminal would execute is escaped.
    ['got "a\\u000A\\u001B[31m\\u009B"'] = function() ironclad.date "a\n\27[31m\194\155" end,
  }
  for message, slip in pairs(slips) do
    it("is named: " .. message, function() scene.assert_mistake(message:gsub(" $", ""), slip) end)
  end
end)
