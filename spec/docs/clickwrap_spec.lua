-- The examples of docs/clickwrap.md run as they stand, against the sandbox.
local peer = require "spec.support.peer"

-- Its ironclad.clickwrap connects to a sandbox, in which someone has accepted the terms.
local BEFORE = [[
local module = require "ironclad"
local sandbox = require("ironclad.sandbox").start { port = 0, tls = false, job_seconds = 0 }
local first = sandbox:clickwrap()
local terms = module.must(first.acceptance:load_json { gkey = "terms" })
module.must(first.acceptance:send_sync { sig = "jane@example.com", et = "agreed",
  vid = table.concat(terms.versions, ",") })
local connect = module.clickwrap
rawset(module, "clickwrap", setmetatable({ filter = connect.filter }, { __call = function(_, options)
  if not options.environment then return connect(options) end
  assert(options.environment == "demo" and options.site_access_id)
  return sandbox:clickwrap()
end }))
]]

describe("docs/clickwrap.md", function()
  it("has examples that run, one after the other", function()
    local folder = peer.temporary_folder()
    local source = { BEFORE }
    for example in peer.read_file("docs/clickwrap.md"):gmatch "```lua\n(.-)```" do source[#source + 1] = example end
    finally(function() peer.remove_folder(folder) end)
    assert.is_true(#source > 3)
    source[#source + 1] = "sandbox:stop()"
    local output, status = peer.lua(table.concat(source), { before = "cd " .. peer.quoted(folder) })
    assert.are.equal(0, status, output)
    assert.matches("286\tterms\n", output)
    assert.matches("%d+%-%d+%-%d+T[^\t]*\tjane@example.com\n", output)
    assert.matches("jane@example.com,agreed", peer.read_file(folder .. "/clickwrap_activities-1"))
    assert.matches("^%%PDF%-", peer.read_file(folder .. "/evidence.pdf"))
  end)
end)
