-- Where the output goes: a pipe whose reader is gone, a full disk, a descriptor that is closed; for every subcommand.
local command = require "spec.support.command"
local commands = require "ironclad.command.commands"
local mistake = require "ironclad.base.mistake"
local output = require "ironclad.command.output"
local peer = require "spec.support.peer"

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

local sandbox, given, folder

setup(function()
  sandbox = command.start_sandbox()
  folder = peer.temporary_folder()
  local clickwrap = sandbox:clickwrap_settings()
  given = command.of_sandbox(sandbox, { HOME = folder, XDG_STATE_HOME = folder .. "/state", IRONCLAD_CONFIG = folder
    .. "/config/connections.json", SECRET = sandbox.client_secret, IRONCLAD_CLICKWRAP_SITE = clickwrap.site_access_id,
    IRONCLAD_CLICKWRAP_TOKEN = clickwrap.api_token, IRONCLAD_CLICKWRAP_ACTIVITY_HOST = clickwrap.url,
    IRONCLAD_CLICKWRAP_REST_HOST = clickwrap.url })
  peer.write_file(folder .. "/script.lua", "for _ = 1, 1000 do print(('x'):rep(100)) end")
end)
teardown(function()
  sandbox:stop()
  peer.remove_folder(folder)
end)

-- Every subcommand that prints to standard output, and the forms of the output of operations.
local printing = {
  login = { "login me --service --secret-env SECRET --as jane.doe@example.com --instance $IRONCLAD_INSTANCE "
    .. "--ca-file $IRONCLAD_CA_FILE --client-id $IRONCLAD_CLIENT_ID" },
  whoami = { "whoami" }, connections = { "connections" }, doctor = { "doctor" }, api = { "api GET /records" },
  scopes = { "scopes" }, download = { "download IC-1 --to $HOME/got" }, export = { "export audit_log" },
  describe = { "describe", "describe 'Mutual NDA'" }, changes = { "changes records --state $HOME/state.$number" },
  trigger = { "trigger workflow_launched --json" }, clickwrap = { "clickwrap sites list" },
  run = { "run $HOME/script.lua" }, sandbox = { "sandbox" }, completion = { "completion bash" }, man = { "man" },
  help = { "help", "help records list" },
  operations = { "records list --all", "records list --all --json", "records list --all --jsonl",
    "records list --all --csv", "records list --all --csv=id", "records list --all --table", "records get IC-22",
    "records export", "records list --dry-run", "workflows wait IC-1 --step Complete", "workflows", "--version" },
}
-- What changes something before it prints.
local changing = { "records create type=mutualNDA name=x", "records set IC-22 counterpartyName=B",
  "webhooks ensure https://a.example/$number events=workflow_launched", "exports create-and-wait audit_log",
  "api POST /webhooks targetURL=https://b.example/$number 'events:=[\"workflow_launched\"]' -o -" }
for _, words in ipairs(changing) do table.insert(printing.operations, words) end
local changes = mistake.set { "trigger workflow_launched --json", unpack(changing) }
-- What prints nothing, or is below.
local others = { logout = true, switch = true, listen = true }

-- Runs each, but one, with its standard output as `redirection` says -> { words =, err = what it says, status = } of
-- each.
local function run_all(redirection, without)
  local script, list, number = {}, {}, 0
  for name, variants in pairs(printing) do
    for _, words in ipairs(name ~= without and variants or {}) do
      number = number + 1
      list[number] = { words = words, name = name }
      script[number] = ("number=%s%d; { %s %s 2> %s/err.%d; echo $? > %s/status.%d; } %s"):format(
        redirection:gsub("%W", ""), number, command.program(), words, folder, number, folder, number, redirection)
    end
  end
  local _, status = peer.shell(("export preload; %s sh -c %s < /dev/null"):format(command.environment(given),
    peer.quoted(table.concat(script, "\n"))))
  assert.equal(0, status)
  for i, one in ipairs(list) do
    one.err = peer.read_file(("%s/err.%d"):format(folder, i))
    one.status = tonumber(peer.read_file(("%s/status.%d"):format(folder, i)))
  end
  return list
end

describe("every subcommand", function()
  it("that prints is here", function()
    for _, entry in ipairs(commands) do assert.is_true((printing[entry.name] ~= nil) ~= (others[entry.name] ~= nil)) end
  end)

  it("ends quietly when the reader of its output is gone", function()
    for _, one in ipairs(run_all "| exec 0<&-") do
      if one.name ~= "sandbox" then assert.equal("", one.err, one.words) end
      -- A script is ended by SIGPIPE, as any Lua script is, unless that is ignored here.
      assert.is_true(one.status == 0 or one.name == "run" and one.status == 141, one.words)
    end
  end)

  it("listen, too, at the next event, and removes its webhook", function()
    local out, status = command.shell(("($ironclad listen --json 2> %s/err; echo $? > %s/status) | exec 0<&- & "
      .. "%s; $ironclad trigger workflow_launched; wait; $ironclad webhooks list | grep -c 127.0.0.1"):format(folder,
      folder, peer.waiting("$ironclad webhooks list | grep -q 127.0.0.1 || [ -e " .. folder .. "/status ]")), given)
    assert.same({ "0\n", 1 }, { out, status })
    assert.same({ "", "0\n" }, { peer.read_file(folder .. "/err"), peer.read_file(folder .. "/status") })
  end)

  -- The descriptor must not become that of a file or a socket, either.
  for redirection, why in pairs { ["> /dev/full"] = "No space left on device", [">&-"] = "Bad file descriptor" } do
    it("says that its output cannot be written: " .. redirection, function()
      for _, one in ipairs(run_all(redirection)) do
        local done = changes[one.words] and "; the request was carried out" or ""
        assert.matches("ironclad: cannot write the output: " .. why .. done .. "\n$", one.err, one.words)
        assert.equal(1, one.status, one.words)
      end
    end)
  end

  -- No file may grow, which is what a full disk looks like. What is printed goes to pipes.
  it("that writes a file says that it cannot, and leaves no part of it", function()
    for words, message in pairs { ["download IC-1 --to %s/full"] = "cannot write %S+: File too large",
      ["export records -o %s/full/x.xlsx"] = "cannot write %S+: File too large",
      ["export audit_log -o %s/full/x.csv"] = "cannot write %S+: File too large",
      ["api GET /records -o %s/full/x.json"] = "cannot write %S+: File too large",
      ["changes records --state %s/full/state"] = "cannot write %S+: File too large; raise the limit",
      ["records list --limit 2 --csv"] = "cannot write a temporary file: File too large",
      ["man %s/full"] = "%S+/ironclad.1: File too large" } do
      peer.shell(("rm -rf %s/full; mkdir %s/full"):format(folder, folder))
      local line = "(trap '' XFSZ; ulimit -f 0; $ironclad %s; echo status $?) 2>&1 | grep -v '^{'"
      local out = command.shell(line:format(words:format(folder)), given)
      assert.matches("^ironclad: [^\n]*" .. message .. "[^\n]*\n", out, words)
      assert.matches("\nstatus 1\n$", out)
      assert.equal("", (peer.shell(("ls -A %s/full | grep -v 'state.lock$'"):format(folder))), words)
    end
  end)

  it("that reads standard input says that it cannot", function()
    local login = "login x --instance na1 --client-id a --service --as me --secret-stdin"
    for words, label in pairs { ["download --to got -"] = "", [login] = "--secret-stdin: ", ["run -"] = "",
      ["records create --body @-"] = "--body: ", ["records create type=a name=@-"] = "name: " } do
      for redirection, why in pairs { ["< /tmp"] = "Is a directory", ["<&-"] = "Bad file descriptor" } do
        local out = command.shell(("($ironclad %s %s; echo status $?) 2>&1"):format(words, redirection), given)
        assert.equal(("ironclad: %scannot read standard input: %s\nstatus 1\n"):format(label, why), out, words)
      end
    end
  end)

  it("says that there can be no temporary file", function()
    local tmpfile = io.tmpfile
    io.tmpfile = function() return nil, "Read-only file system", 30 end -- luacheck: ignore 122
    local _, problem = pcall(output.list, { csv = true }, { { id = "x" } })
    io.tmpfile = tmpfile -- luacheck: ignore 122
    assert.same({ "cannot write a temporary file: Read-only file system", 1 }, { problem.message, problem.status })
  end)

  it("ends well when standard input is closed", function()
    for _, one in ipairs(run_all("> /dev/null <&-", "sandbox")) do -- the sandbox would wait for Ctrl-C
      assert.equal("", one.err, one.words)
      assert.equal(0, one.status, one.words)
    end
  end)
end)
