-- What Lua 5.1, LuaJIT, 5.3 and 5.4 have in common; the hosts are looked for, never needed.
std = "min"
max_line_length = 120
include_files = { "**/*.lua", "src/sandbox/ironclad-sandbox", "src/ironclad/command/ironclad",
  ".luacheckrc", "*.rockspec" }
exclude_files = { "build", "library" }
files["src/ironclad"] = { read_globals = { "vim", "ngx", "jit", "newproxy" } }
files["editors/neovim"] = { globals = { "vim" }, read_globals = { "jit" } }
files["recipes/nginx"] = { globals = { "ngx" } }
files["spec"] = { std = "min+busted", read_globals = { "jit" } }
files["*.rockspec"] = { std = "rockspec" }
files[".luacheckrc"] = { std = "luacheckrc" }
