-- The binding that is installed has the Lua files as bytecode. They are used when this Lua has the same bytecode. The
-- core.so that is installed loads the binding from its own folder.
local peer = require "spec.support.peer"

local installed = peer.built "installed/ironclad/core.so":gsub("ironclad/core%.so$", "")

-- The file with the bytecode. Where no core.so loads a binding (docs/platforms.md), that is core.so itself.
local loads_binding = select(2, peer.shell("test -e " .. peer.quoted(installed .. "ironclad/binding.so"))) == 0
local holder = loads_binding and "ironclad/binding.so" or "ironclad/core.so"

-- Runs a script with the core.so in a folder, and everything else from the build's tree.
local function run(folder, script)
  return peer.lua(("package.cpath = %q .. ';' .. package.cpath\n"):format(folder .. "?.so") .. script)
end

local MISTAKE = [[
  local ironclad = require "ironclad"
  print(require("ironclad.core").compiled)
  print(debug.getinfo(require("ironclad.base.names").strict, "S").source:sub(1, 10) == "@ironclad/")
  local client = ironclad.connect { instance = "demo", token = "t", as_user = false }
  local _, message = pcall(function() client.records:get(1.5) end)
  print(message)
  _, message = pcall(ironclad.money, "USD")
  print((message:gsub("^.-ironclad%.money", "ironclad.money")))
]]

describe("the bytecode of the Lua files", function()
  it("is used, and a mistake is at the script's line", function()
    local output = run(installed, MISTAKE)
    assert.matches("^true\ntrue\nstdin:7: records:get: ", output)
    assert.matches("\nironclad.money: ", output)
  end)

  it("is left alone by a Lua that has another", function()
    local text = "a longer text that is not kept among the short ones"
    local folder = peer.temporary_folder()
    local library = peer.read_file(installed .. holder)
    local start = library:find(text, 1, true)
    assert.is_not_nil(library:find(text, start + 1, true))
    peer.shell(("mkdir %s/ironclad"):format(folder))
    peer.write_file(folder .. "/ironclad/core.so", peer.read_file(installed .. "ironclad/core.so"))
    peer.write_file(folder .. "/" .. holder, library:sub(1, start - 1) .. "A" .. library:sub(start + 1))
    local output = run(folder .. "/", MISTAKE)
    peer.remove_folder(folder)
    assert.matches("^false\nfalse\nstdin:7: records:get: ", output)
    assert.matches("\nironclad.money: ", output)
  end)

  it("is missing: the message has the path of the binding", function()
    if not loads_binding then return end
    local folder = peer.temporary_folder()
    peer.shell(("mkdir %s/ironclad"):format(folder))
    peer.write_file(folder .. "/ironclad/core.so", peer.read_file(installed .. "ironclad/core.so"))
    local output = run(folder .. "/", 'print(select(2, pcall(require, "ironclad")))')
    local path = folder .. "/ironclad/binding.so"
    peer.remove_folder(folder)
    assert.is_truthy(output:find("ironclad: " .. path .. ":", 1, true), output)
  end)
end)
