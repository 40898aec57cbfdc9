/* JSON to Lua values and back, as ironclad.json.decode and encode do it. What is decoded is encoded as JSON
 * that cJSON accepts and that is decoded as the same values. */
#include "spec/fuzz/fuzz.h"
#include <cjson/cJSON.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>

int luaopen_ironclad_core(lua_State *L);

static const char script[] =
    "local json = require('ironclad.core').json\n"
    "local function same(a, b)\n"
    "  if type(a) ~= 'table' or type(b) ~= 'table' then return a == b and math.type(a) == math.type(b) end\n"
    "  if getmetatable(a) ~= getmetatable(b) then return false end\n"
    "  for key, value in pairs(a) do if not same(value, b[key]) then return false end end\n"
    "  for key in pairs(b) do if a[key] == nil then return false end end\n"
    "  return true\n"
    "end\n"
    "return function(text)\n"
    "  local value, message = json.decode(text)\n"
    "  if value == nil then assert(type(message) == 'string') return nil end\n"
    "  local encoded = json.encode(value)\n"
    "  assert(same(value, json.decode(encoded)), encoded)\n"
    "  return encoded\n"
    "end\n";

static lua_State *state;
static int function;

static void must(bool good) {
    if (good) return;
    fprintf(stderr, "does not hold: %s\n", lua_tostring(state, -1));
    abort();
}

static void open_state(void) {
    state = luaL_newstate();
    luaL_openlibs(state);
    luaL_requiref(state, "ironclad.core", luaopen_ironclad_core, 0);
    lua_settop(state, 0);
    must(luaL_loadstring(state, script) == 0 && lua_pcall(state, 0, 1, 0) == 0);
    function = luaL_ref(state, LUA_REGISTRYINDEX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t length;
    if (!state) open_state();
    lua_rawgeti(state, LUA_REGISTRYINDEX, function);
    lua_pushlstring(state, (const char *)data, size);
    must(lua_pcall(state, 1, 1, 0) == 0);
    const char *encoded = lua_tolstring(state, -1, &length);
    if (encoded) {
        cJSON *tree = cJSON_ParseWithLength(encoded, length);
        /* cJSON refuses a number of more than 63 characters, which is one of digits that no type holds. */
        FUZZ_CHECK(tree || length > 63);
        cJSON_Delete(tree);
    }
    lua_settop(state, 0);
    return 0;
}
