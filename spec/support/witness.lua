-- A client that writes down what the sandbox answers, for spec/support/validate_answers.py: requests are named by
-- operationId and sent as given, so that wrong ones reach the sandbox too.
local http = require "spec.support.http"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local sandbox_module = require "ironclad.sandbox"

local json = ironclad.json
local witness = {}
witness.__index = witness

local operations = {}
for _, operation in ipairs(ironclad.operations()) do operations[operation.id] = operation end

local function hexadecimal(bytes)
  return (bytes:gsub(".", function(char) return ("%02x"):format(char:byte()) end))
end

-- Starts its own sandbox with the options given, and gets a token.
function witness.start(options)
  local settings = { tls = false }
  for name, value in pairs(options or {}) do settings[name] = value end
  local self = setmetatable({ sandbox = assert(sandbox_module.start(settings)), exchanges = {}, faults = {} }, witness)
  self.token = self:ok("oauth-token", { token = false, body = {
    grant_type = "client_credentials", client_id = self.sandbox.client_id, client_secret = self.sandbox.client_secret,
  } }).access_token
  return self
end

function witness:stop() self.sandbox:stop() end

-- The rest of the request of an operation: target, headers, body.
local function compose(self, operation, request)
  local at = 0
  local target = operation.path:gsub("{[^}]*}", function(name)
    at = at + 1
    return http.escaped(assert(request.path and request.path[at], operation.id .. " wants the path's " .. name))
  end) .. http.query(request.query)
  local headers, body = {}, request.raw
  for i, header in ipairs(request.headers or {}) do headers[i] = header end
  if request.parts then
    body, headers[#headers + 1] = http.multipart(request.parts)
  elseif request.body or request.raw then
    body = body or json.encode(request.body)
    if not request.headers then headers[#headers + 1] = "Content-Type: application/json" end
  end
  if operation.product == "clickwrap" then
    local own = operation.service == "clickwrap_rest" and self.clickwrap.api_token
    if request.token or own then headers[#headers + 1] = "Authorization: Bearer " .. (request.token or own) end
    return target, headers, body
  end
  local token = request.token == nil and self.token or request.token
  if token then headers[#headers + 1] = "Authorization: Bearer " .. token end
  local actor = request.as_user == nil and self.sandbox.as_user or request.as_user
  if actor then headers[#headers + 1] = "x-as-user-email: " .. actor end
  return target, headers, body
end

-- Sends a request of an operation and notes the answer. `request` is { path = {values in order}, query =, body = (a
-- table, as JSON) or parts = (see http.multipart) or raw = (bytes), headers = (lines), token = (false: none),
-- as_user = (false: none) } -> answer { status =, headers =, body =, value = (of JSON) }.
function witness:send(id, request)
  local operation = assert(operations[id], id)
  local target, headers, body = compose(self, operation, request or {})
  local port = operation.product == "clickwrap" and self.sandbox.clickwrap_url:match ":(%d+)$" or self.sandbox.port
  local answer, why = http.send(tonumber(port), http.request(operation.method, target, headers, body))
  if not answer then error(("%s: %s: %s"):format(id, target, why), 0) end
  answer.operation, answer.target = id, target
  self.exchanges[#self.exchanges + 1] = answer
  if (answer.headers["content-type"] or ""):find("json", 1, true) then answer.value = json.decode(answer.body) end
  return answer
end

-- Notes that an answer is not the expected one, and ends the scene: see witness:play.
local function complain(self, answer, expected)
  local text = ("%s is answered with %d instead of %s: %s"):format(answer.target, answer.status, expected,
    answer.body:sub(1, 300))
  self.faults[#self.faults + 1] = { operation = answer.operation, text = text }
  error({ given_up = text }, 0)
end

-- Sends a request that must succeed -> the decoded value (the bytes, when it is not JSON), the answer.
function witness:ok(id, request)
  local answer = self:send(id, request)
  if answer.status < 200 or answer.status > 299 then complain(self, answer, "2xx") end
  return answer.value == nil and answer.body or answer.value, answer
end

-- Sends a request that must be refused with this status, and this code where one is given -> the decoded value.
function witness:refused(id, status, request, code)
  local answer = self:send(id, request)
  local given = type(answer.value) == "table" and answer.value.code
  if answer.status ~= status or code and given ~= code then
    complain(self, answer, ("%d %s"):format(status, code or ""))
  end
  return answer.value
end

-- Plays a scene: a function(witness), which ends early when an answer that it needs is missing.
function witness:play(name, scene)
  local fine, why = pcall(scene, self)
  if fine or type(why) == "table" and why.given_up then return end
  self.faults[#self.faults + 1] = { text = ("%s: %s"):format(name, tostring(why)) }
end

-- Moves the sandbox's clock forward, so that jobs end.
function witness:pass_time(seconds) self.sandbox:advance(seconds) end

-- Validates all answers -> list of { operation =, status =, place =, text = }; the documents are in `folder`.
function witness:validate(folder)
  local work = peer.temporary_folder()
  local lines = {}
  for i, answer in ipairs(self.exchanges) do
    lines[i] = json.encode { operation = answer.operation, status = answer.status, headers = answer.headers,
      body = hexadecimal(answer.body) }
  end
  peer.write_file(work .. "/exchanges", table.concat(lines, "\n") .. "\n")
  local output, status = peer.shell(("python3 -W ignore spec/support/validate_answers.py %s %s"):format(
    peer.quoted(folder), peer.quoted(work .. "/exchanges")))
  peer.remove_folder(work)
  if status ~= 0 then error("validate_answers.py: " .. output) end
  local problems = {}
  for line in output:gmatch "[^\n]+" do
    local problem = json.decode(line)
    problem.target = self.exchanges[problem.line] and self.exchanges[problem.line].target
    problems[#problems + 1] = problem
  end
  return problems
end

return witness
