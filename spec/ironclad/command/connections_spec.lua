-- The file of connections, as login, logout and switch change it: nothing in it is lost, and messages say which
-- connection they are about. Which user runs the specs does not matter: a file that is too large, or a folder in its
-- place, cannot be read by root either.
local command = require "spec.support.command"
local json = require("ironclad").json
local peer = require "spec.support.peer"

local sandbox, folder, home, number

setup(function()
  sandbox = command.start_sandbox()
  folder, number = peer.temporary_folder(), 0
end)
teardown(function()
  sandbox:stop()
  peer.remove_folder(folder)
end)

before_each(function()
  number = number + 1
  local place = ("%s/%d"):format(folder, number)
  peer.shell("mkdir -p " .. place)
  home = { HOME = place, XDG_STATE_HOME = place .. "/state", IRONCLAD_CONFIG = place .. "/connections.json" }
end)

local UNCHECKED = " --no-check --service --instance na1 --client-id x --secret-env S --as a@b.example"

local function write(connections)
  peer.write_file(home.IRONCLAD_CONFIG, type(connections) == "string" and connections or json.encode(connections))
  peer.shell("chmod 600 " .. home.IRONCLAD_CONFIG)
end

local function names_in(path)
  local names = {}
  for name in pairs((assert(json.decode(peer.read_file(path))))) do names[#names + 1] = name end
  table.sort(names)
  return table.concat(names, " ")
end

local function saved() return names_in(home.IRONCLAD_CONFIG) end

local function current() return (peer.read_file((home.IRONCLAD_CONFIG:gsub("%.json$", ".current")))) end

local function good(words, environment, input)
  local out, err, status = command.run(words, environment or home, input)
  assert.equal(0, status, words .. ": " .. err .. out)
  return out, err
end

-- The command ends with that status and a message that has that text.
local function refused(words, wanted, expected, environment)
  local out, err, status = command.run(words, environment or home)
  assert.same({ expected or 2, "" }, { status, out }, words .. ": " .. err)
  assert.is_truthy(err:find(wanted, 1, true), words .. ": " .. err)
  assert.is_nil(err:find "%.lua:%d", err)
end

local entry = { instance = "na1", client_id = "x", client_secret = { env = "S" }, as_user = "a@b.example" }

local function entry_with(changes)
  local copy = {}
  for name, value in pairs(entry) do copy[name] = value end
  for name, value in pairs(changes) do copy[name] = value end
  return copy
end

describe("a file of connections", function()
  local unreadable = {
    { "is too large", function() write('{"first":{"instance":"' .. ("x"):rep(2 ^ 20) .. '"}}') end,
      "larger than 1 MiB" },
    { "is a folder", function() peer.shell("mkdir " .. home.IRONCLAD_CONFIG) end, "Is a directory" },
    { "is a list", function() write "[]" end, "expected an object with the options of each connection" },
    { "is empty", function() write "" end, "invalid JSON" },
  }
  for _, case in ipairs(unreadable) do
    it("that " .. case[1] .. " is not replaced", function()
      case[2]()
      local before = peer.shell("ls -l " .. home.IRONCLAD_CONFIG)
      for _, words in ipairs { "login third" .. UNCHECKED, "logout first --remove", "switch first", "connections" } do
        refused(words, case[3])
      end
      assert.equal(before, (peer.shell("ls -l " .. home.IRONCLAD_CONFIG)))
      assert.equal("no\n", (peer.shell("test -e " .. home.HOME .. "/connections.current || echo no")))
    end)
  end

  it("that is a symbolic link stays one", function()
    local target = home.HOME .. "/dotfiles/ironclad.json"
    peer.shell(("mkdir %s/dotfiles && ln -s dotfiles/ironclad.json %s"):format(home.HOME, home.IRONCLAD_CONFIG))
    refused("login a" .. UNCHECKED, "is a symbolic link that cannot be followed: No such file", 1)
    peer.write_file(target, "{}")
    good("login a" .. UNCHECKED)
    good("login b" .. UNCHECKED)
    assert.equal("dotfiles/ironclad.json\n", (peer.shell("readlink " .. home.IRONCLAD_CONFIG)))
    assert.equal("a b", names_in(target))
    assert.equal("600\n", (peer.shell("stat -c %a " .. target)))
  end)

  it("gets the connections of all processes that change it at once", function()
    write { old = entry }
    local lines = {}
    for i = 1, 6 do lines[i] = ("$ironclad login c%d%s &"):format(i, UNCHECKED) end
    lines[7] = "$ironclad logout old --remove & $ironclad switch old & wait"
    command.shell(table.concat(lines, " "), home)
    assert.equal("c1 c2 c3 c4 c5 c6", saved())
    -- The choice is never a connection that is not there.
    local path = home.HOME .. "/connections.current"
    local chosen = peer.shell("cat " .. path .. " 2>&1")
    assert.is_true(chosen:find "^c%d\n$" ~= nil or chosen:find "No such file" ~= nil, chosen)
  end)

  it("whose choice cannot be read or removed says so", function()
    write { a = entry, b = entry }
    peer.shell("mkdir " .. home.HOME .. "/connections.current")
    refused("workflows list", "connections.current: Is a directory; `ironclad switch` writes it")
    refused("login c" .. UNCHECKED, "connections.current: Is a directory")
    refused("switch", "cannot remove " .. home.HOME .. "/connections.current", 1)
    refused("switch b", "connections.current", 1)
    assert.equal("a b", saved())
  end)
end)

describe("ironclad login", function()
  local wrong = {
    { { "--instance", "" }, "--instance needs a value: --instance HOST" },
    { { "--client-id", "" }, "--client-id needs a value" },
    { { "--as", " " }, "--as needs a value" },
    { { "--secret-env", "" }, "--secret-env needs a value" },
    { { "--secret-env", "NO SUCH" }, '--secret-env: expected the name of an environment variable' },
    { { "--secret-command", "" }, "--secret-command needs a value" },
    { { "--secret-command", "''" }, "--secret-command: expected a command, got ''" },
    { { "--secret-command", "pass show 'x" }, "--secret-command: the closing ' is missing: pass show 'x" },
    { { "--ca-file", "" }, "--ca-file needs a value" },
    { { "--ca-file", "/nowhere.pem" }, "--ca-file: cannot read /nowhere.pem" },
    { { "--redirect-uri", "" }, "--redirect-uri needs a value" },
    { { "--instance", "ftp://x y" }, '--instance: not a host or URL: "ftp://x y"' },
    { { "--instance", "https://x y@z w" }, "--instance: not a host or URL\n" },
    { { "--as", "a\nb" }, "--as: must not hold control characters" },
  }
  it("refuses what no connection can have, also without a check", function()
    write { good = entry }
    local list = {}
    for i, case in ipairs(wrong) do
      local given = { ["--instance"] = "na1", ["--client-id"] = "x", ["--as"] = "a@b.example" }
      if not case[1][1]:find "secret" then given["--secret-env"] = "S" end
      given[case[1][1]] = case[1][2]
      list[i] = { "login", "good", "--service", "--no-check" }
      for name, value in pairs(given) do
        table.insert(list[i], name)
        table.insert(list[i], value)
      end
    end
    for i, result in ipairs(command.run_all(list, home)) do
      local label = table.concat(wrong[i][1], " ")
      assert.same({ 2, "" }, { result.status, result.out }, label .. ": " .. result.err)
      assert.is_truthy(result.err:find(wrong[i][2], 1, true), label .. ": " .. result.err)
    end
    assert.same({ good = entry }, (json.decode(peer.read_file(home.IRONCLAD_CONFIG))))
  end)

  it("replaces a connection only by one that works", function()
    local facts = " --service --secret-stdin --as jane.doe@example.com --client-id %s --ca-file %s --instance "
    facts = facts:format(sandbox.client_id, sandbox.ca_file)
    good("login good" .. facts .. sandbox.instance, nil, sandbox.client_secret .. "\n")
    good "whoami"
    local before = peer.read_file(home.IRONCLAD_CONFIG)
    local cases = {
      { "https://127.0.0.1:1", sandbox.client_secret, 1 }, -- nobody listens there
      { sandbox.instance, "another-secret-of-this-spec", 4 },
    }
    for _, case in ipairs(cases) do
      local words = "login good --scopes records:list" .. facts .. case[1]
      local out, err, status = command.run(words, home, case[2] .. "\n")
      assert.same({ case[3], "" }, { status, out }, err)
      assert.is_truthy(err:find("; the connection is not saved (--no-check saves it without a check)", 1, true), err)
      assert.equal(before, peer.read_file(home.IRONCLAD_CONFIG))
    end
    good "whoami"
  end)

  it("reads a command as a shell does", function()
    good([[login a --no-check --instance na1 --client-id x --as a@b.example ]]
      .. [[--secret-command "pass show 'my ironclad/acme' --fields=a,b"]])
    local found = json.decode(peer.read_file(home.IRONCLAD_CONFIG))
    assert.same({ "pass", "show", "my ironclad/acme", "--fields=a,b" }, found.a.client_secret.command)
  end)

  it("asks again when something else than the address is pasted", function()
    local words = ("login me --paste --secret-env S --client-id x --instance %s --ca-file %s"):format(sandbox.instance,
      sandbox.ca_file)
    home.S = "x"
    local _, err, status = command.run(words, home, "0123456789abcdef\n\nhttp://localhost:8765/callback\n")
    assert.equal(2, status, err)
    local _, count = err:gsub("That is not the address: it begins with http://localhost:8765/callback, and has", "")
    assert.equal(2, count, err)
    assert.is_nil(err:find("0123456789abcdef", 1, true))
  end)
end)

describe("ironclad logout --remove", function()
  local broken = {
    { "a variable that is not set", {}, "the environment variable S is not set" },
    { "a command that fails", { client_secret = { command = { "false" } } }, "client_secret" },
    { "a file that is missing", { ca_file = "/nowhere.pem", client_secret = "x" }, "cannot read /nowhere.pem" },
    { "a bad instance", { instance = "ftp://x y", client_secret = "x" }, "instance: not a host or URL" },
  }
  for _, case in ipairs(broken) do
    it("removes a connection with " .. case[1], function()
      write { bad = entry_with(case[2]), other = entry }
      good "switch bad"
      assert.equal("bad\n", current())
      local _, err = good "logout bad --remove"
      assert.is_truthy(err:find("bad is removed, but its token could not be deleted: ", 1, true), err)
      assert.is_truthy(err:find(case[3], 1, true), err)
      assert.equal("other", saved())
      refused("logout other", "S is not set")
    end)
  end

  it("removes what is no connection, and nothing that is not there", function()
    write { odd = 5 }
    good "logout odd --remove"
    assert.equal("", saved())
    refused("logout odd --remove", 'has no connection "odd"')
  end)
end)

describe("a message about a connection", function()
  it("says which one, and what a person can do", function()
    write {
      url = entry_with { instance = "ftp://x y", client_secret = "x" },
      ca = entry_with { ca_file = "/nowhere.pem", client_secret = "x" },
      nobody = { instance = "na1", client_id = "x", client_secret = "x" },
    }
    local where = (" in %s: "):format(home.IRONCLAD_CONFIG)
    refused("-c url whoami", 'connection "url"' .. where .. 'instance: not a host or URL: "ftp://x y"')
    refused("-c ca whoami", 'connection "ca"' .. where .. "ca_file: cannot read /nowhere.pem")
    refused("-c nobody whoami", 'connection "nobody"' .. where .. "as_user: missing")
    refused("-c nobody whoami", "the user to act as (--as USER)")
    refused("-c nobody whoami --as=", "--as: expected an e-mail address or an id")
    local variables = { IRONCLAD_INSTANCE = "ftp://x y", IRONCLAD_CLIENT_ID = "x", IRONCLAD_CLIENT_SECRET = "x" }
    refused("whoami", "IRONCLAD_AS_USER is not set: as_user: missing", 2,
      { IRONCLAD_INSTANCE = "na1", IRONCLAD_CLIENT_ID = "x", IRONCLAD_CLIENT_SECRET = "x" })
    refused("whoami --as a@b.example", 'IRONCLAD_INSTANCE: instance: not a host or URL: "ftp://x y"', 2, variables)
  end)
end)
