-- Tests the check for what a spec file leaves behind (spec/support/leftovers.lua).
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

-- A run without the helper has no guard, and nothing to test here.
local guard = package.loaded["spec.support.leftovers"]
local describe_guard = guard and describe or pending

describe_guard("the guard against leftovers", function()
  after_each(scene.stop)

  local function found(wanted)
    local lines = guard.find(0)
    for _, line in ipairs(lines) do
      if line:find(wanted) then return true end
    end
    return false, table.concat(lines, "\n")
  end

  it("finds nothing where nothing is left", function()
    local server = scene.answering { scene.GOOD }
    scene.assert_good(scene.connect(server).workflows:get "w1")
    scene.stop()
    assert.are.same({}, guard.find())
  end)

  it("sees a temporary file", function()
    os.tmpname()
    assert.is_true(found "^file name%-%d+$")
    assert.are.same({}, guard.find())
  end)

  it("sees a temporary folder", function()
    peer.temporary_folder()
    assert.is_true(found "^file spec%.")
  end)

  it("sees an open file", function()
    local file = io.open(".luacheckrc", "rb")
    assert.is_true(found "^descriptor %d+: .*luacheckrc$")
    file:close()
  end)

  it("sees a child process, and the pipe to it", function()
    local child = io.popen("exec cat >/dev/null", "w")
    assert.is_true(found "^process %d+: ")
    child:close()
  end)

  it("ends the processes that a failed test has left, so that nothing waits for them", function()
    local child = io.popen "echo $$; sleep 1000; sleep 1000"
    local shell = child:read "*l"
    local inner = peer.eventually(function()
      return peer.shell(("cat /proc/%s/task/*/children"):format(shell)):match "%d+"
    end)
    guard.end_children()
    child:close()
    peer.until_succeeds(("! grep -q '^State:.[^ZX]' /proc/%s/status 2>/dev/null"):format(inner))
  end)

  it("sees a server: its socket and its threads", function()
    local server = scene.answering { scene.GOOD }
    local client = scene.connect(server)
    scene.assert_good(client.workflows:get "w1")
    local lines = table.concat(guard.find(0), "\n")
    assert.matches("descriptor %d+: listening inet", lines)
    assert.matches("descriptor %d+: connected inet", lines)
    assert.matches("thread %d+: ", lines)
  end)
end)
