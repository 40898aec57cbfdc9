-- The examples of docs/neovim.md run as they stand in a headless Neovim that has the plugin.
local command = require "spec.support.command"
local guide = require "spec.support.guide"
local host = require "spec.support.host"
local ironclad = require "ironclad"
local neovim = require "spec.support.neovim"
local peer = require "spec.support.peer"

local scene = host.scene()
teardown(scene.stop)

local here = peer.shell("pwd"):match "[^\n]+"

-- Runs Lua source in a Neovim with the plugin -> what it prints, and the status.
local function run(source)
  return neovim.run(scene.folder, source .. "\nvim.cmd 'qa!'", {
    arguments = "-u NORC --cmd " .. peer.quoted("set rtp^=" .. here .. "/editors/neovim"),
    environment = command.environment(command.of_sandbox(scene.sandbox)),
  })
end

-- Lua source that says the buffer's lines once the pattern is in them.
local function shown(pattern)
  return ([[
    local function text() return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n") end
    vim.wait(20000, function() return text():find %q end)
    say(text())
  ]]):format(pattern)
end

describe("docs/neovim.md", function()
  -- Each command line of a block, with what is then shown.
  local commands = { [1] = { "^Workflows, active" }, [2] = { "^Workflows, completed", "^IC%-12 ", "^Records, mutualNDA",
    "^client.records:list", "^IC%-1 " } }
  local number = 0
  for _, block in ipairs(guide.texts("docs/neovim.md", "vim")) do
    if block:find "^:" then
      number = number + 1
      local i = 0
      for line in block:gmatch ":([^\n]+)" do
        i = i + 1
        local pattern = commands[number] and commands[number][i]
        it("has a command that works: " .. line, function()
          local output, status = run(("vim.cmd %q\n"):format(line) .. shown(pattern))
          assert.equal(0, status, output)
          assert.matches(pattern, output)
        end)
      end
    elseif block:find "VimLeavePre" then
      it("lets tasks end before Neovim exits", function()
        assert.equal("IC-1\n", (run(("vim.api.nvim_exec(%q, false)\n"):format(block) .. [[
          local client = require("ironclad").from_env()
          require("ironclad").spawn(function() say(client.workflows:get("IC-1").ironcladId) end)
        ]]):gsub("\r", "")))
      end)
    else
      it("has mappings that work", function()
        local output = run(("vim.api.nvim_exec(%q, false)\n"):format(block) .. [[
          say(vim.fn.maparg("\\iw", "n"), vim.g.ironclad_connection)
          vim.g.ironclad_connection = nil
          vim.cmd "Ironclad"
          say(vim.fn.maparg("A", "n"))
        ]])
        assert.equal("<Plug>(ironclad-workflows)\tlegal\n<Plug>(ironclad-approve)\n", (output:gsub("\r", "")))
      end)
    end
  end

  local soon = os.date("!%Y-%m-%dT00:00:00Z", os.time() + 30 * 86400)
  ironclad.must(scene.sandbox:connect().records:create { type = "mutualNDA", name = "Expires soon",
    properties = { expirationDate = { type = "date", value = soon } } })
  guide.examples(it, "docs/neovim.md", { "^true", "Expires soon" }, { run = function(example, which)
    if which == 2 then return run(example .. "\nvim.cmd 'Expiring'" .. shown "Expires soon") end
    -- The table that lazy.nvim takes: its folder is a plugin, and its command builds the module.
    return run(([[
      local spec = (function() %s end)()[1]
      local folder = spec.dir:gsub("^~/src/ironclad", %q)
      local built = os.execute(("cd %%s && %%s -n >/dev/null"):format(folder, spec.build))
      say(built == 0 and vim.fn.filereadable(folder .. "/plugin/ironclad.lua") == 1)
    ]]):format(example, here))
  end })
end)
