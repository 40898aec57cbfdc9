-- :Ironclad workflows, a browser of contracts for Neovim 0.7 or later. What it does is in lua/ironclad_browser.lua.
--
-- Install the module for Neovim (make neovim), and this folder as a plugin: `set runtimepath+=…/editors/neovim`, or
-- copy it to ~/.local/share/nvim/site/pack/ironclad/start/browser. The connection is the one that
-- vim.g.ironclad_connection names (ironclad.connect "name"), or that of the environment (IRONCLAD_INSTANCE, …).

local subcommands = { "workflows" }

vim.api.nvim_create_user_command("Ironclad", function(command)
  require("ironclad_browser").open(command.args)
end, {
  nargs = 1,
  desc = "Browse the contracts of Ironclad",
  complete = function(start)
    return vim.tbl_filter(function(name) return name:sub(1, #start) == start end, subcommands)
  end,
})
