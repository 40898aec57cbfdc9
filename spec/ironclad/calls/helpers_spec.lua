-- The small functions of the module.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"

local folder

setup(function() folder = peer.temporary_folder() end)
teardown(function() peer.remove_folder(folder) end)

describe("helpers", function()
  it("scopes_for lists each scope once, by either name, and both where either may be right", function()
    assert.same({ "public.workflows.createWorkflows", "public.records.createComments",
      "public.workflows.createComments" },
      ironclad.scopes_for { "workflows:launch", "launch-a-new-workflow", "workflows:create_comment" })
    local fine, message = pcall(ironclad.scopes_for, { "workflows:lunch" })
    assert.is_false(fine)
    assert.matches('did you mean "workflows:launch"', message)
  end)

  it("sha256 digests texts and files", function()
    local path = folder .. "/digest"
    peer.write_file(path, "abc")
    local wanted = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert.equal(wanted, ironclad.sha256 "abc")
    assert.equal(wanted, ironclad.sha256(ironclad.file(path)))
    assert.equal(wanted, ironclad.sha256(ironclad.file { data = "abc" }))
    local value, err = ironclad.sha256(ironclad.file "/nowhere/x")
    assert.is_nil(value)
    assert.equal("io", err.kind)
  end)

  it("must gives the value, whatever it is", function()
    assert.is_false(ironclad.must(false))
    assert.equal(1, ironclad.must(1, nil))
  end)

  it("info says what this is made of", function()
    local info = ironclad.info()
    assert.equal("ironclad " .. info.version, ironclad._VERSION)
    assert.matches("^%d+%.%d+", info.libcurl)
  end)
end)
