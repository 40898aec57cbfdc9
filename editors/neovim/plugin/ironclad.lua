-- :Ironclad, a browser of contracts, for Neovim 0.7 or later (:help ironclad). Nothing else is loaded at the start: the
-- files in lua/ironclad_nvim are loaded by the first command, mapping or buffer.

if vim.g.loaded_ironclad then return end
vim.g.loaded_ironclad = true

vim.api.nvim_create_user_command("Ironclad", function(command)
  require("ironclad_nvim").run(command.fargs, command.mods)
end, {
  nargs = "*",
  desc = "Contracts of Ironclad",
  complete = function(start, line) return require("ironclad_nvim").complete(start, line) end,
})

vim.api.nvim_create_autocmd("BufReadCmd", {
  pattern = "ironclad://*",
  group = vim.api.nvim_create_augroup("ironclad", {}),
  desc = "Shows what is at an address of Ironclad's",
  callback = function(event) require("ironclad_nvim.view").read(event.buf) end,
})

-- <Plug>(ironclad-workflows) works everywhere, <Plug>(ironclad-approve) in the buffers of this plugin.
for _, name in ipairs { "workflows", "records" } do
  vim.keymap.set("n", ("<Plug>(ironclad-%s)"):format(name), function() require("ironclad_nvim").run { name } end,
    { desc = "Ironclad: list " .. name })
end
for _, name in ipairs { "open", "approve", "comment", "download", "more", "refresh", "help", "close" } do
  vim.keymap.set("n", ("<Plug>(ironclad-%s)"):format(name), function() require("ironclad_nvim.view").act(name) end,
    { desc = "Ironclad: " .. name })
end
