-- The examples of docs/nginx.md run as they stand in a real nginx.
local command = require "spec.support.command"
local guide = require "spec.support.guide"
local host = require "spec.support.host"
local nginx = require "spec.support.nginx"
local peer = require "spec.support.peer"

describe("docs/nginx.md", function()
  local blocks = guide.texts("docs/nginx.md", "nginx")
  local scene, server
  setup(function()
    scene = host.scene()
    server = nginx.start {
      lua = true, main = blocks[1], http = blocks[2]:gsub("127%.0%.0%.1:8080", "127.0.0.1:%%port"),
      environment = command.environment(command.of_sandbox(scene.sandbox)),
    }
  end)
  teardown(function()
    server.stop()
    scene.stop()
  end)

  it("has two examples, which are run here", function() assert.equal(2, #blocks) end)

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
