/* connections.json, as ironclad.connect reads it: the Lua code of named.lua in a Lua state, with the text of
 * the file in memory, then what connecting makes of the options. Whatever the file says, the answer is a
 * table of options, or nil and a message without the file's secrets; no error of Lua. A command of the file
 * is not run. */
#include "core/base/alloc.h"
#include "spec/fuzz/fuzz_lua.h"

static const char script[] =
    "local core = require 'ironclad.core'\n"
    "core.read_config = function() return text, { mode = 384, foreign = false } end\n" /* 0600 */
    "core.command = function()\n"
    "  return {\n"
    "    start = function(_, words)\n"
    "      for _, word in ipairs(words) do assert(type(word) == 'string') end\n"
    "      return true\n"
    "    end,\n"
    "    wait = function() return true, 'SECRET-of-a-command\\n' end, close = function() end,\n"
    "  }\n"
    "end\n"
    "os.getenv = function(name) return name == 'HOME' and '/home/me' or name == 'S' and 'SECRET-of-S' or nil "
    "end\n"
    "local named = require 'ironclad.connections.named'\n"
    "local secrets = { 'SECRET-of-S', 'SECRET-of-a-command' }\n"
    "local function shows_none(message)\n"
    "  for _, secret in ipairs(secrets) do\n"
    "    assert(text:find(secret, 1, true) or not message:find(secret, 1, true), message)\n"
    "  end\n"
    "end\n"
    "local kinds = { string = true, number = true, boolean = true, table = true }\n"
    "return function()\n"
    "  local list, problem = named.list()\n"
    "  assert(list or type(problem) == 'string')\n"
    "  if not list then\n"
    "    shows_none(problem)\n"
    "    return\n"
    "  end\n"
    "  for i, item in ipairs(list) do\n"
    "    if i > 4 then break end\n"
    "    local options, message = named.load(item.name)\n"
    "    if options then\n"
    "      for name, value in pairs(options) do\n"
    "        assert(type(name) == 'string' and kinds[type(value)])\n"
    "      end\n"
    "      assert(options.name == item.name)\n"
    "      pcall(core.connect, options)\n"
    "    else\n"
    "      assert(type(message) == 'string')\n"
    "      shows_none(message)\n"
    "    end\n"
    "  end\n"
    "end\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lua_State *L = fuzz_lua(script);
    lua_pushlstring(L, (const char *)data, size);
    lua_setglobal(L, "text");
    fuzz_call(L, 0, 0);
    return 0;
}
