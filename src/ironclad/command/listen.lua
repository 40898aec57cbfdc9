--- ironclad listen: receives the connection's events on this machine, shows each as it comes, and forwards it to a
-- local web application.

local connection = require "ironclad.command.connection"
local event_of = require "ironclad.events.event"
local fail = require "ironclad.command.fail"
local ironclad_source = require "ironclad.events.ironclad_source"
local mistake = require "ironclad.base.mistake"
local output = require "ironclad.command.output"
local plain = require "ironclad.loop.plain"
local run = require "ironclad.calls.run"
local screen = require "ironclad.base.screen"
local sorted = require("ironclad.base.names").sorted
local terminal = require "ironclad.command.terminal"

local listen = { flags = {
  { "forward-to", value = "URL",
    text = "Post each event to this URL, as it came; localhost:3000/hook, or a port, will do" },
  { "events", value = "EVENTS", choices = sorted(ironclad_source.names()), list = true,
    text = "The events, separated by commas (default: all)" },
  { "register", value = "URL", text = "Register a webhook with this public URL, which must lead to this machine" },
  { "keep", text = "Leave the webhook registered at the end" },
  { "host", value = "ADDRESS", text = "Where to listen (default: 127.0.0.1)" },
  { "port", value = "PORT", kind = "count", most = 65535,
    text = "The port (default: 8080; with a sandbox any free one)" },
  { "limit", value = "COUNT", kind = "count", least = 1, text = "End after this many events" },
  { "json", text = "Print one line of JSON for each event" },
  { "jsonl", text = "The same" },
  { "dry-run", refused = "listen sends what events ask for; `ironclad webhooks ensure … --dry-run` shows how a webhook "
    .. "is registered" },
} }
for _, flag in ipairs(connection.flags) do listen.flags[#listen.flags + 1] = flag end

listen.help = [[
Each event is verified, answered 200, shown, and then posted to --forward-to with the headers and the body that Ironclad
sent. What the application answers is shown; Ironclad does not get it, and does not send the event again.

With a sandbox, a webhook is registered by itself. Ironclad delivers to public https URLs only: let a tunnel lead one to
the port, and give it to --register. A webhook that was registered here is removed at the end.

  ironclad listen --forward-to localhost:3000/ironclad
  ironclad listen --register https://example.test/hook --events workflow_launched,workflow_completed --json]]

local DEFAULT_PORT = 8080
local FORWARD_SECONDS, CLEANUP_SECONDS = 30, 15

-- Headers of a delivery that belong to its connection, or that are set again when it is forwarded.
local dropped = mistake.set { "host", "content-length", "content-type", "connection", "transfer-encoding", "expect",
  "accept-encoding", "authorization", "x-as-user-email", "x-as-user-id", "te", "keep-alive", "upgrade" }

-- ---- the options ----

local function forward_url(text)
  if not text then return nil end
  if text:find "^%d+$" then text = "127.0.0.1:" .. text end
  if not text:find "^%a[%w+.-]*://" then text = "http://" .. text end
  if not text:find "^https?://[^/?#]" then
    fail.usage("--forward-to: expected a URL, as in --forward-to http://localhost:3000/ironclad, got %q", text)
  end
  return text
end

local function events_of(text)
  local known, list = ironclad_source.names(), {}
  for name in (text or "*"):gmatch "[^%s,]+" do
    local objection = mistake.unknown({ [name] = true }, known, "event")
    if objection then fail.usage("--events: %s", objection) end
    list[#list + 1] = name
  end
  if #list == 0 then fail.usage "--events: expected names, as in --events workflow_launched,workflow_completed" end
  return list
end

-- ---- the webhook ----

-- Registers the webhook -> what to undo at the end, or nil.
local function register(client, url, events)
  local fine, webhook, err, did = pcall(client.webhooks.ensure, client.webhooks, { targetURL = url, events = events })
  if not fine then fail.usage("--register: %s", (tostring(webhook):gsub("^.*targetURL: ", ""))) end
  fail.unless(webhook, err)
  local done = did.action == "created" and "registered for now" or did.action == "unchanged" and "registered already"
    or did.action
  terminal.say("The webhook %s to %s is %s.", webhook.id, url, done)
  return { id = webhook.id, created = did.action == "created" }
end

local function unregister(client, registered, keep)
  if not registered then return end
  if keep or not registered.created then
    return terminal.say("The webhook %s %s.", registered.id,
      keep and "stays registered" or "was there before, and stays")
  end
  local done, err = client.webhooks:delete(registered.id, { deadline = CLEANUP_SECONDS })
  if done or err.kind == "not_found" then return terminal.say("The webhook %s was removed.", registered.id) end
  terminal.warn("ironclad: the webhook %s is still registered: %s; `ironclad webhooks delete %s` removes it",
    registered.id, tostring(err), registered.id)
end

-- ---- one event ----

-- The headers to forward. Those of one name, which a proxy may have added, are one list.
local function headers_of(request)
  local headers, names = {}, {}
  for _, pair in ipairs(request.headers) do
    local key = pair[1]:lower()
    if not dropped[key] then
      local name = names[key] or pair[1]
      headers[name] = names[key] and headers[name] .. ", " .. pair[2] or pair[2]
      names[key] = name
    end
  end
  return headers
end

local function post(client, url, request, dry_run)
  return run.call(client, "forward", "POST", { url = url, forward = request.body, headers = headers_of(request),
    deadline = FORWARD_SECONDS, max_retries = 0, dry_run = dry_run }, url)
end

-- Refuses a URL to which nothing can be posted, before an event is answered.
local function check_forward(client, url)
  local fine, problem = pcall(post, client, url, { body = "{}", headers = {} }, true)
  if fine then return end
  problem = tostring(problem):gsub("^.*forward: url: ", ""):gsub(" %(allow_http[^)]*%)", "")
  fail.usage("--forward-to: %q %s", url, problem)
end

-- Posts a delivery to the application -> { status =, seconds = } or { error = }. It raises nothing, so that the event
-- is shown: Ironclad does not send it again.
local function forward(client, url, request)
  local fine, value, err, response = pcall(post, client, url, request)
  if not fine then return { error = tostring(value) } end
  if response and response.status then return { status = response.status, seconds = response.seconds } end
  return { error = err and tostring(err) or "no answer" }
end

local function subject(event)
  local resource, id = event_of.subject(event)
  return resource and ("%s %s"):format(resource:gsub("ies$", "y"):gsub("s$", ""), id) or ""
end

local function outcome(forwarded)
  if not forwarded then return "" end
  return forwarded.status and tostring(forwarded.status) or forwarded.error
end

local function is_good(forwarded)
  return forwarded.status and forwarded.status >= 200 and forwarded.status < 300
end

local printers = {}

function printers.json(event, forwarded)
  local line = { id = event.id, forwarded = forwarded }
  for name, value in pairs(event) do line[name] = value end
  output.items({ jsonl = true }):item(line)
end

function printers.tsv(event, forwarded)
  local cells = { tostring(event.timestamp or ""), tostring(event.name), subject(event), outcome(forwarded) }
  for i, cell in ipairs(cells) do cells[i] = screen.clean(cell) end
  terminal.write(table.concat(cells, "\t"), "\n")
end

local NAME_WIDTH = 32

-- "09:14:02  workflow_launched  workflow 6b0c…  -> 200"
function printers.line(event, forwarded)
  local columns = terminal.columns()
  local parts = { os.date "%H:%M:%S", screen.fill(screen.clean(tostring(event.name)), NAME_WIDTH),
    screen.clean(subject(event)) }
  local result = forwarded and screen.clean("-> " .. outcome(forwarded)) or ""
  local room = math.min(screen.width(result), math.max(6, math.floor(columns / 3)))
  local text = screen.cut((table.concat(parts, "  "):gsub("%s+$", "")), math.max(1, columns - room - 2))
  if forwarded then
    text = text .. "  " .. terminal.paint(screen.cut(result, room), is_good(forwarded) and "green" or "red")
  end
  terminal.write(text, "\n")
end

local function printer_of(options)
  if options.json or options.jsonl then return printers.json end
  return terminal.is "output" and printers.line or printers.tsv
end

-- ---- the command ----

-- Serves until Ctrl-C, --limit or an error -> what is registered, or nil; what was raised, or nil.
local function serve(client, options, settings)
  local registered, current, server
  local count, show = 0, printer_of(options)
  local wanted = mistake.set(settings.events)
  local receiver = client.webhooks:receiver {
    on = { ["*"] = function(event) current = event end },
    when = function(event) return wanted["*"] or wanted[event.name] end,
    on_error = function(event, err)
      terminal.warn("ironclad: %s: %s", event and tostring(event) or "a request was refused", tostring(err))
    end,
  }
  local fine, served, err = pcall(receiver.serve, receiver, {
    host = options.host, port = settings.port, log = false,
    on_listen = function(it)
      server = it
      local here = it:url()
      terminal.say("Listening at %s", here)
      local url = options.register or settings.sandbox and here
      if url then
        registered = register(client, url, settings.events)
      else
        terminal.say "No webhook is registered: --register URL does it, with a public URL that leads here."
      end
      terminal.say "Ctrl-C ends it."
    end,
    on_request = function(_, request)
      local event = current
      current = nil
      if not event then return end
      show(event, settings.forward_to and forward(client, settings.forward_to, request))
      terminal.flush()
      count = count + 1
      if count == options.limit then server:stop() end
    end,
  })
  if not fine then return registered, served end
  return registered, not served and err or nil
end

function listen.run(words, options)
  if words[1] then fail.usage("listen takes no %q; --events chooses the events", words[1]) end
  local settings = { forward_to = forward_url(options["forward-to"]), events = events_of(options.events) }
  local client = connection.open(options)
  if settings.forward_to then check_forward(client, settings.forward_to) end
  settings.sandbox = connection.is_sandbox(client)
  if options.keep and not (options.register or settings.sandbox) then fail.usage "--keep goes with --register" end
  settings.port = options.port or settings.sandbox and 0 or DEFAULT_PORT
  local registered, problem = serve(client, options, settings)
  -- Ctrl-C is the usual end, and must not cancel what follows.
  plain.interrupted = nil
  unregister(client, registered, options.keep)
  local cancelled = fail.is(problem) and problem.cancelled
  -- While the webhook was being registered: it may be there.
  local unknown = cancelled and problem.err and problem.err.outcome == "unknown"
  if problem == nil or (cancelled and not unknown) then return fail.DONE end
  if type(problem) == "table" and problem.kind == "io" then
    fail.failed("%s (--port chooses another port, --host another address)", problem.message)
  end
  error(problem, 0)
end

return listen
