-- The examples of docs/nginx.md run as they stand in a real nginx.
local command = require "spec.support.command"
local guide = require "spec.support.guide"
local host = require "spec.support.host"
local nginx = require "spec.support.nginx"
local peer = require "spec.support.peer"

describe("docs/nginx.md", function()
  local blocks = guide.texts("docs/nginx.md", "nginx")
  local files = guide.texts("docs/nginx.md", "ini")
  local variables, unit = files[1], files[2]
  local scene, server

  local function start(main)
    local given = command.of_sandbox(scene.sandbox)
    return nginx.start { lua = true, main = main, http = blocks[2]:gsub("127%.0%.0%.1:8080", "127.0.0.1:%%port"),
      environment = command.environment(given) }
  end

  setup(function()
    scene = host.scene()
    server = start(blocks[1])
  end)
  teardown(function()
    server.stop()
    scene.stop()
  end)

  it("has two examples, which are run here", function() assert.equal(2, #blocks) end)

  it("passes on the variables of the file that systemd reads", function()
    local path = unit:match "^%[Service%]\nEnvironmentFile=(%S+)\n$"
    assert.is_truthy(path and peer.read_file("docs/nginx.md"):find("`" .. path .. "`", 1, true))
    local count = 0
    for name in variables:gmatch "([%u_]+)=%S+\n" do
      count = count + 1
      assert.is_truthy(blocks[1]:find("env " .. name .. ";\n", 1, true), name)
    end
    assert.equal(select(2, variables:gsub("\n", "")), count)
  end)

  it("needs a line for each variable, and an error says so", function()
    local without = start(blocks[1]:gsub("env IRONCLAD_CLIENT_ID;\n", ""))
    peer.eventually(function()
      local log = without.error_log()
      return log:find("IRONCLAD_CLIENT_ID is not set (nginx passes it on only with `env IRONCLAD_CLIENT_ID;` at the "
        .. "top of nginx.conf): client_id: missing", 1, true), log
    end)
    without.stop()
    assert.equal(2, #files)
  end)

  it("has a page that lists workflows", function()
    assert.matches("^IC%-2  Mutual NDA with ", (nginx.get(server, "/workflows")))
    assert.is_nil(server.error_log():find "%[error%]")
  end)

  it("has a call in a phase that cannot wait", function()
    assert.equal("204", (nginx.get(server, "/approved", "-o /dev/null -w '%{http_code}'")))
    local client = scene.sandbox:connect()
    peer.eventually(function()
      local text = require("ironclad").json.encode(client.workflows:list_comments("IC-2").list)
      return text:find "seen by the web site", text
    end)
    assert.is_nil(server.error_log():find "%[error%]")
  end)
end)
