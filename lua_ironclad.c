/* The entry point of the binding: require "ironclad.core" returns the table that is filled here. The Lua
 * files in src/ironclad build the public module from it. */
#include "core/base/platform.h"
#include "lua/calls.h"
#include "lua/chunks.h"
#include "lua/command.h"
#include "lua/compat.h"
#include "lua/config.h"
#include "lua/connection.h"
#include "lua/disk.h"
#include "lua/helpers.h"
#include "lua/known_scopes.h"
#include "lua/operations.h"
#include "lua/reference.h"
#include "lua/shared.h"
#include "lua/state_file.h"
#include "lua/stats.h"
#include "lua/terminal.h"
#include "lua/values.h"
#include "lua/webhook.h"
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* cJSON_Version writes to one static buffer at every call, whichever thread calls it. */
static char core_cjson_version[32];

static void core_read_cjson_version(void) {
    snprintf(core_cjson_version, sizeof core_cjson_version, "%s", cJSON_Version());
}

/* info() -> the versions of this module and of the libraries that it runs with. With SSLKEYLOGFILE in the
 * environment, libcurl writes the keys of its TLS connections to that file. With these keys, anyone who
 * records the traffic can read it. So info() returns the path as tls_key_log. */
static int core_info(lua_State *L) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, core_read_cjson_version);
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    lua_createtable(L, 0, 4);
    lua_pushliteral(L, IC_VERSION);
    lua_setfield(L, -2, "version");
    lua_pushstring(L, curl->version);
    lua_setfield(L, -2, "libcurl");
    lua_pushstring(L, curl->ssl_version);
    lua_setfield(L, -2, "tls");
    lua_pushstring(L, core_cjson_version);
    lua_setfield(L, -2, "cjson");
    lua_pushboolean(L, (curl->features & CURL_VERSION_HTTP2) != 0);
    lua_setfield(L, -2, "http2");
    const char *key_log = getenv("SSLKEYLOGFILE");
    if (key_log && *key_log) {
        lua_pushstring(L, key_log);
        lua_setfield(L, -2, "tls_key_log");
    }
    return 1;
}

__attribute__((visibility("default"))) int luaopen_ironclad_core(lua_State *L);

int luaopen_ironclad_core(lua_State *L) {
    static const luaL_Reg functions[] = {{"info", core_info}, {NULL, NULL}};
    ic_stay_loaded();
    lua_newtable(L);
    lua_pushliteral(L, IC_VERSION);
    lua_setfield(L, -2, "version");
    ic_lua_setfuncs(L, functions);
    ic_lua_open_chunks(L);
    ic_lua_open_operations(L);
    ic_lua_open_values(L);
    ic_lua_open_connection(L);
    ic_lua_open_calls(L);
    ic_lua_open_helpers(L);
    ic_lua_open_known_scopes(L);
    ic_lua_open_reference(L);
    ic_lua_open_config(L);
    ic_lua_open_command(L);
    ic_lua_open_disk(L);
    ic_lua_open_terminal(L);
    ic_lua_open_webhook(L);
    ic_lua_open_shared(L);
    ic_lua_open_stats(L);
    ic_lua_open_state_file(L);
    return 1;
}
