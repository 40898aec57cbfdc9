-- What works in every host: one list, run inside plain Lua, Neovim and nginx against a sandbox over TLS. Each entry is
-- a name, a function, and whether it needs tasks (Lua 5.1 itself has none). The functions use what a script would, and
-- nothing of busted's.
local ironclad = require "ironclad"

local must = ironclad.must

local NDA = "5f595f76c4fc9b3571413c3a"

local function same(expected, got)
  if expected ~= got then
    error(("expected %s, got %s"):format(tostring(expected), tostring(got)), 2)
  end
end

local function launch(client, bytes)
  return must(client.workflows:launch {
    template = NDA,
    attributes = {
      counterpartyName = "Acme", draft = { ironclad.file { data = bytes or "%PDF-", filename = "nda.pdf" } },
    },
  })
end

-- A document of the sandbox that is not small.
local function document(client)
  local workflow = launch(client, ("%PDF-" .. ("0123456789abcdef"):rep(20000)))
  local documents = must(client.workflows:get_documents(workflow))
  local first = documents.signaturePacketDocuments[1] or documents.excludedFromSignaturePacketDocuments[1]
  return workflow, first.key
end

local list = {}

local function entry(name, fn) list[#list + 1] = { name = name, fn = fn } end

local function entry_with_tasks(name, fn) list[#list + 1] = { name = name, fn = fn, tasks = true } end

entry("who the client is", function(client, settings)
  same(settings.as_user, must(client:check()).user.email)
end)

entry("a page of workflows", function(client)
  local page = must(client.workflows:list { pageSize = 2 })
  same(2, #page.list)
  same("number", type(page.count))
end)

entry("a launch, a comment and an approval", function(client)
  local workflow = launch(client)
  must(workflow:create_comment { comment = "from a host" })
  same("from a host", must(client.workflows:list_comments(workflow)).list[1].commentMessage)
  same("Review", must(client.workflows:get(workflow.id)).step)
end)

entry("a download, to a string, a function and a file", function(client, settings)
  local workflow, key = document(client)
  local whole = must(client.workflows:download_document(workflow, key))
  local parts = {}
  must(client.workflows:download_document(workflow, key, { to = function(part) parts[#parts + 1] = part end }))
  same(320005, #whole)
  same(whole, table.concat(parts))
  local path = settings.folder .. "/download.pdf"
  must(client.workflows:download_document(workflow, key, { to = path }))
  same(ironclad.sha256(whole), must(ironclad.sha256(ironclad.file(path))))
  os.remove(path)
end)

entry("an iterator over several pages", function(client)
  local count, total = 0, must(client.workflows:list { pageSize = 1 }).count
  for _ in client.workflows:each { pageSize = 3 } do count = count + 1 end
  same(total, count)
end)

entry("an error that is returned", function(client)
  local value, err = client.workflows:get "IC-999999"
  same(nil, value)
  same("not_found", err.kind)
end)

entry("a mistake that is thrown", function(client)
  local fine, message = pcall(client.workflows.list, client.workflows, { pagesize = 2 })
  same(false, fine)
  same(true, tostring(message):find('did you mean "pageSize"?', 1, true) ~= nil)
end)

entry("a failure of the network", function(_, settings)
  local nobody = ironclad.connect { instance = "https://127.0.0.1:9", token = "t", as_user = false, max_retries = 0,
    ca_file = settings.ca_file, loop = settings.loop }
  local value, err = nobody.workflows:get "w1"
  same(nil, value)
  same("network", err.kind)
end)

entry("hooks", function(_, settings)
  local told = 0
  local options = { on_response = function(event) told = told + (event.status == 200 and 1 or 0) end }
  for name, value in pairs(settings.connection) do options[name] = value end
  must(ironclad.connect(options).workflows:list {})
  same(true, told >= 1)
end)

entry("a token store written in Lua", function(_, settings)
  local kept, saved = nil, 0
  local store = {
    load = function() return kept end,
    save = function(_, token) kept, saved = token, saved + 1 end,
  }
  local options = { store = store }
  for name, value in pairs(settings.connection) do options[name] = value end
  must(ironclad.connect(options).workflows:list {})
  must(ironclad.connect(options).workflows:list {})
  same(1, saved)
  same("string", type(kept.access_token))
end)

entry("a callback", function(client)
  local value, err
  client.workflows:list({ pageSize = 1 }, { callback = function(...) value, err = ... end })
  ironclad.run()
  same(nil, err)
  same(1, #value.list)
end)

entry("a callback that hears of an error", function(client)
  local value, err
  client.workflows:get("IC-999999", { callback = function(...) value, err = ... end })
  ironclad.run()
  same(nil, value)
  same("not_found", err.kind)
end)

entry("callbacks of what takes several calls", function(client, settings)
  local about, gone
  client:check { callback = function(value) about = value end }
  ironclad.run()
  same(settings.as_user, about.user.email)
  local job, err
  client.workflows:launch_and_wait({
    template = NDA,
    attributes = { counterpartyName = "Acme", draft = { { url = "https://a.example/n.pdf", filename = "n.pdf" } } },
  }, { interval = 0.01, callback = function(...) job, err = ... end })
  client:logout { callback = function(value) gone = value end }
  ironclad.run()
  same(true, gone)
  same(nil, err and tostring(err))
  same("table", type(job))
end)

entry("client:map", function(client)
  local results, errors = client:map({ "IC-1", "IC-999999", "IC-1" }, function(id)
    local workflow, err = client.workflows:get(id)
    return workflow and workflow.ironcladId, err
  end, { concurrency = 2 })
  same("IC-1", results[1])
  same(nil, results[2])
  same("IC-1", results[3])
  same("not_found", errors[2].kind)
end)

entry("client:map over an iterator, to its end and not", function(client)
  local total = must(client.workflows:list { pageSize = 1 }).count
  local results = client:map(client.workflows:each { pageSize = 3 }, function(workflow)
    return must(client.workflows:get(workflow)).id
  end, { concurrency = 4 })
  same(total, #results)
  local _, errors = client:map(client.workflows:each { pageSize = 1 }, function() return nil, "no" end,
    { concurrency = 1, stop_on_error = true })
  same("no", errors[1])
  same(nil, errors[2])
end)

entry_with_tasks("tasks that wait beside each other", function(client)
  local run = require "ironclad.calls.run"
  local order = {}
  local slow = ironclad.spawn(function()
    for _ = 1, 1000 do
      must(run.sleep(client, 0.02))
      if order[1] then break end
    end
    order[#order + 1] = "slow"
    return "slow"
  end)
  local quick = ironclad.spawn(function()
    must(run.sleep(client, 0.05))
    order[#order + 1] = "quick"
    return "quick"
  end)
  same("slow", slow:wait())
  same("quick", quick:wait())
  same("quick slow", table.concat(order, " "))
end)

entry_with_tasks("tasks that share an iterator", function(client)
  local total = must(client.workflows:list { pageSize = 1 }).count
  local iterator, seen, count, tasks = client.workflows:each { pageSize = 1 }, {}, 0, {}
  for i = 1, 4 do
    tasks[i] = ironclad.spawn(function()
      for workflow in iterator do
        same(nil, seen[workflow.id])
        seen[workflow.id], count = true, count + 1
      end
    end)
  end
  for i = 1, 4 do tasks[i]:wait() end
  same(total, count)
end)

entry_with_tasks("an error in a task", function(client)
  local task = ironclad.spawn(function()
    must(client.workflows:list { pageSize = 1 })
    error("as meant", 0)
  end)
  local fine, message = pcall(task.wait, task)
  same(false, fine)
  same("as meant", message)
end)

entry_with_tasks("a task that is cancelled", function(client)
  local run = require "ironclad.calls.run"
  local task = ironclad.spawn(function() return run.sleep(client, 30) end)
  task:cancel()
  local value, err = task:wait()
  same(nil, value)
  same("cancelled", err.kind)
end)

entry_with_tasks("an iterator in a task, and a pcall around a call", function(client)
  same(true, ironclad.spawn(function()
    local count = 0
    for _ in client.workflows:each { pageSize = 3 } do count = count + 1 end
    local fine, page = pcall(client.workflows.list, client.workflows, { pageSize = 1 })
    return fine and page.count == count
  end):wait())
end)

-- A state of its own: nginx runs this list more than once.
local function new_state(settings)
  return settings.folder .. "/changes-" .. require("ironclad.core").random_hex(8)
end

entry("changes, none of them twice", function(client, settings)
  local options = { state = new_state(settings), pageSize = 10 }
  local count = 0
  for _ in client.records:changes(options) do count = count + 1 end
  same(must(client.records:list { pageSize = 1 }).count, count)
  for _ in client.records:changes(options) do error "twice" end
end)

entry_with_tasks("changes that are followed while other tasks run", function(client, settings)
  local changes = client.records:changes { state = new_state(settings), since = "now" }
    :follow { every = 0.01 }
  local names = {}
  local follower = ironclad.spawn(function()
    for record in changes do
      names[record.name] = true
      if names.First and names.Second then changes:close() end
    end
    return "closed"
  end)
  for _, name in ipairs { "First", "Second" } do
    must(client.records:create { type = "mutualNDA", name = name, properties = {} })
  end
  same("closed", follower:wait())
end)

entry_with_tasks("changes that are followed until the task is cancelled", function(client, settings)
  local changes = client.records:changes { state = new_state(settings), since = "now" }
    :follow { every = 3600 }
  local follower = ironclad.spawn(function()
    for _ in changes do end
  end)
  ironclad.spawn(function()
    -- A call whose answer has just come is not cancelled any more; then it is the next one, or the sleep.
    while not follower.done do
      must(client.records:list { pageSize = 1 })
      follower:cancel()
    end
  end)
  local fine, problem = pcall(follower.wait, follower)
  same(false, fine)
  same("cancelled", changes.error.kind)
  same(true, tostring(problem):find("cancelled", 1, true) ~= nil)
end)

local shared = {}

--- Runs the list.
-- @param settings connection = options of ironclad.connect, folder = for files, as_user, ca_file
-- @return one line of TAP for each entry, and the plan
function shared.run(settings)
  local has_tasks = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil
  local client = ironclad.connect(settings.connection)
  local lines = {}
  for _, one in ipairs(list) do
    if has_tasks or not one.tasks then
      local fine, problem = pcall(one.fn, client, settings)
      lines[#lines + 1] = ("%s %d - %s"):format(fine and "ok" or "not ok", #lines + 1, one.name)
        .. (fine and "" or "\n# " .. tostring(problem):gsub("\n", "\n# "))
    end
  end
  lines[#lines + 1] = "1.." .. #lines
  return table.concat(lines, "\n") .. "\n"
end

return shared
