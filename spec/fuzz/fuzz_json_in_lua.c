/* JSON to Lua values and back, as ironclad.json.decode and encode do it. What is decoded is encoded as JSON
 * that cJSON accepts and that is decoded as the same values. The items of a page are those of the list. */
#include "spec/fuzz/fuzz_lua.h"
#include "spec/lua/page_of_text.h"
#include <cjson/cJSON.h>

static const char script[] =
    "local json = require('ironclad.core').json\n"
    "local function same(a, b)\n"
    "  if type(a) ~= 'table' or type(b) ~= 'table' then return a == b and math.type(a) == math.type(b) end\n"
    "  if getmetatable(a) ~= getmetatable(b) then return false end\n"
    "  for key, value in pairs(a) do if not same(value, b[key]) then return false end end\n"
    "  for key in pairs(b) do if a[key] == nil then return false end end\n"
    "  return true\n"
    "end\n"
    "local function check_items(items, list)\n"
    "  for i = 1, #list do assert(same(items:next(), list[i]), i) end\n"
    "  assert(items:next() == nil)\n"
    "end\n"
    "local array = getmetatable(json.decode '[]')\n"
    "local function check_pages(text, value, page)\n"
    "  if getmetatable(value) == array then return check_items(page(text), value) end\n"
    "  for name, list in pairs(value) do\n"
    "    local named = not name:find('\\0', 1, true)\n"
    "    if named and getmetatable(list) == array then check_items(page(text, name)[name], list) end\n"
    "  end\n"
    "end\n"
    "return function(text, page)\n"
    "  local value, message = json.decode(text)\n"
    "  if value == nil then assert(type(message) == 'string') return nil end\n"
    "  if type(value) == 'table' then check_pages(text, value, page) end\n"
    "  local encoded = json.encode(value)\n"
    "  assert(same(value, json.decode(encoded)), encoded)\n"
    "  return encoded\n"
    "end\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t length;
    lua_State *L = fuzz_lua(script);
    lua_pushlstring(L, (const char *)data, size);
    lua_pushcfunction(L, page_of_text);
    fuzz_call(L, 2, 1);
    const char *encoded = lua_tolstring(L, -1, &length);
    if (encoded) {
        cJSON *tree = cJSON_ParseWithLength(encoded, length);
        /* cJSON refuses a number of more than 63 characters, which is one of digits that no type holds. */
        FUZZ_CHECK(tree || length > 63);
        cJSON_Delete(tree);
    }
    lua_settop(L, 0);
    return 0;
}
