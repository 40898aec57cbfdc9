rockspec_format = "3.0"
package = "ironclad"
version = "0.1.0-1"
source = {
  url = "git+https://github.com/ironclad-lua/ironclad.git",
  tag = "v0.1.0",
}
description = {
  summary = "The whole of Ironclad, the contract lifecycle management service, for Lua scripts",
  detailed = [[
A module in C on libcurl and cJSON: client credentials and tokens, every operation of Ironclad's APIs,
contracts as tables, files up and down, errors that say what to do. pkg-config finds libcurl, libcjson
and libcrypto. Where libmicrohttpd is found too, ironclad.login is built, which logs a person in by the
browser. The rock ironclad-sandbox is a local Ironclad to develop and test against.]],
  license = "MIT",
  labels = { "contracts", "api", "http" },
}
supported_platforms = { "unix" }
dependencies = {
  "lua >= 5.1, < 5.5, ~= 5.2",
}
build = {
  type = "make",
  build_target = "product",
  install_target = "install-product",
  variables = {
    LUA_INCDIR = "$(LUA_INCDIR)",
    LUA_PROGRAM = "$(LUA)",
    CFLAGS = "$(CFLAGS)",
    LIBFLAG = "$(LIBFLAG)",
    PREFIX = "$(PREFIX)",
    INST_LIBDIR = "$(LIBDIR)",
    INST_LUADIR = "$(LUADIR)",
    INST_BINDIR = "$(BINDIR)",
    -- The types for editors, as an addon of the Lua language server: config.json and library/.
    INST_TYPEDIR = "$(PREFIX)",
    -- LuaRocks has no place for manual pages outside the rock's own folder.
    INST_MANDIR = "$(PREFIX)/man",
  },
  -- The Neovim plugin stays in the rock's own folder (luarocks show --rock-dir ironclad).
  copy_directories = { "editors" },
}
