rockspec_format = "3.0"
package = "ironclad-sandbox"
version = "0.1.0-1"
source = {
  url = "git+https://github.com/ironclad-lua/ironclad.git",
  tag = "v0.1.0",
}
description = {
  summary = "A local Ironclad, to develop and test against",
  detailed = [[
A local Ironclad, the contract lifecycle management service, for scripts that use the rock ironclad: a small
company with workflows, records and people, in this process or as the command ironclad-sandbox. pkg-config
finds libcurl, libcjson, libcrypto, libmicrohttpd and libxlsxwriter.]],
  license = "MIT",
  labels = { "contracts", "testing", "http" },
}
supported_platforms = { "unix" }
dependencies = {
  "lua >= 5.1, < 5.5, ~= 5.2",
  "ironclad == 0.1.0",
}
build = {
  type = "make",
  build_target = "sandbox",
  install_target = "install-sandbox",
  variables = {
    LUA_INCDIR = "$(LUA_INCDIR)",
    LUA_PROGRAM = "$(LUA)",
    CFLAGS = "$(CFLAGS)",
    LIBFLAG = "$(LIBFLAG)",
    PREFIX = "$(PREFIX)",
    INST_LIBDIR = "$(LIBDIR)",
    INST_LUADIR = "$(LUADIR)",
    INST_BINDIR = "$(BINDIR)",
  },
}
