-- Iterators: they read every page, give every item once, and end.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

after_each(scene.stop)

-- A server with those answers, one after the other, and a client of it.
local function play(answers)
  local server = scene.answering(answers)
  return server, scene.connect(server, { as_user = "a@b.example", rate_limit = false })
end

-- The text of a list of items w<from> to w<to>.
local function items(from, to)
  local list = {}
  for i = from, to do list[#list + 1] = ('{"id":"w%d"}'):format(i) end
  return "[" .. table.concat(list, ",") .. "]"
end

-- A page of Ironclad's own API; with `count` or `size` false it does not have that field.
local function page(from, to, count, size)
  return peer.json(('{"page":0%s%s,"list":%s}'):format(count and (',"count":%d'):format(count) or "",
    size and (',"pageSize":%d'):format(size) or "", items(from, to)))
end

local function scim(from, to, total, more)
  return peer.json(('{"totalResults":%d,"startIndex":%d%s,"Resources":%s}'):format(total, from, more or "",
    items(from, to)))
end

-- What the iterator gives, joined.
local function collect(iterator)
  local ids = {}
  for item in iterator do ids[#ids + 1] = item.id end
  return table.concat(ids, " ")
end

local function numbered(from, to)
  local ids = {}
  for i = from, to do ids[#ids + 1] = "w" .. i end
  return table.concat(ids, " ")
end

-- The query of each request so far, with its parameters sorted by name.
local function queries_of(server)
  local queries = {}
  for i, request in ipairs(server:requests()) do
    local parameters = {}
    for parameter in request.target:match("%?(.*)"):gmatch "[^&]+" do parameters[#parameters + 1] = parameter end
    table.sort(parameters)
    queries[i] = table.concat(parameters, "&")
  end
  return queries
end

describe("each", function()
  local walks = {
    { "an empty list", { page(1, 0, 0, 2) }, 0, { 0 } },
    { "one item", { page(1, 1, 1, 2) }, 1, { 0 } },
    { "a full page", { page(1, 2, 2, 2) }, 2, { 0 } },
    { "a page and one", { page(1, 2, 3, 2), page(3, 3, 3, 2) }, 3, { 0, 1 } },
    { "three pages", { page(1, 2, 6, 2), page(3, 4, 6, 2), page(5, 6, 6, 2) }, 6, { 0, 1, 2 } },
    { "pages that the server caps and says so", { page(1, 1, 2, 1), page(2, 2, 2, 1) }, 2, { 0, 1 } },
    { "pages that the server caps and does not say so", { page(1, 1, 2, 2), page(2, 2, 2, 2) }, 2, { 0, 1 } },
    { "a list whose end was deleted", { page(1, 2, 4, 2), page(3, 3, 3, 2), page(1, 2, 3, 2), page(3, 3, 3, 2) }, 3,
      { 0, 1, 0, 1 } },
    { "a list whose beginning was deleted",
      { page(1, 2, 6, 2), page(4, 5, 5, 2), page(2, 3, 5, 2), page(4, 5, 5, 2), page(6, 6, 5, 2) }, 6,
      { 0, 1, 0, 1, 2 }, "w1 w2 w4 w5 w3 w6" },
    { "a list that is emptied meanwhile",
      { page(1, 2, 6, 2), page(5, 6, 4, 2), page(3, 4, 4, 2), page(5, 6, 4, 2) }, 6, { 0, 1, 0, 1 },
      "w1 w2 w5 w6 w3 w4" },
    { "a count that falls and rises for ever",
      { page(1, 2, 6, 2), page(3, 4, 5, 2), page(1, 2, 6, 2), page(3, 4, 5, 2), page(1, 2, 6, 2), page(3, 4, 5, 2),
        page(1, 2, 6, 2), page(3, 4, 5, 2), page(1, 2, 6, 2), page(3, 4, 5, 2), page(5, 5, 5, 2) }, 5,
      { 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 2 } },
    { "a count that is a lie", { page(1, 2, 1, 2), page(3, 4, 0, 2), page(5, 5, -1, 2) }, 5, { 0, 1, 2 } },
    { "a page that is empty for this user",
      { page(1, 2, 5, 2), page(1, 0, 5, 2), page(3, 3, 5, 2), page(1, 0, 5, 2) }, 3, { 0, 1, 2, 3 } },
  }
  for _, row in ipairs(walks) do
    local name, answers, total, pages, order = row[1], row[2], row[3], row[4], row[5]
    it("walks " .. name, function()
      local server, client = play(answers)
      local ids = collect(client.workflows:each { pageSize = 2, status = "active" })
      assert.are.equal(order or numbered(1, total), ids)
      local queries = {}
      for i, number in ipairs(pages) do queries[i] = ("page=%d&pageSize=2&status=active"):format(number) end
      assert.are.same(queries, queries_of(server))
    end)
  end

  local uncounted = {
    { "a short page", { page(1, 2, nil, 2), page(3, 3, nil, 2) }, 3, 2 },
    { "a full page and an empty one", { page(1, 2, nil, 2), page(1, 0, nil, 2) }, 2, 2 },
    { "pages that the server caps", { page(1, 1, nil, 1), page(2, 2, nil, 1), page(1, 0, nil, 1) }, 2, 3 },
    { "pages that the server caps in silence", { page(1, 1), page(2, 2), page(1, 0) }, 2, 3 },
  }
  for _, row in ipairs(uncounted) do
    it("ends, without a count, after " .. row[1], function()
      local server, client = play(row[2])
      assert.are.equal(numbered(1, row[3]), collect(client.webhooks:each { pageSize = 2 }))
      assert.are.equal(row[4], #server:requests())
    end)
  end

  it("walks SCIM from 1, by what really came", function()
    local server, client = play { scim(1, 2, 5), scim(3, 4, 5), scim(5, 5, 5) }
    assert.are.equal(numbered(1, 5), collect(client.scim.users:each { count = 3, filter = 'active eq "true"' }))
    local starts = {}
    for i, request in ipairs(server:requests()) do starts[i] = request.target:match "startIndex=(%d+)" end
    assert.are.same({ "1", "3", "5" }, starts)
  end)

  it("goes back in SCIM's lists, too, when what was given is deleted", function()
    local server, client = play { scim(1, 2, 5), scim(4, 5, 4), scim(2, 3, 4), scim(4, 5, 4) }
    assert.are.equal("w1 w2 w4 w5 w3", collect(client.scim.users:each { count = 2 }))
    local starts = {}
    for i, request in ipairs(server:requests()) do starts[i] = request.target:match "startIndex=(%d+)" end
    assert.are.same({ "1", "3", "2", "4" }, starts)
  end)

  it("finds all that a script leaves while it deletes what it is given", function()
    local sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = false })
    local client = sandbox:connect { rate_limit = false }
    local made = {}
    for i = 1, 23 do
      made[ironclad.must(client.records:create { type = "mutualNDA", name = "moving " .. i,
        properties = { counterpartyName = "Acme" } }).id] = true
    end
    local deleted = {}
    for record in client.records:each { pageSize = 4, types = "mutualNDA" } do
      if made[record.id] and not deleted[record.id] then
        ironclad.must(record:delete())
        deleted[record.id], made[record.id] = true, nil
      end
    end
    sandbox:stop()
    assert.is_nil(next(made))
  end)

  it("walks SCIM's lists of 0, 1 and a whole page", function()
    for total, answers in pairs { [0] = { scim(1, 0, 0) }, [1] = { scim(1, 1, 1) }, [2] = { scim(1, 2, 2) } } do
      local server, client = play(answers)
      assert.are.equal(numbered(1, total), collect(client.scim.groups:each { count = 2 }))
      assert.are.equal(1, #server:requests())
    end
  end)

  it("gives the items of lists without pages, and of a bare array", function()
    local server, client = play { peer.json('{"list":' .. items(1, 2) .. "}"), peer.json(items(1, 3)) }
    assert.are.equal(numbered(1, 2), collect(client.workflow_schemas:each()))
    assert.are.equal(numbered(1, 3), collect(client.entities:each_relationship_types()))
    assert.are.same({
      "GET /public/api/v1/workflow-schemas?form=launch",
      "GET /public/api/v1/entities/relationship-types",
    }, scene.targets(server))
  end)

  it("asks for the largest pages, and for no more than a limit needs", function()
    local server, client = play { page(1, 3, 250, 100) }
    assert.are.equal(numbered(1, 3), collect(client.workflows:each { limit = 3 }))
    assert.are.same({ "page=0&pageSize=3" }, queries_of(server))
    local other, walker = play { page(1, 0, 0, 100) }
    collect(walker.workflows:each())
    assert.are.same({ "page=0&pageSize=100" }, queries_of(other))
  end)

  it("asks nothing for a limit of 0", function()
    local server, client = play { page(1, 0, 0, 100) }
    assert.are.equal("", collect(client.workflows:each { limit = 0 }))
    assert.are.equal(0, #server:requests())
  end)

  it("gives as many as the limit says where items repeat", function()
    local server, client = play { page(1, 2, 6, 2), page(2, 3, 6, 2), page(4, 5, 6, 2) }
    assert.are.equal(numbered(1, 4), collect(client.workflows:each { limit = 4, pageSize = 2 }))
    assert.are.equal(3, #server:requests())
  end)

  it("begins where it is told", function()
    local server, client = play { page(3, 4, 5, 2), page(5, 5, 5, 2) }
    assert.are.equal(numbered(3, 5), collect(client.workflows:each { page = 1, pageSize = 2 }))
    assert.are.equal(2, #server:requests())
  end)

  it("begins where it is told where the server caps pages", function()
    local server, client = play { page(3, 4, 5, 2), page(5, 5, 5, 2) }
    assert.are.equal(numbered(3, 5), collect(client.workflows:each { page = 1 }))
    assert.are.equal(2, #server:requests())
  end)

  it("takes an empty SCIM list that was left out", function()
    for _, text in ipairs { '{"totalResults":0}', '{"totalResults":0,"Resources":null}' } do
      local _, client = play { peer.json(text) }
      assert.are.equal("", collect(client.scim.users:each()))
    end
    local _, client = play { peer.json '{"totalResults":1}' }
    assert.is_false((pcall(collect, client.scim.users:each())))
  end)

  it("takes ids and options as its list does, on every page", function()
    local server, client = play { page(1, 1, 2, 1), page(2, 2, 2, 1) }
    assert.are.equal(numbered(1, 2), collect(client.workflows:each_comments({ id = "w 7" }, { pageSize = 1 },
      { as_user = "someone@example.com", headers = { ["X-One"] = "1" } })))
    for _, request in ipairs(server:requests()) do
      assert.is_truthy(request.target:find("/workflows/w%207/comments", 1, true))
      assert.are.equal("someone@example.com", request.headers["x-as-user-email"])
      assert.are.equal("1", request.headers["x-one"])
    end
    assert.are.equal(2, #server:requests())
  end)

  it("gives resources, and is a method of theirs", function()
    local server, client = play { page(7, 7, 1, 2), page(1, 2, 2, 2) }
    local workflow = client.workflows:each()()
    assert.are.equal("workflow w7", tostring(workflow))
    assert.are.equal(numbered(1, 2), collect(workflow:each_comments { pageSize = 2 }))
    assert.is_truthy(server:requests()[2].target:find("/workflows/w7/comments?", 1, true))
  end)

  it("gives items that come again among the last thousand once, those long before again", function()
    local _, client = play { page(1, 1001, 2006, 1001), page(1001, 2001, 2006, 1001), page(1002, 1003, 2006, 1001),
      page(2, 3, 2006, 1001) }
    assert.are.equal(numbered(1, 2001) .. " w2 w3", collect(client.workflows:each { pageSize = 100 }))
  end)

  it("gives the items that decoding the whole page gives, whatever they share", function()
    local list = {}
    for i = 1, 300 do -- more shared texts than are kept for the next item
      list[i] = ('{"id":"w%d","name%d":"text%d","tags":["a%d",{"name%d":[],"none":null}],"n":%d.5}'):format(i, i % 150,
        i % 70, i % 7, (i + 3) % 150, i)
    end
    local text = "[" .. table.concat(list, ",") .. "]"
    local _, client = play { peer.json('{"page":0,"pageSize":300,"count":300,"list":' .. text .. "}") }
    local given = {}
    for item in client.workflows:each { pageSize = 300 } do given[#given + 1] = setmetatable(item, nil) end
    assert.are.same(ironclad.json.decode(text), given)
  end)

  it("fetches one page ahead, and no more", function()
    local server, client = play { page(1, 2, 6, 2), page(3, 4, 6, 2), page(5, 6, 6, 2) }
    local iterator = client.workflows:each { pageSize = 2 }
    server:await(1)
    assert.are.equal("w1", iterator().id)
    server:await(2)
    assert.are.equal("w2", iterator().id)
    assert.are.equal(2, #server:requests())
    iterator:close()
    assert.is_nil(iterator())
    iterator:close()
  end)

  -- A finalizer can run where an item is made. The next thing that is allocated after "restart" is the next item.
  local finalizers = {
    { "closes the iterator", function(iterator) iterator:close() end },
    { "takes items of it", function(iterator, take) take(iterator()) end },
    { "reads it to its end", function(iterator, take) for item in iterator do take(item) end end },
  }
  for _, case in ipairs(finalizers) do
    local name, act = case[1], case[2]
    it("gives items while a finalizer " .. name, function()
      local list = {}
      for i = 1, 40 do
        local fields = {}
        for n = 1, 30 do fields[n] = ('"name%d":{"text":"text %d of item %d","list":[1,{},[]]}'):format(n, n, i) end
        list[i] = ('{"id":"w%d",%s}'):format(i, table.concat(fields, ","))
      end
      local text = table.concat(list, ",")
      local _, client = play { peer.json('{"page":0,"pageSize":40,"count":40,"list":[' .. text .. "]}") }
      local iterator = client.workflows:each { pageSize = 40 }
      local seen, count = {}, 0
      local function take(item)
        if not item then return end
        assert.is_nil(seen[item.id])
        seen[item.id], count = true, count + 1
        for n = 1, 30 do assert.are.equal(("text %d of item %s"):format(n, item.id:sub(2)), item["name" .. n].text) end
      end
      local acted, problem = false, nil
      local function on_collected()
        acted = true
        local fine, message = pcall(act, iterator, take)
        if not fine then problem = message end
      end
      local step = collectgarbage("setstepmul", 1000000)
      for item in iterator do
        take(item)
        if not acted then
          collectgarbage()
          collectgarbage "stop"
          scene.on_collected(on_collected)
          collectgarbage "restart"
        end
      end
      collectgarbage("setstepmul", step)
      assert.is_nil(problem)
      assert.is_true(acted)
      if act ~= finalizers[1][2] then assert.are.equal(40, count) end
    end)
  end

  it("cancels what is in flight when it is closed", function()
    local server = scene.serve {
      connections = { { { "read" }, { "send", page(1, 1, 9, 1) }, { "read" }, { "hang" } } },
    }
    local iterator = scene.connect(server).workflows:each { pageSize = 1 }
    assert.are.equal("w1", iterator().id)
    server:await(2)
    iterator:close()
    assert.is_nil(iterator())
  end)

  it("gives nothing more when it is closed while it waits for a page", function()
    for _, answer in ipairs { page(1, 2, 4, 2), peer.json("{}", 500) } do
      local iterator
      local server = scene.answering { answer }
      local client = scene.connect(server, { on_response = function() iterator:close() end })
      iterator = client.workflows:each { pageSize = 2 }
      assert.is_nil(iterator())
      assert.is_nil(iterator())
      assert.are.equal(1, #server:requests())
    end
  end)

  if _VERSION == "Lua 5.4" then
    it("is closed when the loop is left", function()
      local _, client = play { page(1, 1, 9, 1), page(2, 2, 9, 1) }
      local iterator, state, control, closing = client.workflows:each { pageSize = 1 }
      local loop = load "local f, s, c, t = ... for _ in f, s, c, t do return true end"
      loop(iterator, state, control, closing)
      assert.is_true(iterator.closed)
    end)
  end

  it("throws what goes wrong, as text, and keeps the error", function()
    local _, client = play { page(1, 1, 2, 1), peer.json('{"code":"FORBIDDEN","message":"no"}', 403) }
    local iterator = client.workflows:each { pageSize = 1 }
    assert.are.equal("w1", iterator().id)
    local fine, message = pcall(iterator)
    assert.is_false(fine)
    assert.are.equal(tostring(iterator.error), message)
    assert.are.equal("permission", iterator.error.kind)
    assert.is_nil(iterator())
  end)

  local odd = {
    { "without a list", peer.json '{"count":2}' },
    { "with a list that is none", peer.json '{"count":2,"list":{"a":1}}' },
    { "that is a text", peer.json '"page"' },
    { "that is null", peer.json "null" },
  }
  for _, row in ipairs(odd) do
    it("refuses a page " .. row[1], function()
      local _, client = play { row[2] }
      for _, resource in ipairs { "workflows", "workflow_schemas" } do -- in pages, and in one answer
        local iterator = client[resource]:each()
        assert.is_false((pcall(iterator)))
        assert.are.equal("protocol", iterator.error.kind)
      end
    end)
  end

  it("ends at a server that gives the same page for ever", function()
    local _, client = play { page(1, 2, nil, 2) }
    local iterator = client.webhooks:each { pageSize = 2 }
    local fine, message = pcall(collect, iterator)
    assert.is_false(fine)
    assert.is_truthy(message:find("no new item", 1, true))
  end)

  it("shows the request for the first page with dry_run", function()
    local _, client = play {}
    local request = client.records:each { types = { "a", "b" }, dry_run = true }
    assert.is_truthy(request.url:find("types=a,b", 1, true) or request.url:find("types=a%2Cb", 1, true))
    assert.is_truthy(request.url:find("page=0", 1, true) and request.url:find("pageSize=100", 1, true))
  end)

  local client = ironclad.connect { instance = "na1", token = scene.TOKEN, as_user = false }
  local mistakes = {
    { "a dot for the colon", function() client.records.each {} end, "client.records:each" },
    { "a limit that is no number", function() client.records:each { limit = "3" } end, "records:each: limit" },
    { "a limit below 0", function() client.records:each { limit = -1 } end, "records:each: limit" },
    { "two limits", function() client.records:each({ limit = 1 }, { limit = 2 }) end, "given twice" },
    { "a page that is no number", function() client.records:each { page = "x" } end, "records:each: page" },
    { "false for the page", function() client.records:each { page = false } end,
      "page: expected a whole number from 0, got false" },
    { "false for the page size", function() client.records:each { pageSize = false } end,
      "pageSize: expected a whole number from 1, got false" },
    { "a page size of 0", function() client.records:each { pageSize = 0 } end,
      "pageSize: expected a whole number from 1, got 0" },
    { "an unknown parameter", function() client.records:each { type = "nda" } end, 'did you mean "types"' },
    { "a sink", function() client.records:each { to = print } end, "records:each: to" },
    { "a missing id", function() client.workflows:each_comments() end, "workflows:each_comments: id" },
  }
  if _VERSION ~= "Lua 5.1" then
    table.insert(mistakes, { "ipairs", function()
      for _, record in ipairs(client.records:each {}) do error(record) end
    end, "without ipairs" })
  end
  for _, row in ipairs(mistakes) do
    it("throws for " .. row[1] .. ", at the caller's line", function()
      local fine, message = pcall(row[2])
      assert.is_false(fine)
      assert.is_truthy(message:find(row[3], 1, true), message)
      assert.is_truthy(message:find "^[^\n]*each_spec.lua:%d+:", message)
    end)
  end
end)

-- A sanitizer keeps freed memory.
local sanitized = (os.getenv "LD_PRELOAD" or "") ~= "";

(sanitized and pending or it)("a walk over a long list takes no more memory than its beginning", function()
  local item = '{"title":"' .. ("x"):rep(300) .. '"}'
  local server = scene.answering { peer.json('{"count":20000,"pageSize":100,"list":[' .. item .. ("," .. item):rep(99)
    .. "]}") }
  local output, status = peer.lua([[
    local client = require("ironclad").connect { instance = ..., token = "t", as_user = false, rate_limit = false }
    local function resident()
      collectgarbage()
      local file = assert(io.open("/proc/self/status", "rb"))
      local size = file:read("*a"):match "VmRSS:%s*(%d+)"
      file:close()
      return tonumber(size)
    end
    local count, before = 0, nil
    for _ in client.workflows:each() do
      count = count + 1
      if count == 1000 then before = resident() end
    end
    print(count, resident() - before)
  ]], {}, peer.url(server))
  assert.are.equal(0, status, output)
  local count, grown = output:match "(%d+)%s+(%-?%d+)"
  assert.are.equal("20000", count)
  -- Older collectors start only after the garbage of more pages.
  assert.is_true(tonumber(grown) < (_VERSION == "Lua 5.4" and 2048 or 3072), grown .. " KiB")
end)

it("every list has its each", function()
  local clients = {
    clm = ironclad.connect { instance = "na1", token = scene.TOKEN, as_user = false },
    clickwrap = ironclad.clickwrap { environment = "demo", api_token = scene.TOKEN },
  }
  for _, entry in ipairs(ironclad.operations()) do
    local rest = entry.name and entry.name:match "^list(.*)$"
    if rest then
      local resource = clients[entry.product]
      for part in entry.resource:gmatch "[%w_]+" do resource = resource[part] end
      assert.is_function(resource["each" .. rest])
    end
  end
end)
