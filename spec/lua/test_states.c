/* Several Lua states in several threads of one host, for ThreadSanitizer: each calls, maps, downloads, logs
 * in with a store of its own in Lua, and is closed while calls are in flight. They share one engine and one
 * server. Also: what is closed while a thread that waits for its call runs the engine. */
#include "spec/core/engine/driven_turns.h"
#include "spec/lua/host_trial.h"
#include <signal.h>

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

/* ---- a thread that waits for its call runs the engine, and a state is closed ---- */

/* It answers each request when the test says so. */
static ic_peer *gated;

static ic_peer *start_gated(void) {
    ic_peer *peer = ic_peer_new();
    ic_peer_add_script(peer);
    ic_peer_add_step(peer, "read", NULL, 0, -1);
    ic_peer_add_step(peer, "gate", NULL, 0, -1);
    ic_peer_add_step(peer, "answer", NULL, 0, -1);
    ic_peer_add_step(peer, "loop", NULL, 0, -1);
    ic_peer_add_answer(peer, good, strlen(good));
    CHECK(ic_peer_start(peer) == NULL);
    return peer;
}

/* After a few calls in turn the engine's thread rests. */
#define CONNECT                                                                                              \
    "local ironclad = require 'ironclad'\n"                                                                  \
    "local function connect(url)\n"                                                                          \
    "  return ironclad.connect { instance = url, as_user = false, rate_limit = false, token = 't' }\n"       \
    "end\n"                                                                                                  \
    "local client = connect(url)\n"                                                                          \
    "for i = 1, 20 do assert(client.workflows:get 'w1') end\n"

static lua_State *state;

/* Runs a script in a new state, with the URLs of both servers. Returns whether it raised no error. */
static bool run_in_state(const char *script) {
    state = host_new_state(allocate, server);
    lua_pushfstring(state, "http://127.0.0.1:%d", ic_peer_port(gated));
    lua_setglobal(state, "gated");
    return luaL_loadstring(state, script) == 0 && lua_pcall(state, 0, 0, 0) == 0;
}

/* Starts `meanwhile` in another thread, and runs the script in this one. Returns what run_in_state does. */
static bool run_while(void *(*meanwhile)(void *), void *argument, const char *script) {
    pthread_t thread;
    pthread_create(&thread, NULL, meanwhile, argument);
    bool fine = run_in_state(script);
    pthread_join(thread, NULL);
    return fine;
}

static atomic_bool was_driven;

/* A state of this thread, with calls that the thread of main carries out, is closed before their end. */
static void *close_another(void *argument) {
    static const char with_calls[] =
        CONNECT "for i = 1, 5 do connect(silent).workflows:get('w', { callback = function() end }) end\n"
                "connect(silent).workflows:launch({ template = 't', attributes = {} }, { callback = "
                "function() end })\n";
    ic_peer *silent = argument;
    size_t begun = ic_peer_await(gated, 1);
    int before = atomic_load(&driven_turns);
    lua_State *L = host_new_state(allocate, server);
    lua_pushfstring(L, "http://127.0.0.1:%d", ic_peer_port(silent));
    lua_setglobal(L, "silent");
    bool fine = luaL_loadstring(L, with_calls) == 0 && lua_pcall(L, 0, 0, 0) == 0;
    if (!CHECK(fine && begun == 1)) printf("    %s\n", lua_tostring(L, -1));
    lua_close(L);
    atomic_store(&was_driven, atomic_load(&driven_turns) > before);
    ic_peer_release(gated);
    return NULL;
}

/* Returns whether this thread ran the engine meanwhile. */
static bool another_is_closed(void) {
    ic_peer *silent = start_silent();
    gated = start_gated();
    bool fine = run_while(close_another, silent, CONNECT "assert(connect(gated).workflows:get 'w1')");
    if (!CHECK(fine)) printf("    %s\n", lua_tostring(state, -1));
    lua_close(state);
    ic_peer_free(gated);
    ic_peer_free(silent);
    return atomic_load(&was_driven);
}

/* On a busy machine the engine's thread may have kept the turn. Then another try is made. */
#define TRIES 8

static void test_another_is_closed(void) {
    int tries = TRIES;
    while (!another_is_closed() && tries > 0)
        tries--;
    CHECK(tries > 0);
}

/* As the program lua does for Ctrl-C: the handler sets a hook, and that raises the error. */
static void interrupt(lua_State *L, lua_Debug *unused) {
    (void)unused;
    lua_sethook(L, NULL, 0, 0);
    luaL_error(L, "interrupted!");
}

static void on_signal(int number) {
    (void)number;
    lua_sethook(state, interrupt, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
}

static void *interrupt_starter(void *unused) {
    (void)unused;
    ic_peer_await(gated, 1);
    pthread_kill(starter, SIGUSR1);
    return NULL;
}

/* A script is interrupted while it runs the engine, and its state is closed before the answer has come. */
static void test_closed_after_signal(void) {
    gated = start_gated();
    signal(SIGUSR1, on_signal);
    bool fine = run_while(interrupt_starter, NULL, CONNECT "connect(gated).workflows:get 'w1'");
    const char *problem = lua_tostring(state, -1);
    CHECK(!fine && problem && strstr(problem, "interrupted!"));
    lua_close(state);
    ic_peer_release(gated);
    fine = run_in_state(CONNECT "return"); /* the engine goes on */
    CHECK(fine);
    lua_close(state);
    ic_peer_free(gated);
}

static atomic_int finalised;

static int note_finalised(lua_State *L) {
    if (lua_toboolean(L, 1)) atomic_fetch_add(&finalised, 1);
    return 0;
}

/* A finaliser makes a call while its state is closed: its thread runs the engine then. */
static bool call_while_closing(void) {
    static const char script[] =
        CONNECT "local function finish() note((client.workflows:get 'w1').id == 'w1') end\n"
                "if newproxy then\n"
                "  kept = newproxy(true)\n"
                "  getmetatable(kept).__gc = finish\n"
                "else\n"
                "  kept = setmetatable({}, { __gc = finish })\n"
                "end\n";
    gated = server;
    bool fine = run_in_state("return 1");
    CHECK(fine);
    lua_pushcfunction(state, note_finalised);
    lua_setglobal(state, "note");
    fine = luaL_loadstring(state, script) == 0 && lua_pcall(state, 0, 0, 0) == 0;
    if (!CHECK(fine)) printf("    %s\n", lua_tostring(state, -1));
    atomic_store(&driven_turns, 0);
    atomic_store(&finalised, 0);
    lua_close(state);
    CHECK(atomic_load(&finalised) == 1);
    return atomic_load(&driven_turns) > 0;
}

static void test_call_while_closing(void) {
    int tries = TRIES;
    while (!call_while_closing() && tries > 0)
        tries--;
    CHECK(tries > 0);
}

int main(void) {
    limit_seconds(300);
    host_make_folder(folder, sizeof folder);
    server = host_start_server();
    starter = pthread_self();
    STAGE(test_another_is_closed);
    STAGE(test_closed_after_signal);
    STAGE(test_call_while_closing);
    STAGE(test_states);
    ic_peer_free(server);
    host_remove_folder(folder);
    return check_done("states");
}
