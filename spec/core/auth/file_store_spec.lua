-- Tokens in a file: who may read it, when it is replaced, and several processes that share it.
local ironclad = require "ironclad"
local grant = require "spec.support.grant"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local GOOD = scene.GOOD

local folder

setup(function() folder = peer.temporary_folder() end)
teardown(function() peer.remove_folder(folder) end)
after_each(scene.stop)

describe("a file store", function()
  local function path(name) return folder .. "/" .. name .. "/tokens.json" end

  it("keeps the pair, for this user's eyes only, and the next client goes on with it", function()
    local server = scene.answering { grant.pair("access-1", "refresh-1"), GOOD, GOOD, grant.EXPIRED,
      grant.pair("access-2", "refresh-2"), GOOD }
    local file = path "kept"
    local first = grant.connect(server, { refresh_token = "refresh-0", store = ironclad.store.file(file), name = "a" })
    scene.assert_good(first.workflows:get "w1")
    local kept = peer.read_file(file)
    assert.matches("refresh%-1", kept)
    assert.equal("600 700\n", (peer.shell("stat -c %a " .. file .. " $(dirname " .. file .. ") | tr '\\n' ' '; echo")
      :gsub(" \n", "\n")))
    -- Another process, with the refresh token of the same configuration, which is spent by now.
    local output, status = peer.lua([[
      local url, secret, file = ...
      local client = require("ironclad").connect {
        instance = url, client_id = "id", client_secret = secret, refresh_token = "refresh-0", store = file,
          name = "a",
      }
      assert(client.workflows:get("w1").id == "w1")
      assert(client.workflows:get("w1").id == "w1")
    ]], {}, peer.url(server), grant.SECRET, file)
    assert.equal(0, status, output)
    local grants = grant.received(server)
    assert.same({ "refresh-0", "refresh-1" }, { grants[1].refresh_token, grants[2].refresh_token })
    assert.matches("refresh%-2", peer.read_file(file))
  end)

  it("is refused when others can read it, and names the command that mends it", function()
    local server = scene.answering { grant.pair("access-1", "refresh-1") }
    local file = path "open"
    peer.shell("mkdir -p -m 700 $(dirname " .. file .. "); echo '{}' > " .. file .. "; chmod 644 " .. file)
    local _, err = grant.connect(server, { refresh_token = "refresh-0", store = file }).workflows:get "w1"
    assert.equal("store", err.kind)
    assert.matches("chmod 600 ", err.message)
    assert.equal(0, #server:requests())
  end)

  it("is written when it has 0 bytes", function()
    local server = scene.answering { grant.pair("access-1", "refresh-1"), GOOD }
    local file = path "zero"
    peer.shell("mkdir -p -m 700 $(dirname " .. file .. "); : > " .. file .. "; chmod 600 " .. file)
    scene.assert_good(grant.connect(server, { refresh_token = "refresh-0", store = file }).workflows:get "w1")
    assert.matches("refresh%-1", peer.read_file(file))
  end)

  it("is written by a login when what it has for the connection is not a token", function()
    local server = scene.answering { grant.pair("access-1", "refresh-1"), grant.pair("access-2", "refresh-2"), GOOD }
    local file = path "damaged"
    local function client() return grant.connect(server, { store = file }) end
    assert.equal(0, peer.fork_run(function() -- this process must not know the token
      return client():exchange("code-1", { redirect_uri = "http://localhost/" }) and 0 or 1
    end))
    peer.write_file(file, (peer.read_file(file):gsub('"refresh%-1"', "7")))
    local broken = client()
    local _, err = broken.workflows:get "w1"
    assert.equal("store", err.kind)
    assert.matches("is not a token .*correct it, or connect again", err.message)
    assert.is_true((broken:exchange("code-2", { redirect_uri = "http://localhost/" })))
    scene.assert_good(broken.workflows:get "w1")
    assert.matches("refresh%-2", peer.read_file(file))
  end)

  for _, text in ipairs { "{", '{"version":1,"tok', "[]", "not ours", '{"version":99,"tokens":{}}' } do
    it("is never replaced when it is not one: " .. text, function()
      local server = scene.answering { grant.pair("access-1", "refresh-1") }
      local file = path("foreign" .. #text)
      peer.shell("mkdir -p -m 700 $(dirname " .. file .. ")")
      peer.write_file(file, text)
      peer.shell("chmod 600 " .. file)
      local _, err = grant.connect(server, { refresh_token = "refresh-0", store = file }).workflows:get "w1"
      assert.equal("store", err.kind)
      assert.is_truthy(err.message:find(file, 1, true), err.message)
      assert.equal(text, peer.read_file(file))
      assert.equal(0, #server:requests())
    end)
  end

  it("lets one process refresh while the others wait for what it saved", function()
    local file = path "shared"
    local server = scene.answering { grant.pair("access-1", "refresh-1"), GOOD }
    local script = [[
      local url, secret, file = ...
      local client = require("ironclad").connect {
        instance = url, client_id = "id", client_secret = secret, refresh_token = "refresh-0", store = file,
      }
      assert(client.workflows:get("w1").id == "w1")
    ]]
    local path_of_script = folder .. "/refresh.lua"
    peer.write_file(path_of_script, ("package.path, package.cpath = %q, %q\n"):format(package.path,
      package.cpath) .. script)
    local one = ("LD_PRELOAD=$preload %s %s %s %s %s & ")
      :format(require("spec_process").interpreter(), path_of_script, peer.url(server), peer.quoted(grant.SECRET), file)
    local output, status = peer.shell("for i in 1 2 3 4 5 6; do " .. one .. " pids=\"$pids $!\"; done; "
      .. "for p in $pids; do wait $p || exit 1; done")
    assert.equal(0, status, output)
    assert.equal(1, #grant.received(server))
    assert.equal(6, #grant.bearers(server))
  end)
end)
