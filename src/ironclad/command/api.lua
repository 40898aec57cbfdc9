--- ironclad api METHOD PATH [NAME=VALUE…]: any request to the connection's host.

local connection = require "ironclad.command.connection"
local fail = require "ironclad.command.fail"
local output = require "ironclad.command.output"
local request = require "ironclad.command.request"
local target = require "ironclad.command.target"
local terminal = require "ironclad.command.terminal"
local typed = require "ironclad.command.typed"

local api = { flags = {} }

for _, list in ipairs { connection.flags, output.flags, {
  { "body", value = "@FILE", empty = true, text = "The JSON body: @FILE, @- or JSON text" },
  { "header", value = "NAME:VALUE", many = true, text = "One more header; may be repeated" },
  { "output", short = "o", value = "PATH", text = "Where the answer goes: a path, a FOLDER/, or -" },
}, request.flags } do
  for _, flag in ipairs(list) do api.flags[#api.flags + 1] = flag end
end

api.help = [[
PATH begins with /public/api/v1, which may be left out. NAME=VALUE is a query parameter of GET and DELETE, and a field
of the JSON body of POST, PUT and PATCH. NAME:=JSON gives a value of another type than text. The answer is printed as
JSON, on a terminal and in a pipe.

  ironclad api GET /workflows status=completed
  ironclad api POST /records --body @record.json]]

local methods = { GET = true, POST = true, PUT = true, PATCH = true, DELETE = true }

-- METHOD may be left out. Then it is GET, or POST with a body.
local function request_of(words, options)
  local method = (words[1] or ""):upper()
  local first = 2
  if not methods[method] then
    if not words[1] or not words[1]:find "^/" then
      fail.usage("expected METHOD PATH, as in `ironclad api GET /workflows`%s",
        words[1] and (", got %q"):format(words[1]) or "")
    end
    method, first = options.body and "POST" or "GET", 1
  end
  local path = words[first]
  if not path then fail.usage("%s: the path is missing, as in `ironclad api %s /workflows`", method, method) end
  if not path:find "^/" then fail.usage("the path begins with /, as in /workflows, got %q", path) end
  if not path:find "^/public/" and not path:find "^/scim/" and not path:find "^/oauth/" then
    path = "/public/api/v1" .. path
  end
  return method, path, first + 1
end

local function headers_of(list)
  local headers, seen = nil, {}
  for _, line in ipairs(list or {}) do
    local name, value = line:match "^([%w-]+):%s*(.*)$"
    if not name then fail.usage("--header: expected NAME:VALUE, got %q", line) end
    if seen[name:lower()] then fail.usage("--header: %s is given twice", name) end
    seen[name:lower()], headers = true, headers or {}
    headers[name] = value
  end
  return headers
end

-- Whether an answer was JSON. Any other text is printed as it is.
local function is_json(response)
  local kind = response.headers["content-type"]
  kind = ((type(kind) == "table" and kind[1] or kind) or ""):match("^[^;%s]*"):lower()
  return kind == "application/json" or kind:find "%+json$" ~= nil
end

-- Sends the request. A mistake in it has the names of this command.
local function send(client, method, path, call)
  local fine, value, err, response = pcall(client.request, client, method, path, call)
  if fine then return value, err, response end
  local text = tostring(value)
  if not text:find "^request: " then error(value, 0) end
  fail.usage("%s", (text:gsub("^request: ", ""):gsub("^headers%.", "--header ")))
end

local function note_change(method)
  if method ~= "GET" then terminal.note_change() end
end

function api.run(words, options, before)
  local method, path, first = request_of(words, options)
  local call = { headers = headers_of(options.header), body = options.body and typed.body(options.body) or nil }
  local seen, in_body = {}, method ~= "GET" and method ~= "DELETE"
  for i = first, #words do
    local name, text, as_json = typed.split(words[i])
    if not name or i > before then fail.usage("expected NAME=VALUE, got %q", words[i]) end
    typed.once(seen, name)
    local place = in_body and "body" or "query"
    call[place] = call[place] or {}
    typed.put(call[place], name, as_json and typed.read(name, text, true) or typed.value(name, text))
  end
  if options["dry-run"] then call.dry_run = true else target.check(options.output) end
  local to = options.output
  if to then call.to = to end
  if to == "-" then
    call.to = function(text)
      note_change(method)
      terminal.write(text)
    end
  end
  local client = connection.open(options)
  local value, err, response = send(client, method, path, call)
  if options["dry-run"] then return request.print(value, err) end
  fail.unless(value, err)
  note_change(method)
  if to then return to ~= "-" and terminal.write(terminal.clean(value), "\n") end
  if value == true or value == nil then return terminal.say("done: %s %s", method, path) end
  if type(value) == "string" and not is_json(response) then
    return terminal.write(terminal.is "output" and terminal.clean(value, true) or value)
  end
  if not (options.jsonl or options.csv or options.table or options.columns) then options.json = true end
  output.value(options, value)
end

return api
