-- The sandbox under malformed requests: those of spec/truth/, each with one thing broken. The same
-- every time; FUZZ_SEED and FUZZ_COUNT in the environment make other and more of them. Every answer must be one of
-- Ironclad's, by its status and, where the documents are there, by its schema.
local http = require "spec.support.http"
local ironclad = require "ironclad"
local witness = require "spec.support.witness"

local documents = require("spec.support.api_documents").folder
local count = tonumber(os.getenv "FUZZ_COUNT") or 400

-- Random numbers that are the same in every Lua: Park and Miller's generator.
local state = tonumber(os.getenv "FUZZ_SEED") or 1
local function random(limit)
  state = state * 48271 % 2147483647
  return state % limit + 1
end
local function pick(list) return list[random(#list)] end
local function once_in(times) return random(times) == 1 end

-- Replacements for a JSON value.
local values = {
  "null", "true", "0", "-1", "1.5", "1e308", "1e999", "-0", "9007199254740993", ("9"):rep(40), "nul", "-", '""',
  '"x"', "[]", "{}", '{"":1}', '{"a":1,"a":2}', '"\\u0000"', '"\\ud800"', '"\255\254"', '"%s%n%d"', '"IC-1"',
  '"<@li.wei@example.com>"', '"00000000-0000-4000-8000-000000000000"', '"2026-02-30"', '"9999-12-31T23:59:59Z"',
  '"P9999999999Y"', '"' .. ("x"):rep(100000) .. '"', ("["):rep(100) .. ("]"):rep(100), ("["):rep(600) .. ("]"):rep(600),
  "[" .. ("1,"):rep(2000) .. "1]",
}
-- Replacements for an id or a parameter.
local texts = {
  "", "x", "-1", "1e9", ("9"):rep(20), "%00", "\0", "\255", "..", "a/b", "IC-1", "IC-" .. ("9"):rep(20), "true",
  "a,b,c", "Equals([name],'x')", "Contains([", ("And("):rep(2000), ("("):rep(5000), '[a] eq "x"', ("not ("):rep(2000),
  "2026-01-01T00:00:00Z", ("y"):rep(50000), ("a,"):rep(2000), "name", "ASC",
}
local parameters = {
  "page", "pageSize", "filter", "status", "sortField", "sortDirection", "types", "lastUpdated", "startIndex", "count",
  "excludedAttributes", "template", "recordId", "importId", "addressAsObject", "x",
}

local function copy(value)
  if type(value) ~= "table" or value == ironclad.null then return value end
  local made = {}
  for name, item in pairs(value) do made[name] = copy(item) end
  return setmetatable(made, getmetatable(value))
end

-- The tables of a tree and their keys, in a fixed order.
local function places(tree, list)
  local names = {}
  for name in pairs(tree) do names[#names + 1] = name end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for _, name in ipairs(names) do
    list[#list + 1] = { tree, name }
    if type(tree[name]) == "table" and tree[name] ~= ironclad.null then places(tree[name], list) end
  end
  return list
end

-- A body as text, with one value broken or left out.
local function spoilt_json(body)
  local list = places(body, {})
  if #list > 0 then
    local place = pick(list)
    place[1][place[2]] = not once_in(4) and "@spoilt@" or nil
  end
  local fine, text = pcall(ironclad.json.encode, body) -- a list with a hole cannot be encoded
  text = fine and text:gsub('"@spoilt@"', function() return pick(values) end) or pick(values)
  if once_in(20) then text = text:sub(1, random(#text)) end
  return text
end

local function spoil_parts(request)
  local part = pick(request.parts)
  local how = random(4)
  if how == 1 then
    part.data = pick(values)
  elseif how == 2 then
    part.name = pick { "", "x", "attachment", "metadata", "data", ("n"):rep(5000) }
  elseif how == 3 then
    part.filename = pick { "", "x", "../../x.pdf", 'a"b.pdf', "\255.pdf", ".pdf", ("n"):rep(5000) }
  else
    local body, header = http.multipart(request.parts)
    request.parts, request.raw, request.headers = nil, body:sub(1, random(#body)), { header }
  end
end

local function spoil(request)
  if request.body and not once_in(3) then
    request.raw, request.body = spoilt_json(request.body), nil
  elseif request.parts and not once_in(3) then
    spoil_parts(request)
  end
  if request.path and once_in(3) then request.path[random(#request.path)] = pick(texts) end
  if once_in(3) then
    request.query = request.query or {}
    request.query[pick(parameters)] = pick(texts)
  end
  if once_in(30) then request.as_user = pick { "x", ("z"):rep(5000), "tom.becker@example.com" } end
end

local client, requests

setup(function()
  requests = {}
  client = witness.start { seed = 1 }
  local send = client.send
  function client:send(id, request)
    -- Without its site Clickwrap would refuse all later requests: the scene ends here.
    if id == "remove-a-site" then error({ given_up = "the site stays" }, 0) end
    -- Tokens are tested elsewhere; here they would break all later requests.
    if not id:find "^oauth" then requests[#requests + 1] = { id, copy(request or {}) } end
    return send(self, id, request)
  end
  for _, name in ipairs { "workflows", "signing", "records", "files", "exports", "entities", "webhooks", "scim",
    "clickwrap" } do
    client:play(name, dofile("spec/truth/" .. name .. ".lua"))
  end
  client.send, client.exchanges = nil, {}
end)
teardown(function() client:stop() end)

describe("malformed requests", function()
  it("are all answered", function()
    for i = 1, count do
      local chosen = pick(requests)
      local id, request = chosen[1], copy(chosen[2])
      spoil(request)
      local answer = client:send(id, request)
      assert.is_true(answer.status < 500, ("%d, %s: %d %s"):format(i, id, answer.status, answer.body))
    end
  end)

  it("are answered as documented", function()
    local file = io.open(documents .. "/ironclad-public-api-openapi.json", "rb")
    if not file then return pending("needs Ironclad's OpenAPI documents in " .. documents) end
    file:close()
    for _, problem in ipairs(client:validate(documents)) do
      -- spec/truth/truth_spec.lua checks the content; here it is enough that it can be parsed.
      assert.are_not.equal("body", problem.place, problem.operation .. ": " .. problem.text)
    end
  end)
end)
