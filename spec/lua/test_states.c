/* Several Lua states in several threads of one host, for ThreadSanitizer: each calls, maps, downloads, logs
 * in with a store of its own in Lua, and is closed while calls are in flight. They share one engine and one
 * server. */
#include "spec/lua/host_trial.h"
#include <pthread.h>

#define THREADS 4
#define ROUNDS  6 /* states that each thread opens and closes, one after the other */

static const char script[] =
    "local ironclad = require 'ironclad'\n"
    "local thread, round = ...\n"
    "local function connect(options)\n"
    "  local settings = { instance = url, as_user = false, rate_limit = false, max_in_flight = 8 }\n"
    "  for name, value in pairs(options) do settings[name] = value end\n"
    "  return ironclad.connect(settings)\n"
    "end\n"
    "local client = connect { token = 't' }\n"
    "assert(client.workflows:get 'w1')\n"
    "local list = assert(client:map({ 'a', 'b', 'c', 'd' }, function(id) return client.workflows:get(id) "
    "end))\n"
    "assert(list[4].id == 'w1')\n"
    "local n = 0\n"
    "for _ in client.workflows:each { pageSize = 2 } do n = n + 1 end\n"
    "assert(n == 2)\n"
    "local path = ('%s/%d-%d'):format(folder, thread, round)\n"
    "assert(client.workflows:download_document('w1', 'key', { to = path }) == path)\n"
    "os.remove(path)\n"
    "local bytes = 0\n"
    "assert(client.workflows:download_document('w1', 'key', { to = function(chunk) bytes = bytes + #chunk "
    "end,\n"
    "  on_progress = function() end }))\n"
    "assert(bytes > 100)\n"
    /* The same token for all threads, from a store in Lua and from a file. */
    "local kept\n"
    "local shared = connect { client_id = 'id', client_secret = 'SECRET-of-it', on_request = function() "
    "end,\n"
    "  store = { load = function() return kept end, save = function(_, token) kept = token end } }\n"
    "assert(shared.workflows:get 'w1')\n"
    "assert(connect { client_id = 'id', client_secret = 'SECRET-of-it', store = folder .. '/tokens' "
    "}.workflows:list())\n"
    "assert(ironclad.info().cjson)\n"
    "local text = ironclad.json.encode(assert(ironclad.json.decode '{\"list\":[1,2.5,\"x\",null,{}]}'))\n"
    "assert(#text > 10)\n"
    "if _VERSION == 'Lua 5.1' and not jit then return 'in flight' end\n"
    "for i = 1, 5 do ironclad.spawn(function() client.workflows:get(tostring(i)) end) end\n"
    "ironclad.spawn(function() client.workflows:launch { template = 't', attributes = {\n"
    "  draft = { ironclad.file { data = 'x', filename = 'a.pdf' } } } } end)\n"
    "return 'in flight'\n"; /* the state is closed now */

static ic_peer *server;
static char folder[500];

static void *allocate(void *unused, void *block, size_t old_size, size_t new_size) {
    (void)unused, (void)old_size;
    if (new_size) return realloc(block, new_size);
    free(block);
    return NULL;
}

/* Returns NULL, or what went wrong (free with free). */
static char *run_state(int thread, int round) {
    lua_State *L = host_new_state(allocate, server);
    lua_pushstring(L, folder);
    lua_setglobal(L, "folder");
    char *problem = NULL;
    bool failed = luaL_loadstring(L, script) != 0;
    if (!failed) {
        lua_pushinteger(L, thread);
        lua_pushinteger(L, round);
        failed = lua_pcall(L, 2, 1, 0) != 0;
    }
    if (failed) problem = strdup(lua_tostring(L, -1));
    lua_close(L);
    return problem;
}

static void *run_thread(void *argument) {
    int thread = (int)(intptr_t)argument;
    for (int round = 0; round < ROUNDS; round++) {
        char *problem = run_state(thread, round);
        if (problem) return problem;
    }
    return NULL;
}

static void test_states(void) {
    pthread_t threads[THREADS];
    void *problem;
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, run_thread, (void *)(intptr_t)i) == 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &problem);
        if (!CHECK(!problem)) printf("    %s\n", (char *)problem);
        free(problem);
    }
}

int main(void) {
    limit_seconds(300);
    host_make_folder(folder, sizeof folder);
    server = host_start_server();
    STAGE(test_states);
    ic_peer_free(server);
    host_remove_folder(folder);
    return check_done("states");
}
