-- The file of connections, as login, logout and switch change it: nothing in it is lost, and messages say which
-- connection they are about. Which user runs the specs does not matter: a file that is too large, or a folder in its
-- place, cannot be read by root either.
local command = require "spec.support.command"
local json = require("ironclad").json
local peer = require "spec.support.peer"

local folder, home, number

setup(function() folder, number = peer.temporary_folder(), 0 end)
teardown(function() peer.remove_folder(folder) end)

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
