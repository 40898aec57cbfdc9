-- Options of the command: --dry-run of every subcommand that sends something, options that are refused, and columns
-- that no row has.
local command = require "spec.support.command"
local commands = require "ironclad.command.commands"
local connection = require "ironclad.command.connection"
local flags = require "ironclad.command.flags"
local ironclad = require "ironclad"
local names = require "ironclad.command.names"
local operation_flags = require "ironclad.command.operation_flags"
local output = require "ironclad.command.output"
local peer = require "spec.support.peer"

local sandbox, given

setup(function()
  sandbox, given = command.start_sandbox()
end)
teardown(function() sandbox:stop() end)

-- What each subcommand is given for --dry-run, and the requests that it prints; or why it refuses.
local folder = peer.temporary_folder()
local cases = {
  whoami = { { "", "^GET https://[^\n]*/oauth/userinfo\n" } },
  api = { { "POST /records type=nda", '^POST https://[^\n]*/records\nas [^\n]*\n{\n  "type": "nda"\n}\n$' } },
  download = { { "IC-1 IC-2",
    "^GET https://[^\n]*/workflows/IC%-1/documents\nas [^\n]*\nGET https://[^\n]*/workflows/IC%-2/documents\n" },
    { "--signed IC-22", "^GET https://[^\n]*/records/IC%-22\n" } },
  export = { { "records --types nda", "^GET https://[^\n]*/records/export[^\n]*types=nda" },
    { "audit_log --from 2026-01-01", '^POST https://[^\n]*/exports\n.*"exportType": "audit_log"' } },
  describe = { { "", "^GET https://[^\n]*/workflow%-schemas" },
    { "'Mutual NDA'", "^GET https://[^\n]*/workflow%-schemas" } },
  trigger = { { "workflow_launched workflowID=x", '^POST https://[^\n]*/_sandbox/send_event\n.*"workflowID": "x"' } },
  login = { refused = "depends on what is answered" }, doctor = { refused = "doctor changes nothing" },
  changes = { refused = "`ironclad RESOURCE list %-%-dry%-run`" }, listen = { refused = "`ironclad webhooks ensure" },
  run = { refused = "`dry_run = true` is an option" }, clickwrap = { refused = "one after the other" },
}
for _, name in ipairs { "logout", "connections", "switch", "scopes", "sandbox", "completion", "man", "help" } do
  cases[name] = { refused = name .. " sends nothing to Ironclad" }
end
-- The words after `ironclad` that lead to a subcommand.
local function leading_to(name) return name == "clickwrap" and "clickwrap terms x" or name end

-- A value for an option, by what its help calls it.
local values = { NAME = "acme", USER = "jane.doe@example.com", COLUMNS = "name", FOLDER = folder .. "/new",
  PATH = folder .. "/new", FILE = folder .. "/new", URL = "https://example.test/", DAY = "2026-01-01",
  ["@FILE"] = "{}", ["NAME:VALUE"] = "x-a: b", FORMAT = "CSV", TIME = "90d", STEP = "Review", STATUS = "active" }

local function words_of_option(flag, name)
  if not flag.value then return { "--" .. flag[1] } end
  if name == "whoami" and flag.value == "COLUMNS" then return { ("--%s=email"):format(flag[1]) } end
  return { ("--%s=%s"):format(flag[1], values[flag.value] or flag.kind and "5" or "x") }
end

-- The options that every operation takes.
local common = {}
for _, list in ipairs { connection.flags, output.flags } do
  for _, flag in ipairs(list) do common[flag[1]] = true end
end

-- Runs lists of words with --dry-run: each prints a request, or a line that says why not; nothing is sent but what
-- reads a schema, and no file is made. Returns the words that were refused, each with that line.
local function walk(list, environment)
  for _, words in ipairs(list) do words[#words + 1] = "--dry-run" end
  sandbox:clear_requests()
  local refused = {}
  for i, result in ipairs(command.run_all(list, environment)) do
    local words = table.concat(list[i], " ")
    if result.status == 0 then
      assert.matches("^%u+ https?://", result.out, words)
      assert.equal("", result.err, words)
    else
      assert.same({ 2, "" }, { result.status, result.out }, words .. result.err)
      assert.matches("^ironclad: [^\n]+\n$", result.err, words)
      refused[#refused + 1] = words .. ": " .. result.err
    end
  end
  for _, request in ipairs(sandbox:requests()) do
    if request.path ~= "/oauth/token" then
      assert.equal("GET", request.method)
      assert.matches("schema", request.path)
    end
  end
  assert.equal("", (peer.shell("ls " .. folder .. "/new 2>/dev/null")))
  return refused
end

describe("--dry-run", function()
  local named

  setup(function()
    local path = folder .. "/connections.json"
    peer.write_file(path, ironclad.json.encode { acme = { instance = sandbox.instance,
      client_id = sandbox.client_id, client_secret = sandbox.client_secret, as_user = sandbox.as_user,
      ca_file = sandbox.ca_file } })
    peer.shell("chmod 600 " .. path)
    named = command.of_sandbox(sandbox, { IRONCLAD_CONFIG = path, IRONCLAD_CLICKWRAP_SITE = "s",
      IRONCLAD_CLICKWRAP_TOKEN = "t", IRONCLAD_CLICKWRAP_ENVIRONMENT = "demo" })
  end)
  teardown(function() peer.remove_folder(folder) end)

  for _, entry in ipairs(commands) do
    it("of " .. entry.name, function()
      local case = cases[entry.name]
      assert.is_table(case, "there is no case")
      for _, one in ipairs(case) do
        sandbox:clear_requests()
        local out, err, status = command.run(("%s %s --dry-run"):format(entry.name, one[1]), given)
        assert.same({ 0, "" }, { status, err })
        assert.matches(one[2], out)
      end
      if case.refused then
        local out, err, status = command.run(leading_to(entry.name) .. " --dry-run", given)
        assert.same({ 2, "" }, { status, out })
        assert.matches("^ironclad: %-%-dry%-run: [^\n]*" .. case.refused .. "[^\n]*\n$", err)
      end
      assert.equal(#case > 0, command.run("help " .. entry.name):find("--dry-run ", 1, true) ~= nil)
    end)
  end

  it("of every subcommand goes with each of its options, or one of them is refused", function()
    local list = {}
    for _, entry in ipairs(commands) do
      local bases = {}
      for _, one in ipairs(cases[entry.name]) do bases[#bases + 1] = one[1]:gsub("'Mutual NDA'", "x") end
      if #bases == 0 then bases[1] = "" end
      for _, flag in ipairs(require("ironclad.command." .. entry.name).flags) do
        for _, base in ipairs(flags.shown(flag) and flag[1] ~= "dry-run" and bases or {}) do
          list[#list + 1] = command.words(leading_to(entry.name), words_of_option(flag, entry.name), base)
        end
      end
    end
    for _, line in ipairs(walk(list, named)) do
      local name = line:match "^%a+"
      -- Options of one kind of report do not go with the other.
      local other = line:find "^export %-%-%a+=.*: ironclad: %-%-%a+ does not go with "
      assert.is_truthy(cases[name].refused and line:find(cases[name].refused) or other, line)
    end
  end)

  it("of every operation and helper goes with each of its options", function()
    local list = {}
    for _, product in ipairs { names.resources, names.clickwrap } do
      for _, resource in ipairs(product) do
        for _, word in ipairs(names.operation_words(resource)) do
          local _, entry, helper = names.operation(resource, word)
          local base = command.words(names.words_to(resource), word, command.arguments_of(entry, helper))
          -- `set` reads what it changes first; helpers_spec.lua has it.
          if not (helper and helper.sets) then list[#list + 1] = command.words(base) end
          for _, flag in ipairs(operation_flags.of(entry or names.takes(helper), helper)) do
            -- Those that every operation takes are tried with one of them.
            if not common[flag[1]] and not (helper and helper.sets) or word == "list" and resource == "records" then
              list[#list + 1] = command.words(base, words_of_option(flag))
            end
          end
        end
      end
    end
    assert.same({}, walk(list, named))
  end)
end)

it("a secret is never an argument, and is not repeated", function()
  for _, option in ipairs { "--client-secret=s3cr3t", "--client-secret s3cr3t", "--secret=s3cr3t", "--password s3cr3t",
    "--token=s3cr3t" } do
    local out, err, status = command.run("login x " .. option, { HOME = "/nowhere" })
    assert.same({ 2, "" }, { status, out })
    assert.matches("^ironclad: %-%-[%a-]+: other users can see[^\n]*%-%-secret%-stdin, %-%-secret%-command", err)
    assert.is_nil(err:find("s3cr3t", 1, true))
  end
end)

it("help takes an operation as scopes and scripts spell it", function()
  for spelled, words in pairs { ["records:list"] = "records list", ["workflows:create_comment"] =
    "workflows create-comment", ["scim.users:list"] = "users list", ["workflows:wait"] = "workflows wait",
    ["clickwrap contracts:list"] = "clickwrap contracts list" } do
    local out, err, status = command.run("help " .. spelled, given)
    assert.equal(0, status, err)
    assert.equal(#(command.run("help " .. words, given)) > 0, #out > 0)
    assert.matches("\nUsage\n  ironclad ", out)
  end
  local _, err, status = command.run("help records:lst", given)
  assert.equal(2, status)
  assert.matches("did you mean list", err)
end)
