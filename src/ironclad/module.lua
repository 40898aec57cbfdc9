--- The module `ironclad`: a client of Ironclad, the contract lifecycle management service.

local core = require "ironclad.core"
local client = require "ironclad.client"
local Error = require "ironclad.base.error"
local lazy = require "ironclad.base.lazy"
local mistake = require "ironclad.base.mistake"
local names = require "ironclad.base.names"

local concurrent = lazy "ironclad.loop.concurrent"
local store = lazy "ironclad.connections.store"
local values = lazy "ironclad.values.values"

local ironclad = {
  _NAME = "ironclad",
  _VERSION = "ironclad " .. core.version,
  _DESCRIPTION = "A client of Ironclad, the contract lifecycle management service",

  --- JSON null. It counts as true in a condition, and is equal to cjson.null and ngx.null.
  null = core.null,
  --- array(t) marks a table as a list and returns it: an empty one is then sent as [] and not as {}.
  array = core.array,
  --- file(path) or file{ path =, data =, filename =, content_type = }: a file to send. Either path or data is given.
  file = core.file,
  --- operations() -> the catalog: a list of all operations as tables.
  operations = core.operations,
  connect = client.connect,
  from_env = client.from_env,
}

--- Values for attributes, properties and queries: money("USD", 5000), date(2026, 1, 31), duration{ years = 1 },
-- address{ lines = { … } }.
for _, name in ipairs { "money", "date", "duration", "address" } do
  ironclad[name] = function(...) return values[name](...) end
end

--- Many calls at once: spawn(fn, ...) -> a task; run([fn, ...]) waits for all tasks; mailbox() is for other event
-- loops.
function ironclad.spawn(...) return concurrent.spawn(...) end
function ironclad.mailbox(...) return concurrent.mailbox(...) end

--- help(name) prints what an operation, a function, an option or an error kind is: ironclad.help "records:list".
function ironclad.help(...) return lazy.load "ironclad.help"(...) end

--- scopes_for{ "workflows:launch", … } -> the scopes that these calls need.
function ironclad.scopes_for(...) return lazy.load "ironclad.connections.scopes_for"(...) end

--- login{ … } -> a client for the person who logs in with a browser; nil and an error.
function ironclad.login(...) return lazy.load "ironclad.connections.login"(...) end

--- progress(label, options) -> a bar on standard error.
function ironclad.progress(...) return lazy.load "ironclad.base.progress"(...) end

--- Token stores: store.file(path), and in nginx store.shared_dict(name).
ironclad.store = {
  file = function(...) return store.file(...) end,
  shared_dict = function(...) return lazy.load "ironclad.connections.shared_dict"(...) end,
}

-- Fields that are loaded at their first use: name -> the module, and its field when it has several.
--
-- filter and scim_filter are formulas for the query parameter `filter`: filter.Equals(…) and others; for SCIM's lists
-- scim_filter.eq(…) and others. scopes is the list of the known scopes: { scope =, label =, grants = {…} }. csv has
-- rows(path) and writer(path, options). webhook.unwrap(headers, raw_body, public_key) -> the event of a webhook; nil
-- and an error. clickwrap{ … } connects to Clickwrap; clickwrap.filter has its filters.
local loaded_later = {
  filter = { "ironclad.values.filter" },
  scim_filter = { "ironclad.values.scim_filter" },
  scopes = { "ironclad.connections.scopes", "known" },
  webhook = { "ironclad.events.webhook" },
  csv = { "ironclad.values.csv" },
  clickwrap = { "ironclad.clickwrap" },
}

-- The names of all fields.
local function names_of(self)
  local list = {}
  for name in next, self do list[#list + 1] = name end
  for name in pairs(loaded_later) do list[#list + 1] = name end
  return list
end

local function load_field(self, name)
  local place = loaded_later[name]
  if name == "sandbox" then
    mistake.raise(nil, "ironclad has no sandbox; ironclad.sandbox is a module of its own, which is required")
  elseif not place then
    return names.missing("ironclad", name, names_of(self))
  end
  local value = lazy.load(place[1])
  if place[2] then value = value[place[2]] end
  rawset(self, name, value)
  return value
end

--- The versions of this build: a table with version, libcurl, tls, cjson (texts) and http2 (a boolean). When
-- SSLKEYLOGFILE is set in the environment, tls_key_log is the file to which libcurl writes the keys of all TLS
-- connections.
function ironclad.info()
  return core.info()
end

--- What has been done in this process since the module was loaded, by all clients together; a new table. In nginx
-- each worker is a process, and a forked child counts from zero. `calls` that scripts have started, `failed` those that
-- ended with an error, `requests` that were sent (for tokens too), `retries` among them, `tokens` that Ironclad has
-- given, and what there is now: requests `in_flight`, calls `pending` (not done). `waits` has a table for each
-- rate-limit bucket: how often a call waited (budget, in_flight, retry_after: the reasons of the hook on_wait), and the
-- `seconds` of all. `shared` is about the shared Redis: connections (`connected` now, `opened`, `lost`), `blocks` of
-- permits that were taken, the `permits` in them and those `returned`, how often a limit went on `alone` with
-- rate_share, `locks` of tokens that were taken, `commands` for events and states, the events `kept` until they are
-- handled, and what Redis had lost and was told `again`.
function ironclad.stats()
  return core.stats()
end

--- Returns the value, or raises the error's text: must(client.records:get(id)) for scripts that stop at an error.
function ironclad.must(value, err)
  if err ~= nil then mistake.raise(nil, tostring(err)) end
  return value
end

--- The SHA-256 of a string or an ironclad.file.
-- @return 64 hexadecimal digits; nil and an error (kind "io") when the file cannot be read
function ironclad.sha256(subject, ...)
  mistake.check_surplus("ironclad.sha256", ...)
  if type(subject) ~= "string" and getmetatable(subject) ~= getmetatable(core.file { data = "-" }) then
    mistake.raise("ironclad.sha256", "expected a string or ironclad.file(…), got %s", mistake.type_of(subject))
  end
  local digest, message = core.sha256(subject)
  if not digest then return nil, Error.new { kind = "io", message = message, outcome = "not_done",
    retryable = false } end
  return digest
end

ironclad.json = {
  --- encode(value) -> text. Raises an error, with the value's path, for a value that JSON cannot hold. A table is a
  -- list when its keys are 1 to n or ironclad.array has marked it; otherwise it is an object, and an empty one is {}.
  -- encode(value, { pretty = true, sort = true }): with line ends and two spaces for each level; `sort` (which `pretty`
  -- implies) writes the keys of objects in order, so that equal values have equal texts.
  encode = function(value, style, ...)
    if style == nil or getmetatable(style) == Error then
      local fine, text = pcall(core.json.encode, value)
      if not fine and type(text) ~= "string" then error(text, 0) end -- raised by a table's __as_text
      if not fine then mistake.raise(nil, text) end
      return text
    end
    return lazy.load("ironclad.values.pretty").public(value, style, ...)
  end,
  --- decode(text) -> value, or nil and an error. null is ironclad.null. Lists are marked as by ironclad.array. On Lua
  -- 5.3 and later, integers of up to 64 bits are integers. A number that Lua cannot hold becomes a string of its
  -- digits: an integer of more than 64 bits (on the other Luas, above 2^53), or a number too large for a double.
  decode = function(text, ...)
    mistake.check_surplus("ironclad.json.decode", ...)
    if type(text) ~= "string" then
      mistake.raise("ironclad.json.decode", "expected a string, got %s", mistake.type_of(text))
    end
    local value, message, kind = core.json.decode(text)
    if message ~= nil then
      return nil, Error.new { kind = kind, message = message, outcome = "not_done", retryable = false }
    end
    return value
  end,
}

function ironclad.run(...) return concurrent.run(...) end

for name, functions in pairs { ironclad = ironclad, ["ironclad.json"] = ironclad.json,
  ["ironclad.store"] = ironclad.store } do
  mistake.need_dot(functions, name)
end
local run = ironclad.run
mistake.guard_all(ironclad)
ironclad.run = mistake.guard_waiting(run) -- in Lua 5.1 it calls a function of the script
names.strict("ironclad.json", mistake.guard_all(ironclad.json))
names.strict("ironclad.store", mistake.guard_all(ironclad.store))

return setmetatable(ironclad, {
  __index = mistake.guard(load_field),
  __newindex = mistake.guard(function(self, name, value)
    client.assign("ironclad", self, name, value, names_of(self))
  end),
  __pairs = function(self)
    for name in pairs(loaded_later) do load_field(self, name) end
    return next, self
  end,
})
