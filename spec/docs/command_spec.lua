-- docs/command.md has every subcommand.
local commands = require "ironclad.command.commands"
local peer = require "spec.support.peer"

it("docs/command.md shows every subcommand", function()
  local text = peer.read_file "docs/command.md"
  for _, command in ipairs(commands) do
    local shown = text:find("[^\n]*ironclad[^\n]* " .. command.name .. "%f[^%w-]")
    assert.is_truthy(shown or command.name == "help", command.name)
  end
end)
