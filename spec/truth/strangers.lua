-- Requests that every operation refuses: without a token or with a wrong one, for unknown ids, with values of the
-- wrong type.
local ironclad = require "ironclad"

local OPEN = { ["oauth-token"] = true, ["oauth-authorize"] = true } -- need no token
local NOBODY = "00000000-0000-4000-8000-000000000000"
local TYPES = { string = "x", integer = 1, number = 1, boolean = true, array = {}, object = ironclad.json.decode "{}",
  comment = { message = "x" }, any = "x" }
local FORM = {
  { name = "attachment", filename = "nda.pdf", data = "%PDF-" }, { name = "metadata", data = "{}" },
}

local function path_of(operation)
  local values = {}
  for i = 1, #operation.path_parameters do values[i] = NOBODY end
  return values
end

-- A body with all required fields, of the right types.
local function body_of(operation)
  local body = {}
  for _, field in ipairs(operation.fields) do
    if field.required then body[field.name] = TYPES[field.type] end
  end
  return next(body) and body or TYPES.object
end

local function query_of(operation)
  local query = {}
  for _, parameter in ipairs(operation.query) do
    if parameter.required then
      query[parameter.name] = parameter.default or parameter.choices and parameter.choices[1] or "x"
    end
  end
  return query
end

local function refuse_strangers(t, operation)
  local request = { path = path_of(operation), query = query_of(operation), token = false }
  t:refused(operation.id, 401, request)
  request.token = "wrong"
  t:refused(operation.id, 401, request)
end

-- A request for an unknown id. The documents say which error its API has for that.
local function refuse_unknown(t, operation)
  local request = { path = path_of(operation), query = query_of(operation) }
  if operation.body == "json" then request.body = body_of(operation) end
  if operation.body == "form" then request.parts = FORM end
  local answer = t:send(operation.id, request)
  if answer.status < 400 then error(("%s knows %s: %d"):format(operation.id, answer.target, answer.status), 0) end
end

-- Calls every operation at least once with a good token, whatever the answer.
local function ask(t, operation)
  local request = { query = query_of(operation) }
  if operation.body == "form" then request.parts = FORM end
  if operation.method == "GET" or request.parts then t:send(operation.id, request) end
end

local function refuse_wrong_query(t, operation)
  for _, parameter in ipairs(operation.query) do
    if parameter.type == "integer" then
      for _, value in ipairs { "-1", "x", "1e99" } do
        local query = query_of(operation)
        query[parameter.name] = value
        t:send(operation.id, { path = path_of(operation), query = query })
      end
    end
  end
end

local function refuse_wrong_body(t, operation)
  for _, text in ipairs { "", "{", "[]", "\"x\"", "{\"\255\": 1}" } do
    t:send(operation.id, { path = path_of(operation), query = query_of(operation), raw = text })
  end
end

local function refuse(t, operation)
  if not OPEN[operation.id] then refuse_strangers(t, operation) end
  if #operation.path_parameters > 0 then refuse_unknown(t, operation) else ask(t, operation) end
  refuse_wrong_query(t, operation)
  if operation.body == "json" and not OPEN[operation.id] then refuse_wrong_body(t, operation) end
end

return function(t)
  for _, operation in ipairs(ironclad.operations()) do
    if operation.product == "clm" then
      t:play("strangers: " .. operation.id, function() refuse(t, operation) end)
    end
  end
end
