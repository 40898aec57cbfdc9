--- A receiver that listens on this machine, for development: receiver:serve{ port = 8080 } shows what arrives. It has
-- no TLS; Ironclad delivers to https only, so a real webhook needs a tunnel or a web server in front of it.

local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local mistake = require "ironclad.base.mistake"
local plain = require "ironclad.loop.plain"
local run = require "ironclad.calls.run"
local screen = require "ironclad.base.screen"
local task = require "ironclad.loop.task"

local serve = {}

local LABEL = "receiver:serve"
local WAIT = 0.5 -- seconds of one wait for a request
local LOOK = 0.02 -- seconds between two checks when other tasks of this state run meanwhile

local COLUMNS = 400 -- of a line of the log

local known = mistake.set { "host", "port", "log", "on_listen", "on_request" }

local Server = { __name = "ironclad.receiver.server" }

local methods = {}

--- The port that it listens at.
function methods:port() return self.intake:port() end

--- The URL of its root on this machine.
function methods:url() return self.address end

--- Ends receiver:serve after the current request.
function methods:stop() self.stopped = true end

Server.__index = methods

local function listener()
  local fine, module = pcall(require, "ironclad.listener")
  if fine then return module end
  mistake.raise(LABEL, "this build has no listener: it was built without libmicrohttpd")
end

local function check(options)
  mistake.check_options(LABEL, options, known)
  local port, host = options.port, options.host
  if port ~= nil and (type(port) ~= "number" or port < 0 or port > 65535 or port % 1 ~= 0) then
    mistake.raise(LABEL, "port: expected a number from 0 to 65535, got %s", tostring(port))
  end
  if host ~= nil and (type(host) ~= "string" or host == "") then
    mistake.raise(LABEL, "host: expected an address of this machine, got %s", mistake.type_of(host))
  end
  for _, name in ipairs { "on_listen", "on_request" } do
    if options[name] ~= nil and type(options[name]) ~= "function" then
      mistake.raise(LABEL, "%s: expected a function, got %s", name, mistake.type_of(options[name]))
    end
  end
  if options.log ~= nil and options.log ~= false and type(options.log) ~= "function" then
    mistake.raise(LABEL, "log: expected a function or false, got %s", mistake.type_of(options.log))
  end
end

local function print_line(line)
  io.stdout:write(line, "\n")
  io.stdout:flush()
end

-- Text of a request on one line of a terminal.
local function printable(text) return screen.cut(screen.clean(text), COLUMNS) end

-- "12:00:00 POST /hook 200 workflow_launched workflowID=…"
local function describe(request, status)
  local words = { os.date "%H:%M:%S", request.method, request.target, tostring(status) }
  local envelope = core.json.decode(request.body)
  local payload = type(envelope) == "table" and envelope.payload
  if type(payload) ~= "table" then return printable(table.concat(words, " ")) end
  words[#words + 1] = tostring(payload.event)
  local names = {}
  for name, value in pairs(payload) do
    if name ~= "event" and type(name) == "string" and type(value) ~= "table" then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do words[#words + 1] = name .. "=" .. tostring(payload[name]) end
  return printable(table.concat(words, " "))
end

-- Shows what went wrong, of a receiver without the hook on_error.
local function show_failure(self, event, err)
  if self.log then self.log(printable(("%s: %s"):format(tostring(event or "refused"), Error.text_of(err)))) end
end

local function answer(self, receiver)
  local request = self.intake:request()
  local path, query = request.target:match "^([^?]*)%??(.*)$"
  local status, text = receiver:handle(request.headers, request.body, { method = request.method, path = path,
    query = query })
  self.intake:answer(status, text)
  if self.log then self.log(describe(request, status)) end
  if self.on_request then self.on_request(status, request) end
end

-- Waits for a request, for a moment at most. In a task, the other tasks run meanwhile.
local function wait(self, receiver, seconds)
  if not task.current() then return self.intake:wait(math.min(seconds, WAIT)) end
  if self.intake:wait(0) then return true end
  local rested, err = run.sleep(receiver.client, math.min(seconds, LOOK))
  if not rested then error(err, 0) end
  return self.intake:wait(0)
end

local function serve_all(self, receiver)
  local due = 0
  while not self.stopped and not (plain.interrupted and plain.interrupted()) do
    if wait(self, receiver, due) then answer(self, receiver) end
    due = WAIT
    if receiver.box then
      local _, soon = receiver:work { limit = 10 }
      due = math.min(soon or WAIT, WAIT)
    end
  end
end

--- Listens, and handles what arrives, until it is stopped: by server:stop() in one of the hooks, an error, or the end
-- of the program; in the command also by Ctrl-C. With an inbox it also handles what is due there.
-- @param receiver the receiver
-- @param options
--   port        8080: where it listens; 0: any free port
--   host        "127.0.0.1": the address. Others reach any but a loopback address
--   log         function(line): called for each request with a line of text; false: nothing. nil: it is printed
--   on_listen   function(server): called when it listens. server:port(), server:url(), server:stop()
--   on_request  function(status, request): called after each answer. The request is { method =, target =, headers =
--               a list of { name, value }, body = }
-- @return true; nil and an error of kind "io" when it cannot listen
function serve.serve(receiver, options)
  options = options or {}
  if type(options) == "number" then options = { port = options } end
  check(options)
  local intake, problem = listener().intake(options.host or "127.0.0.1", options.port or 8080)
  if not intake then
    return nil, Error.new { kind = "io", message = problem, outcome = "not_done",
      retryable = false, attempts = 0 }
  end
  local self = setmetatable({ intake = intake, log = options.log, on_request = options.on_request }, Server)
  if options.log == nil then self.log = print_line end
  local host = options.host or "127.0.0.1"
  self.address = ("http://%s:%d/"):format(host:find ":" and "[" .. host .. "]" or host, intake:port())
  if self.log then self.log("listening at " .. self.address) end
  local function work()
    if options.on_listen then options.on_listen(self) end
    serve_all(self, receiver)
  end
  receiver.show = function(event, why) show_failure(self, event, why) end
  local fine, err = task.pcall(work)
  receiver.show = nil
  intake:close()
  if not fine then error(err, 0) end
  return true
end

return serve
