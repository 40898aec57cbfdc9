-- The keys of the buffers. They are left out with `let g:no_ironclad_maps = 1`; :help ironclad-mappings has others.

vim.opt_local.wrap, vim.opt_local.linebreak, vim.opt_local.breakindent = true, true, true

if vim.g.no_plugin_maps or vim.g.no_ironclad_maps then return end

for key, name in pairs {
  ["<CR>"] = "open", a = "approve", c = "comment", d = "download", m = "more", r = "refresh", q = "close",
  ["?"] = "help",
} do
  vim.keymap.set("n", key, ("<Plug>(ironclad-%s)"):format(name), { buffer = true, remap = true, nowait = true,
    desc = "Ironclad: " .. name })
end
