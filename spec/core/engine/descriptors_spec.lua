-- A process without free descriptors: its calls are errors that say so, and work again afterwards.
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

after_each(scene.stop)

it("a process that is started inherits no descriptor", function()
  local output, status = peer.lua([[
    local sandbox = require("ironclad.sandbox").start { port = 0 }
    local function inherited()
      local pipe = io.popen "ls /proc/self/fd | tr '\\n' ' '"
      local text = pipe:read "*a"
      pipe:close()
      return text
    end
    local before = inherited()
    local client, clickwrap = sandbox:connect(), sandbox:clickwrap()
    assert(client.workflows:list())
    assert(clickwrap:terms "terms")
    local record = assert(client.records:get "IC-22")
    assert(record:download_attachment "signedCopy")
    print(before == inherited(), before, inherited())
    sandbox:stop()
  ]], { seconds = 30 })
  assert.are.equal(0, status, output)
  assert.is_truthy(output:find "^true", output)
end)

it("a call without a free descriptor says what is missing", function()
  local first, second = scene.answering { scene.GOOD }, scene.answering { scene.GOOD }
  local output, status = peer.lua([[
    local scene = require "spec.support.scene"
    local ironclad = require "ironclad"
    local function connect(url)
      return ironclad.connect { instance = url, token = "t", as_user = false, max_retries = 0 }
    end
    local first, second = ...
    assert(connect(first).workflows:get "w1")
    local client = connect(second)
    local held = {}
    while true do
      local one = io.open "/dev/null"
      if not one then break end
      held[#held + 1] = one
    end
    local _, err = client.workflows:get "w1"
    print(err.kind, err.outcome, err.retryable, err.message)
    for _, one in ipairs(held) do one:close() end
    print(client.workflows:get("w1").id)
  ]], { before = "ulimit -n 64" }, peer.url(first), peer.url(second))
  assert.are.equal(0, status, output)
  assert.are.equal("network\tnot_done\ttrue\tcannot open a socket: Too many open files\nw1\n", output)
end)
