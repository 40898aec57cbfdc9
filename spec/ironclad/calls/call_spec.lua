-- Calling operations: the methods, their arguments, what is sent and what comes back.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local unpack = rawget(table, "unpack") or rawget(_G, "unpack")

local catalog = ironclad.operations()
local play = scene.player()

setup(play.setup)
teardown(play.teardown)

-- The smallest arguments that an operation takes.
local function example(entry)
  local values = {
    string = "x", integer = 1, number = 1, boolean = true, object = { a = "b" }, array = ironclad.array { "x" },
    comment = "why", any = "x",
  }
  local path, body = {}, nil
  for i in ipairs(entry.path_parameters) do path[i] = "id" .. i end
  if entry.body ~= "none" then
    body = {}
    for _, field in ipairs(entry.fields) do
      if field.own then
        body[field.name] = true
      elseif field.name == "gkey" then
        body.gkey = "x"
      elseif field.required and not field.fill and not field.site then
        body[field.name] = field.type == "file" and ironclad.file { data = "bytes",
          filename = "a.pdf" } or field.choices and (field.type == "array" and { field.choices[1] } or field.choices[1])
          or values[field.type]
      end
    end
  end
  return path, body
end

-- The query that an operation cannot be without.
local function needed_query(entry)
  local query = {}
  for _, parameter in ipairs(entry.query) do
    if parameter.required and not parameter.site then
      query[parameter.name] = parameter.choices and parameter.choices[1] or parameter.default or "x"
    end
    if parameter.name == "gkey" then query.gkey = "x" end
  end
  return query
end

-- A client of each product, of the same server.
local clients = {}

local function resource_of(product, name)
  local place = clients[product]
  for part in name:gmatch "[%w_]+" do place = place[part] end
  return place
end

describe("every operation of the catalog", function()
  setup(function()
    play.serve(peer.json "{}")
    clients.clm, clients.clickwrap = play.client, scene.clickwrap(play.server)
  end)

  for _, entry in ipairs(catalog) do
    local expected = entry.path:gsub("{[%w_]+}", (function()
      local i = 0
      return function()
        i = i + 1
        return "id" .. i
      end
    end)())

    if entry.name then
      it("is a method: " .. entry.resource .. ":" .. entry.name, function()
        local path, body = example(entry)
        local resource = resource_of(entry.product, entry.resource)
        path[#path + 1] = body or needed_query(entry)
        path[#path + 1] = { dry_run = true }
        local request = resource[entry.name](resource, unpack(path))
        assert.equal(entry.method, request.method)
        assert.equal(expected, (request.url:gsub("^http://127.0.0.1:%d+", ""):gsub("%?.*", "")))
        assert.equal(entry.body == "form", request.form ~= nil)
      end)
    end

    it("is called by id: " .. entry.id, function()
      local path, body = example(entry)
      local query = needed_query(entry)
      local request = clients[entry.product]:call(entry.id, { path = path, body = body, query = query },
        { dry_run = true })
      assert.equal(entry.method, request.method)
      assert.equal(expected, (request.url:gsub("^http://127.0.0.1:%d+", ""):gsub("%?.*", "")))
    end)
  end
end)

describe("arguments", function()
  setup(function() play.serve(peer.json "{}") end)

  local mistakes = {
    { "no id", function() play.client.workflows:get() end,
      "workflows:get: id: expected an id or a table that has one, got nil" },
    { "an empty id", function() play.client.workflows:get "" end, "workflows:get: id: must not be empty" },
    { "an id that climbs", function() play.client.workflows:get ".." end,
      'workflows:get: id: must not be "%." or "%.%."' },
    { "an id with a line end", function() play.client.workflows:get "a\r\nb" end,
      "id: must not hold control characters" },
    { "an id with NUL", function() play.client.workflows:get "a\0b" end, "id: must not hold control characters" },
    { "an id that is not UTF-8", function() play.client.workflows:get "caf\233" end, "id: must be UTF%-8" },
    { "an actor that is not UTF-8", function() play.client.workflows:get("id", { as_user = "caf\233" }) end,
      "as_user: must be UTF%-8, is not at byte 4" },
    { "a file name that is not UTF-8", function() ironclad.file { data = "x", filename = "caf\233.pdf" } end,
      "file: filename is not UTF%-8" },
    { "a path that is not UTF-8 and names the file", function() ironclad.file "caf\233.pdf" end,
      "file: path is not UTF%-8: give a filename" },
    { "a content type that is not UTF-8", function() ironclad.file { data = "x", content_type = "caf\233" } end,
      "file: content_type is not UTF%-8" },
    { "a fraction for a whole number", function() play.client.records:list { page = 1.5 } end,
      "page: expected a whole number, got a fraction" },
    { "a number for true or false", function() play.client.records:list { hydrateEntities = 1 } end,
      "hydrateEntities: expected a boolean, got a number" },
    { "a list for named values", function() play.client.workflows:launch { template = "t", attributes = { 1 } } end,
      "attributes: expected a table of named values, got a list" },
    { "a table without an id", function() play.client.workflows:get {} end,
      "id: expected an id or a table that has one, got a table without one" },
    { "a query parameter misspelt", function() play.client.workflows:list { pagesize = 1 } end,
      'workflows:list: pagesize: unknown query parameter or option; did you mean "pageSize"%?' },
    { "another service's word for it", function() play.client.workflows:list { limit = 2 } end,
      'limit: unknown query parameter or option; did you mean "pageSize"%?' },
    { "a query parameter among the options", function() play.client.workflows:list({}, { pageSize = 2 }) end,
      "pageSize: is a query parameter, not an option; it belongs in the table before the options" },
    { "a query parameter of a change among the options", function()
      play.client.workflows:launch({ template = "t", attributes = {} }, { useDefaultValues = true })
    end, "it belongs in { query = { useDefaultValues = … } }" },
    { "a query parameter in the body", function()
      play.client.workflows:launch { template = "t", attributes = {}, useDefaultValues = true }
    end, "useDefaultValues: is a query parameter, not a field of the body" },
    { "a field misspelt", function() play.client.records:update("id", { addPropertes = {} }) end,
      'addPropertes: unknown field; did you mean "addProperties"%?' },
    { "a path where a file goes", function()
      play.client.workflows:upload_document("id", "draft", { attachment = "recipes/nda.docx", metadata = {} })
    end, "attachment: expected ironclad.file" },
    { "a fraction for an id", function() play.client.workflows:get(1.5) end,
      "id: expected an id or a table that has one, got number" },
    { "an id that a number cannot hold", function() play.client.workflows:get(2 ^ 60) end, "id: expected an id" },
    { "a part of the path that is none", function() play.client:call("retrieve-a-workflow", { path = { id = "x",
      foo = "y" } }) end,
      "path.foo: not a part of" },
    { "a part of the path before the first", function()
      play.client:call("retrieve-a-workflow", { path = { [0] = "x", "y" } })
    end, "path.0: not a part of" },
    { "a part of the path between two", function()
      play.client:call("retrieve-a-workflow-document", { path = { [1.5] = "x", "y", "z" } })
    end, "path.1.5: not a part of" },
    { "a function for an option that is none", function() play.client.workflows:list { on_everything = print } end,
      "on_everything: unknown option" },
    { "a body for a raw read", function() play.client:request("GET", "/x", { body = {} }) end,
      "body: a GET request has no body" },
    { "an option misspelt", function() play.client.workflows:list { timout = 1 } end, 'did you mean "timeout"%?' },
    { "an option misspelt where it stands apart", function() play.client.workflows:list({}, { timout = 1 }) end,
      'workflows:list: timout: unknown option; did you mean "timeout"%?' },
    { "an option of ironclad.connect", function() play.client.workflows:list { max_in_flight = 1 } end,
      "workflows:list: max_in_flight: unknown query parameter or option of workflows:list; "
      .. "it is an option of ironclad.connect" },
    { "an option of ironclad.connect where options stand apart", function()
      play.client.workflows:list({}, { max_in_flight = 1 })
    end, "workflows:list: max_in_flight: unknown option; it is an option of ironclad.connect" },
    { "an option of ironclad.connect in the query of a change", function()
      play.client.workflows:launch({ template = "t", attributes = {} }, { query = { max_in_flight = 1 } })
    end, "max_in_flight: unknown query parameter of workflows:launch; it is an option of ironclad.connect" },
    { "an option of a call", function() ironclad.connect { instance = "demo", token = "t", to = "x" } end,
      "to: unknown option; it is an option of a call" },
    { "a parameter of the wrong type", function() play.client.workflows:list { page = "first" } end,
      "page: expected a whole number" },
    { "a fraction", function() play.client.workflows:list { page = 1.5 } end, "page: expected a whole number" },
    { "a text for a boolean", function() play.client.workflows:list { hydrateEntities = "yes" } end,
      "hydrateEntities: expected a boolean" },
    { "a list where one value goes", function() play.client.workflows:list { template = { "a" } } end,
      "template: expected a single value, not a list" },
    { "an empty list", function() play.client.workflows:list { status = ironclad.array() } end,
      "status: the list is empty" },
    { "an empty table", function() play.client.workflows:list { status = {} } end, "status: the list is empty" },
    { "a comma in a listed value", function() play.client.workflows:list { status = { "a,b" } } end,
      "must not hold a comma" },
    { "null in a query", function() play.client.workflows:list { template = ironclad.null } end,
      "template: expected a string" },
    { "a function in a query", function() play.client.workflows:list { template = print } end, "template" },
    { "no required parameter", function() play.client:call("oauth-authorize", {}) end, "response_type: missing" },
    { "no required field", function() play.client.workflows:launch { template = "t" } end,
      "workflows:launch: attributes: missing in the body of workflows:launch" },
    { "a required field misspelt", function() play.client.workflows:launch { template = "t", atributes = {} } end,
      'it holds "atributes"; did you mean that%?' },
    { "an option in the body", function() play.client.workflows:launch { template = "t", attributes = {},
      timeout = 3 } end,
      "timeout: is an option of the call, not a field of the body" },
    { "a body that is a list", function() play.client.workflows:launch { "a", "b" } end,
      "body: expected a table of fields" },
    { "a body that is a text", function() play.client.workflows:launch "t" end,
      "arguments: expected a table, got string" },
    { "what is no JSON, by its path", function()
      play.client.workflows:launch { template = "t", attributes = { lines = { 1, 2, print } } }
    end, "attributes%.lines%[3%]" },
    { "a file where there is none", function()
      play.client.workflows:create_comment("id", { comment = "x", creator = { ironclad.file { data = "x" } } })
    end, "creator%[1%]: a file is not allowed here" },
    { "too many arguments", function() play.client.workflows:get("id", {}, {}, {}) end, "too many arguments" },
    { "a dot for the colon", function() play.client.workflows.get "id" end,
      "call it with a colon: client.workflows:get" },
    { "a header with a line end", function() play.client.workflows:get("id", { headers = {
      ["X-A"] = "b\r\nX-C: d" } }) end,
      "headers.X%-A: expected a string without control characters" },
    { "a header's name that is none", function() play.client.workflows:get("id", { headers = { ["X A"] = "b" } }) end,
      "headers: a name" },
    { "the bearer as a header", function() play.client.workflows:get("id", { headers = { Authorization = "b" } }) end,
      "headers.Authorization: is set by the module" },
    { "the actor as a header", function() play.client.workflows:get("id", { headers = {
      ["X-As-User-Email"] = "b" } }) end,
      "use the option as_user" },
    { "a timeout that is none", function() play.client.workflows:get("id", { timeout = -1 }) end,
      "timeout: expected a number" },
    { "a text for a timeout", function() play.client.workflows:get("id", { timeout = "20" }) end,
      "timeout: expected a number from 0%.001 to 86400, got the string 20" },
    { "an actor without a name", function() play.client.workflows:get("id", { as_user = "" }) end,
      "as_user: must not be empty; false is for none" },
    { "a text for a table", function()
      play.client.workflows:upload_document("id", "draft", { attachment = ironclad.file { data = "x",
        filename = "a.pdf" },
        metadata = "text" })
    end, "metadata: expected a table of named values" },
    { "a text for a list", function() play.client.entities:create { name = "n", relationshipTypeKey = "customer" } end,
      "relationshipTypeKey: expected a list" },
    { "a list for a table", function() play.client.entities:create { name = "n", parent = { "e1" } } end,
      "parent: expected a table of named values" },
    { "true for a deadline", function() play.client.workflows:get("id", { deadline = true }) end,
      "deadline: expected a number" },
    { "a place that is none", function() play.client.workflows:download_document("id", "k", { to = 5 }) end,
      "to: expected a path or a function" },
    { "extra that is none", function() play.client.workflows:list { extra = { page = 1 } } end,
      "extra%.page: expected query or body" },
    { "a path by call() that lacks a part", function() play.client:call("retrieve-a-workflow", {}) end,
      "path%.id: missing" },
    { "an argument of call() that is none", function() play.client:call("retrieve-a-workflow", { id = "x" }) end,
      "id: expected path, query, body, files or to" },
    { "a raw path that is a URL", function() play.client:request("GET", "https://evil.example/") end,
      'path: must begin with one "/"' },
    { "a raw path that names a host", function() play.client:request("GET", "//evil.example/") end,
      'path: must begin with one "/"' },
    { "a raw path that climbs", function() play.client:request("GET", "/public/../oauth") end, 'must not hold "%.%."' },
    { "a raw path that climbs in disguise", function() play.client:request("GET", "/public/%2e%2E/oauth") end,
      'must not hold "%.%."' },
    { "a raw path with a space", function() play.client:request("GET", "/a b") end, "must be percent%-encoded" },
    { "a raw path with a letter that is not ASCII", function() play.client:request("GET", "/\195\169") end,
      "must be percent%-encoded" },
    { "a method that is none", function() play.client:request("FETCH", "/a") end,
      'method: expected GET, POST, PUT, PATCH or DELETE, got "FETCH"' },
    { "a method in small letters", function() play.client:request("get", "/a") end,
      'got "get"; did you mean "GET"%?' },
    { "retries below 0", function() play.client.workflows:get("id", { max_retries = -1 }) end,
      "max_retries: expected a whole number from 0 to 100, got %-1" },
    { "a fraction of retries", function() play.client.workflows:get("id", { max_retries = 1.5 }) end,
      "max_retries: expected a whole number from 0 to 100, got 1.5" },
    { "a place that is empty", function() play.client.workflows:download_document("id", "k", { to = "" }) end,
      "to: expected a path or a function, got an empty string" },
    { "headers that are a list", function() play.client.workflows:get("id", { headers = { "X: a" } }) end,
      "headers: expected a table of named values, got a list" },
    { "headers that are a text", function() play.client.workflows:get("id", { headers = "X-Key: 1" }) end,
      "headers: expected a table, got a string" },
    { "a query that is a text", function() play.client:request("POST", "/a", { query = "a=b" }) end,
      "query: expected a table, got a string" },
    { "extra that is a number", function() play.client.workflows:list { extra = 5 } end,
      "extra: expected a table, got a number" },
    { "a callback that is true", function() play.client.workflows:list { callback = true } end,
      "callback: expected a function, got a boolean" },
    { "a progress that is a number", function() play.client.workflows:list { on_progress = 5 } end,
      "on_progress: expected a function, got a number" },
    { "an actor that is true", function() play.client.workflows:get("id", { as_user = true }) end,
      "as_user: expected a string, or false for none, got true" },
    { "a download of nothing", function() play.client:download {} end,
      "url: expected a string, or a table with downloadUrl, got a table without one" },
    { "a raw body that is true", function() play.client:call("create-a-comment-on-a-workflow", { path = { "w" },
      body = true }) end, "body: expected a table of fields, got a boolean" },
    { "a limit below 0", function() play.client.workflows:each { limit = -1 } end,
      "limit: expected a whole number from 0, got %-1" },
    { "a limit misspelt", function() play.client.workflows:each { limti = 1 } end,
      'workflows:each: limti: unknown query parameter or option; did you mean "limit"%?' },
    { "nothing at once", function() play.client:map({}, print, { concurrency = 0 }) end,
      "map: concurrency: expected a whole number from 1, got 0" },
  }
  for _, case in ipairs(mistakes) do
    it("are refused before anything is sent: " .. case[1], function()
      local before = #play.server:requests()
      local fine, message = pcall(case[2])
      assert.is_false(fine)
      assert.matches(case[3], message)
      assert.matches("call_spec.lua:%d+: ", message)
      assert.equal(before, #play.server:requests())
    end)
  end

  -- A dry run that is not true or false would be one, or not be one, by surprise.
  for _, dry_run in ipairs { "no", "false", 0 } do
    local calls = {
      function(options) play.client.records:delete("id", options) end,
      function(options) play.client.records:list {dry_run = options.dry_run } end,
      function(options) play.client.records:each(nil, options) end,
      function(options) play.client:call("delete-a-record", { path = { "id" } }, options) end,
      function(options) play.client:request("DELETE", "/a", options) end,
      function(options) play.client:download("https://a.example/", options) end,
      function(options) play.client.workflow_schemas:find("NDA", options) end,
    }
    it("are no dry run: " .. tostring(dry_run), function()
      local shown = type(dry_run) == "string" and '"' .. dry_run .. '"' or dry_run
      for _, call in ipairs(calls) do
        scene.assert_mistake("dry_run: expected true or false, got " .. shown, function()
          call { dry_run = dry_run }
        end)
      end
    end)
  end

  local paths = {
    { "a/b", "a%2Fb" }, { "a?b=c", "a%3Fb%3Dc" }, { "100%", "100%25" }, { "a b", "a%20b" }, { "...", "..." },
    { "ü", "%C3%BC" }, { "a#b;c", "a%23b%3Bc" },
  }
  for _, case in ipairs(paths) do
    it("keep an id in its place: " .. case[1], function()
      ironclad.must(play.client.workflows:get(case[1]))
      assert.equal("/public/api/v1/workflows/" .. case[2], play.sent().target)
    end)
  end

  it("may be the service's table of a job where its id is expected", function()
    ironclad.must(play.client.workflows:get_launch_status { asyncJobId = "job-1" })
    assert.equal("/public/api/v1/workflows/async/job-1", play.sent().target)
  end)

  it("may be a resource's table where an id is expected", function()
    ironclad.must(play.client.workflows:get { id = "IC-12" })
    assert.equal("/public/api/v1/workflows/IC-12", play.sent().target)
  end)

  it("become a query: lists with commas, booleans, numbers, options beside them", function()
    ironclad.must(play.client.workflows:list { status = { "active", "paused" }, hydrateEntities = true, page = 2,
      timeout = 30 })
    local query = play.sent().target:match "%?(.*)"
    local parts = {}
    for part in query:gmatch "[^&]+" do parts[part] = true end
    assert.same({ ["status=active,paused"] = true, ["hydrateEntities=true"] = true, ["page=2"] = true }, parts)
  end)

  it("have what the service requires and the caller may leave out", function()
    ironclad.must(play.client.workflow_schemas:list())
    assert.equal("/public/api/v1/workflow-schemas?form=launch", play.sent().target)
    ironclad.must(play.client.obligations:create { name = "n", parentId = "p", obligationTypeKey = { "k" } })
    assert.same({}, ironclad.json.decode(play.sent().body).properties)
    ironclad.must(play.client.workflows:pause("id", { comment = "later" }))
    assert.same({ comment = { message = "later" } }, ironclad.json.decode(play.sent().body))
    ironclad.must(play.client.workflows:upload_document("id", "draft", {
      attachment = ironclad.file { data = "bytes", filename = "a.pdf" }, metadata = { comment = "new", key = "k" },
    }))
    local metadata = play.sent().body:match 'name="metadata"\r\n\r\n([^\r]*)\r\n'
    assert.same({ comment = { message = "new" }, key = "k" }, ironclad.json.decode(metadata))
  end)

  it("have one header of a name, the caller's", function()
    ironclad.must(play.client.workflows:get("id", { headers = { accept = "application/vnd.x+json" } }))
    assert.equal("application/vnd.x+json", play.sent().headers.accept)
  end)

  it("take removeParent for a new entity, as the document's example has it", function()
    ironclad.must(play.client.entities:create { name = "n", removeParent = true })
    assert.same({ name = "n", removeParent = true }, ironclad.json.decode(play.sent().body))
  end)

  it("are lists when they are empty tables, where the catalog has a list", function()
    local calls = {
      { "webhooks", "create", { events = {}, targetURL = "https://example.com" }, '"events":[]' },
      { "records", "create_download_urls", { identifiers = {}, type = "latestSignedCopy" }, '"identifiers":[]' },
      { "records", "update", "IC-1", { removeProperties = {} }, '"removeProperties":[]' },
      { "workflows", "update_attributes", "IC-1", { updates = {} }, '"updates":[]' },
      { "workflows", "update_attributes", "IC-1", { updates = ironclad.array {} }, '"updates":[]' },
      { "workflows", "launch", { template = "t", attributes = {} }, '"attributes":{}' },
    }
    for _, call in ipairs(calls) do
      local methods, last = play.client[call[1]], #call -- path and body, or the body alone
      local dry = last == 5 and methods[call[2]](methods, call[3], call[4], { dry_run = true })
        or methods[call[2]](methods, call[3], { dry_run = true })
      assert.is_truthy(dry.body:find(call[last], 1, true), dry.body)
    end
  end)

  it("keep NUL in the texts of a body", function()
    local body = play.client.workflows:launch({ template = "t\0", attributes = { a = "\0b" } }, { dry_run = true }).body
    assert.same({ template = "t\0", attributes = { a = "\0b" } }, ironclad.json.decode(body))
  end)

  it("pass what the catalog does not know as extra", function()
    ironclad.must(play.client.workflows:list { page = 1, extra = { query = { search = "a b" } } })
    assert.equal("/public/api/v1/workflows?page=1&search=a%20b", play.sent().target)
    ironclad.must(play.client.workflows:create_comment("id", { comment = "c" }, { extra = { body = { timeout = 5 } },
      query = {} }))
    assert.same({ comment = "c", timeout = 5 }, ironclad.json.decode(play.sent().body))
  end)

  it("act as the user of the call, otherwise as that of the client", function()
    ironclad.must(play.client.workflows:get("id"))
    assert.equal("a@b.example", play.sent().headers["x-as-user-email"])
    ironclad.must(play.client.workflows:get("id", { as_user = "5f0375c4cdc1927a3c5edcd3" }))
    assert.equal("5f0375c4cdc1927a3c5edcd3", play.sent().headers["x-as-user-id"])
    assert.is_nil(play.sent().headers["x-as-user-email"])
    ironclad.must(play.client.workflows:get("id", { as_user = false }))
    assert.is_nil(play.sent().headers["x-as-user-id"])
    assert.is_nil(play.sent().headers["x-as-user-email"])
  end)

  it("may name headers of their own", function()
    local headers = { ["X-Trace"] = "abc", ["X-Empty"] = "", ["X-Blank"] = "  " }
    local shown = ironclad.must(play.client.workflows:get("id", { headers = headers, dry_run = true })).headers
    assert.are.same({ ["x-trace"] = "abc", ["x-empty"] = "", ["x-blank"] = "" }, shown)
    ironclad.must(play.client.workflows:get("id", { headers = headers }))
    assert.equal("abc", play.sent().headers["x-trace"])
    assert.equal("", play.sent().headers["x-empty"])
    assert.equal("", play.sent().headers["x-blank"])
  end)
end)

describe("files", function()
  setup(function() play.serve(peer.json "{}") end)

  it("make a launch multipart, and the JSON names their parts", function()
    local bytes = {}
    for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
    local all = table.concat(bytes)
    peer.write_file(play.folder .. "/draft.docx", all .. all)
    ironclad.must(play.client.workflows:launch {
      template = "t",
      attributes = { draft = { ironclad.file(play.folder .. "/draft.docx") }, other = ironclad.file { data = all,
        filename = 'a"b.pdf' } },
    })
    local request = play.sent()
    local boundary = request.headers["content-type"]:match "^multipart/form%-data; boundary=(.+)$"
    assert.is_string(boundary)
    local data = request.body:match 'name="data"\r\nContent%-Type: application/json\r\n\r\n(.-)\r\n%-%-'
    local json = ironclad.json.decode(data)
    local by_name = {}
    for _, name in ipairs { json.attributes.draft[1].file, json.attributes.other.file } do
      local at = select(2, request.body:find('name="' .. name .. '"', 1, true))
      local head = select(2, request.body:find("\r\n\r\n", at, true))
      by_name[#by_name + 1] = { head = request.body:sub(at, head), from = head + 1 }
    end
    assert.equal(all .. all, request.body:sub(by_name[1].from, by_name[1].from + 511))
    assert.equal(all, request.body:sub(by_name[2].from, by_name[2].from + 255))
    assert.equal("\r\n--" .. boundary, request.body:sub(by_name[2].from + 256, by_name[2].from + 259 + #boundary))
    assert.matches('filename="draft.docx"', by_name[1].head, 1, true)
    assert.matches("wordprocessingml", by_name[1].head)
    assert.matches("application/pdf", by_name[2].head)
  end)

  it("stand in a form beside its fields", function()
    ironclad.must(play.client.workflows:upload_document("id", "draft", {
      attachment = ironclad.file { data = "bytes", filename = "a.pdf" }, metadata = { comment = { message = "new" } },
    }))
    local body = play.sent().body
    assert.matches('name="metadata"\r\n\r\n{"comment":{"message":"new"}}\r\n', body)
    assert.matches('name="attachment"; filename="a.pdf"\r\nContent%-Type: application/pdf\r\n\r\nbytes\r\n', body)
  end)

  it("may be given to call() by the name of their part", function()
    ironclad.must(play.client:call("launch-a-new-workflow", {
      body = { template = "t", attributes = { draft = { { file = "mine" } } } },
        files = { mine = ironclad.file { data = "bytes" } },
    }))
    assert.matches('name="mine"', play.sent().body)
  end)

  local unfit = {
    { "/nowhere/a.docx", "No such file" }, { "/dev/null", "not a regular file" }, { "FOLDER", "not a regular file" },
    { "FOLDER/pipe", "not a regular file" },
  }
  for _, case in ipairs(unfit) do
    it("that cannot be read are an error of the disk, before anything is sent: " .. case[1], function()
      peer.shell("test -p " .. play.folder .. "/pipe || mkfifo " .. play.folder .. "/pipe")
      local path, before = case[1]:gsub("FOLDER", play.folder), #play.server:requests()
      local value, err = play.client.workflows:launch { template = "t", attributes = { draft = {
        ironclad.file(path) } } }
      assert.is_nil(value)
      assert.equal("io", err.kind)
      assert.equal("not_done", err.outcome)
      assert.is_truthy(err.message:find(path, 1, true))
      assert.matches(case[2], err.message)
      assert.equal(before, #play.server:requests())
    end)
  end
end)
