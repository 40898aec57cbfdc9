-- Two processes share a connection whose refresh token is spent at each use: a hundred refreshes, and none is lost.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"

describe("two processes that refresh at once, 100 times over,", function()
  local folder, sandbox

  setup(function()
    folder = peer.temporary_folder()
    sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = true })
  end)
  teardown(function()
    sandbox:stop()
    peer.remove_folder(folder)
  end)

  local function connect()
    return ironclad.connect {
      instance = sandbox.instance, client_id = sandbox.client_id, client_secret = sandbox.client_secret,
      ca_file = sandbox.ca_file, grant = "authorization_code", store = folder .. "/tokens/store.json",
        rate_limit = false,
    }
  end

  -- Reads until it is told to stop. A token may expire again between its renewal and its use; nothing else may fail.
  local SCRIPT = [[
    local instance, id, secret, ca_file, folder = ...
    local client = require("ironclad").connect {
      instance = instance, client_id = id, client_secret = secret, ca_file = ca_file, grant = "authorization_code",
      store = folder .. "/tokens/store.json", rate_limit = false,
    }
    repeat
      local value, err = client.oauth:userinfo()
      if not value and not (err.status == 401 and err.code == "UNAUTHORIZED") then error(tostring(err)) end
      local stop = io.open(folder .. "/stop")
    until stop
  ]]

  local function start(number)
    -- Each has a script of its own: one that is just starting would read a file that is written again.
    local script, status = ("%s/script%d.lua"):format(folder, number), folder .. "/status" .. number
    peer.write_file(script, ("package.path, package.cpath = %q, %q\n"):format(package.path, package.cpath) .. SCRIPT)
    local words = { require("spec_process").interpreter(), script }
    for _, argument in ipairs { sandbox.instance, sandbox.client_id, sandbox.client_secret, sandbox.ca_file, folder } do
      words[#words + 1] = peer.quoted(argument)
    end
    peer.shell(("(LD_PRELOAD=$preload %s > %s.out 2>&1; echo $? > %s.new; mv %s.new %s) > /dev/null 2>&1 &")
      :format(table.concat(words, " "), status, status, status, status))
    return status
  end

  local function refreshes() return local_ironclad.token_requests(sandbox) end

  it("never send a spent one, and leave a good one", function()
    local client = connect()
    local_ironclad.log_in(sandbox, client)
    local statuses = { start(1), start(2) }

    local good, refused = 0, 0
    while good < 101 and refused == 0 do
      for _ = 1, 20 do -- the list of requests is long
        sandbox:expire_tokens()
        peer.shell "sleep 0.005"
      end
      good, refused = refreshes()
      for _, status in ipairs(statuses) do
        local ended = io.open(status)
        if ended then error("ended with status " .. ended:read "*a" .. peer.read_file(status .. ".out")) end
      end
    end
    peer.write_file(folder .. "/stop", "")
    for _, status in ipairs(statuses) do
      peer.until_succeeds("[ -e " .. status .. " ]")
      assert.equal("0\n", peer.read_file(status), peer.read_file(status .. ".out"))
    end
    assert.equal(0, (select(2, refreshes())))
    -- What they left is good: a third client goes on with it.
    sandbox:expire_tokens()
    assert.is_table(ironclad.must(connect():check()).user)
  end)
end)
