-- ironclad.tables has the options that each function accepts, and no others. A function that is given an unknown option
-- looks for the nearest of its own, so these are what core.nearest is asked about.
local core = require "ironclad.core"
local ironclad = require "ironclad"
local manual = require "ironclad.manual"
local public_names = require "spec.support.public_names"
local tables = require "ironclad.tables"

local client = ironclad.connect { instance = "demo", token = "t" }
local personal = ironclad.connect { instance = "demo", client_id = "c", client_secret = "s",
  grant = "authorization_code" }
local cw = ironclad.clickwrap { environment = "demo", site_access_id = "s", api_token = "t" }
local make = require("ironclad.resources.resources").make
local webhook = ironclad.webhook.clickwrap { token = "t", clickwrap = cw }

local function receiver(options)
  return client.webhooks:receiver { on = { ["*"] = function() end }, inbox = options and options.inbox }
end

-- How each function is called with a table of options.
local calls = {
  ["ironclad.json.encode"] = function(options) return ironclad.json.encode({}, options) end,
  ["ironclad.csv.rows"] = function(options) return ironclad.csv.rows("/dev/null", options) end,
  ["ironclad.csv.writer"] = function(options) return ironclad.csv.writer("/dev/null", options) end,
  ["ironclad.progress"] = function(options) return ironclad.progress("x", options) end,
  ["client:download"] = function(options) return client:download("https://localhost/x", options) end,
  ["client:map"] = function(options) return client:map({}, print, options) end,
  ["client:with"] = function(options) return client:with(options) end,
  ["client:describe"] = function(options) return client:describe(options) end,
  ["client:check"] = function(options) return client:check(options) end,
  ["client:logout"] = function(options) return personal:logout(options) end,
  ["cw:check"] = function(options) return cw:check(options) end,
  ["cw:site"] = function(options) return cw:site(options) end,
  ["client:authorize_url"] = function(options) return personal:authorize_url(options) end,
  ["client:exchange"] = function(options) return personal:exchange("code", options) end,
  ["exports:wait"] = function(options) return client.exports:wait("j", options) end,
  ["exports:create_and_wait"] = function(options) return client.exports:create_and_wait({}, options) end,
  ["evidence:wait"] = function(options) return cw.evidence:wait("j", options) end,
  ["evidence:create_and_wait"] = function(options) return cw.evidence:create_and_wait({}, options) end,
  ["workflows:wait"] = function(options) return client.workflows:wait("w", options) end,
  ["workflow:wait"] = function(options) return make(client, "workflow", { id = "w" }):wait(options) end,
  ["workflow_schemas:find"] = function(options) return client.workflow_schemas:find("x", options) end,
  ["changes:follow"] = function(options)
    return client.records:changes({ state = { load = print, save = print } }):follow(options)
  end,
  ["clickwrap_webhook:receiver"] = function(options) return webhook:receiver(options) end,
  ["webhooks:verifier"] = function(options) return client.webhooks:verifier(options) end,
  ["webhooks:ensure"] = function(options) return client.webhooks:ensure(options) end,
  ["ironclad.webhook.verify_request"] = function(options)
    return ironclad.webhook.verify_request({}, "", "k", options)
  end,
  ["verifier:verify_request"] = function(options)
    return client.webhooks:verifier():verify_request({}, "", options)
  end,
  ["receiver:work"] = function(options)
    local inbox = { put = print, take = print, done = print, fail = print, list = print, retry = print, remove = print }
    return receiver({ inbox = inbox }):work(options)
  end,
  ["receiver:serve"] = function(options) return receiver():serve(options) end,
  ["ironclad.webhook.clickwrap"] = ironclad.webhook.clickwrap,
  ["cw:terms"] = function(options) return cw:terms("g", options) end,
  ["cw:decline"] = function(options) return cw:decline(options) end,
  ["cw:displayed"] = function(options) return cw:displayed(options) end,
  ["cw:visited"] = function(options) return cw:visited(options) end,
  ["cw:sent"] = function(options) return cw:sent(options) end,
  ["cw:accept"] = function(options) return cw:accept(options) end,
  ["cw:accepted"] = function(options) return cw:accepted("s", "g", options) end,
  ["cw:forget"] = function(options) return cw:forget(options) end,
  ["cw:history"] = function(options) return cw:history("s", options) end,
  ["cw:update_signer"] = function(options) return cw:update_signer("s", { name = "x" }, options) end,
}

-- Tables whose functions do not look for the nearest option, or look among those of ironclad.connect or a call, too.
local unchecked = {
  FileOptions = "below",
  CsvFieldOptions = "two fields, read as they are", CallArguments = "spec/ironclad/calls/call_spec.lua",
  RequestOptions = "the options of a call", LoginOptions = "the options of ironclad.connect",
  WorkflowSetOptions = "the options of a call", ChangesOptions = "the arguments of a list",
  IroncladReceiverOptions = "the source's are removed before the receiver checks the others",
  RequestAbout = "what a web server knows of a request", AcceptanceConnection = "below",
}

-- What a function is asked for with an unknown option: the names that it looks through.
local function accepted(call, given)
  local nearest, found = core.nearest, nil
  core.nearest = function(_, candidates) -- luacheck: ignore
    found = candidates
  end
  local fine, message = pcall(call, given)
  core.nearest = nearest -- luacheck: ignore
  assert.is_false(fine)
  assert.matches("unknown", tostring(message))
  table.sort(found)
  return found
end

local function fields_of(entry)
  local list = entry.like and tables[entry.like] and fields_of(tables[entry.like]) or {}
  for _, field in ipairs(entry.fields) do list[#list + 1] = field[1] end
  return list
end

describe("ironclad.tables", function()
  for _, entry in ipairs(tables) do
    if entry.of and not unchecked[entry[1]] then
      it("has the options of ironclad." .. entry[1], function()
        local expected = fields_of(entry)
        table.sort(expected)
        local count = 0
        for _, label in ipairs(entry.of) do
          if calls[label] then
            count = count + 1
            assert.same(expected, accepted(calls[label], { unheard_of = 1 }), label)
          end
        end
        assert.is_true(count > 0, "no function that takes it is called here")
      end)
    end
  end

  it("has the fields of a file", function()
    local _, message = pcall(ironclad.file, { unheard_of = 1 })
    assert.equal(message:match "known: (.-)%)", table.concat(fields_of(tables.FileOptions), ", "))
  end)

  it("has the fields of an acceptance's connection", function()
    local expected = fields_of(tables.AcceptanceConnection)
    table.sort(expected)
    local given = { signer = "s", group = "g", connection = { unheard_of = "x" } }
    assert.same(expected, accepted(calls["cw:accept"], given))
  end)

  it("has the options of a receiver that Ironclad's own has beside the others", function()
    for name, value in pairs { company = "x", verifier = client.webhooks:verifier() } do
      assert.is_true(pcall(client.webhooks.receiver, client.webhooks, { on = { ["*"] = print }, [name] = value }))
    end
    for _, field in ipairs(tables.ChangesOptions.fields) do
      local ok, message = pcall(client.records.changes, client.records, { [field[1]] = {} })
      assert.is_true(ok or not message:find "unknown", field[1])
    end
  end)

  it("says of each table which functions take or return it, and these are public", function()
    local names = public_names()
    for _, entry in ipairs(tables) do
      assert.is_truthy(entry.of or entry.from, entry[1])
      for _, label in ipairs(entry.of or entry.from) do
        assert.is_true(names[label] ~= nil, entry[1] .. ": " .. label)
      end
      local seen = {}
      for _, field in ipairs(fields_of(entry)) do
        assert.is_nil(seen[field], entry[1] .. " has " .. field .. " twice")
        seen[field] = true
      end
    end
  end)

  it("has the tables that ironclad.manual names", function()
    for _, section in ipairs(manual.sections) do
      for _, call in ipairs(section.calls) do
        for class in call[2]:gmatch "ironclad%.([%w_]+Options)" do
          assert.is_truthy(tables[class] or class == "ConnectOptions" or class == "CallOptions"
            or class == "ClickwrapOptions", class)
        end
        for _, entry in ipairs(tables.about("of", call[1])) do
          assert.is_truthy(call[2]:find("ironclad." .. entry[1], 1, true) or entry[1] == "AcceptanceConnection",
            call[1] .. " does not name " .. entry[1])
        end
      end
    end
  end)
end)
