/* Allocations of Lua, of the core, of cJSON and of libcurl fail, each alone and with all later ones, while
 * scripts connect, call, upload, download, iterate, map, log in, use a sandbox and ask a shared Redis. A
 * script ends with its own result or with an error, never with another result; nothing crashes or leaks; and
 * the same Lua state does the same work when there is memory again. Without an argument some of the
 * allocations fail, chosen anew for each script; `test_calls_oom all` (make sweep) tries every one,
 * `test_calls_oom all NAME` those of one script. */
#include "core/json/json.h"
#include "core/shared/driver.h"
#include "spec/lua/counted_lua.h"
#include "spec/lua/host_trial.h"
#include <curl/curl.h>
#include <pthread.h>

#define PRELUDE                                                                                              \
    "local ironclad = require 'ironclad'\n"                                                                  \
    "local function connect(options)\n"                                                                      \
    "  local settings = { instance = url, token = 't', as_user = false, max_retries = 0, rate_limit = "      \
    "false,\n"                                                                                               \
    "    deadline = 60 }\n"                                                                                  \
    "  for name, value in pairs(options or {}) do settings[name] = value or nil end\n"                       \
    "  return ironclad.connect(settings)\n"                                                                  \
    "end\n"                                                                                                  \
    "local function problem(err) return 'failed: ' .. err.kind .. ': ' .. err.message end\n"

/* Each returns a text. Another text than its result is an error about memory; from the sandbox, whose server
 * is in the same process, any error. */
static const struct {
    const char *name, *script, *result;
} scripts[] = {
    {"load", "return tostring(connect()):match '^ironclad.client'", "ironclad.client"},
    {"connect", "return tostring(connect()):match '^ironclad.client'", "ironclad.client"},
    {"get", "local w, err = connect().workflows:get 'w1'\nreturn err and problem(err) or w.id", "w1"},
    {"list",
     "local page, err = connect().workflows:list { status = { 'active' }, pageSize = 7 }\n"
     "return err and problem(err) or tostring(#page.list)",
     "2"},
    {"change",
     "local _, err = connect().workflows:create_comment('w1', { comment = 'seen' })\n"
     "return err and problem(err) or 'done'",
     "done"},
    {"launch",
     "local w, err = connect().workflows:launch { template = 't', attributes = {\n"
     "  name = 'Acme', draft = { ironclad.file { data = ('x'):rep(3000), filename = 'a.pdf' } } } }\n"
     "return err and problem(err) or w.id",
     "w1"},
    {"each",
     "local n, iterator = 0, connect().workflows:each { pageSize = 2 }\n"
     "local fine, message = pcall(function() for _ in iterator do n = n + 1 end end)\n"
     "if not fine then return iterator.error and problem(iterator.error) or tostring(message) end\n"
     "return tostring(n)",
     "2"},
    {"download",
     "local bytes, err = connect().workflows:download_document('w1', 'key')\n"
     "return err and problem(err) or tostring(#bytes)",
     NULL},
    {"download to a file",
     "local name = folder .. '/file'\n"
     "local path, err = connect().workflows:download_document('w1', 'key', { to = name })\n"
     "if err then return problem(err) end\n"
     "local file = assert(io.open(path, 'rb'))\n"
     "local bytes = file:read '*a'\n"
     "file:close()\n"
     "return tostring(#bytes)",
     NULL},
    {"map",
     "local client = connect()\n"
     "local list, failed = client:map({ 'a', 'b', 'c' }, function(id) return client.workflows:get(id) end)\n"
     "for i = 1, 3 do if failed and failed[i] then return type(failed[i]) == 'table' and problem(failed[i])\n"
     "  or tostring(failed[i]) end end\n"
     "return list[1].id .. list[2].id .. list[3].id",
     "w1w1w1"},
    {"token",
     "number = (number or 1000000) + 1\n"
     "local client = connect { token = false, client_id = 'id' .. number, client_secret = 'SECRET-of-it' }\n"
     "local w, err = client.workflows:get 'w1'\nreturn err and problem(err) or w.id",
     "w1"},
    {"login",
     "local client, err = ironclad.login { instance = url, client_id = 'i', client_secret = 'SECRET-of-it',\n"
     "  rate_limit = false, redirect_uri = 'http://localhost:0/callback', timeout = 5, browser = "
     "function(address)\n"
     "    local port, state = address:match 'localhost%%3A(%d+)', address:match 'state=([^&]+)'\n"
     "    visit(tonumber(port), '/callback?code=c&state=' .. state)\n"
     "  end }\n"
     "return err and problem(err) or tostring(client):match '^ironclad.client'",
     "ironclad.client"},
    {"sandbox",
     "local sandbox, message = require('ironclad.sandbox').start { port = 0, tls = false }\n"
     "if not sandbox then return 'failed: ' .. tostring(message) end\n"
     "local list, err = sandbox:connect({ rate_limit = false }).workflow_schemas:list()\n"
     "sandbox:stop()\n"
     "return err and problem(err) or tostring(#list.list > 0)",
     "true"},
    /* A command, a script that is kept up although it fails, and one that is held. */
    {"shared",
     "package.loaded['ironclad.redis'] = driver\n"
     "local redis, run = require 'ironclad.shared.redis', require 'ironclad.calls.run'\n"
     "local client = connect { shared = 'redis://10.0.0.1' }\n"
     "local terms = { check = 'return {}', words = { 'id' }, most = 3, insists = true }\n"
     "local held = redis.hold(client, 'return 2', { 'key' }, { 'word', 1 }, { check = 'return {}', words = "
     "{} "
     "})\n"
     "local _, err = redis.command(client, { 'PING' }, 0.001)\n"
     "local _, again = redis.script(client, 'return 1', { 'key' }, { 'word', 1 }, 0.001, terms)\n"
     "run.cancel(held)\n"
     "for _, failure in ipairs { err, again } do\n"
     "  if failure.message == '***' then return 'failed: no memory to look for secrets in it' end\n"
     "  if not failure.message:find 'refused' then return problem(failure) end\n"
     "end\n"
     "return 'refused'",
     "refused"},
};

static bool is_script(size_t script, const char *name) {
    return strcmp(scripts[script].name, name) == 0;
}

/* From one allocation to the next, when not all are tried. */
static long stride_of(size_t script) {
    return is_script(script, "load") ? 1999 : is_script(script, "sandbox") ? 199 : 17;
}

/* ---- failing allocations ---- */

typedef enum { LUA, CORE, CJSON, LIBCURL, OWNERS } owner;
static const char *const owner_names[] = {"Lua", "the core", "cJSON", "libcurl"};

/* For the allocators of others; the core has its own. Any thread may allocate. */
typedef struct {
    atomic_long fails_in; /* 0: never; otherwise the nth allocation fails, and, unless: */
    atomic_bool once;     /* all after it */
    atomic_long failures;
} injector;
static injector injectors[OWNERS];

static bool injector_refuses(injector *of) {
    long left = atomic_load(&of->fails_in);
    do {
        if (left == 0) return false;
    } while (!atomic_compare_exchange_weak(&of->fails_in, &left, left > 1 ? left - 1 : !of->once));
    if (left == 1) of->failures++;
    return left == 1;
}

static bool lua_refuses(void) {
    return injector_refuses(&injectors[LUA]);
}

static void *cjson_malloc(size_t size) {
    return injector_refuses(&injectors[CJSON]) ? NULL : malloc(size);
}

static void *curl_malloc(size_t size) {
    return injector_refuses(&injectors[LIBCURL]) ? NULL : malloc(size);
}
static void *curl_calloc(size_t count, size_t size) {
    return injector_refuses(&injectors[LIBCURL]) ? NULL : calloc(count, size);
}
static void *curl_realloc(void *block, size_t size) {
    return injector_refuses(&injectors[LIBCURL]) ? NULL : realloc(block, size);
}
static char *curl_strdup(const char *text) {
    return injector_refuses(&injectors[LIBCURL]) ? NULL : strdup(text);
}

static void fail(owner whose, bool once, long nth) {
    injector *of = &injectors[whose];
    if (whose == CORE) {
        if (once)
            ic_alloc_fail_only(nth);
        else
            ic_alloc_fail_at(nth);
        return;
    }
    of->once = once;
    if (nth) of->failures = 0;
    of->fails_in = nth;
}

static long failures(owner whose) {
    return whose == CORE ? ic_alloc_failures() : injectors[whose].failures;
}

/* ---- the scripts ---- */

static ic_peer *server;
static char folder[500];
static long tried; /* allocations that have failed as the first of their run */

/* A Redis that cannot be reached. */
static ic_redis_link *refuse_link(const ic_redis_target *target, const ic_redis_events *events, void *owner,
                                  char *why, size_t size) {
    (void)target, (void)events, (void)owner;
    snprintf(why, size, "refused");
    return NULL;
}

static const ic_redis_driver driver = {
    .version = IC_REDIS_DRIVER_VERSION, .library = "a test", .open = refuse_link};

static int collect_nothing(lua_State *L) {
    (void)L;
    return 0;
}

static lua_State *new_state(void) {
    lua_State *L = host_new_state(lua_allocate, server);
    lua_pushcfunction(L, collect_nothing);
    lua_setglobal(L, "collectgarbage");
    lua_pushstring(L, folder);
    lua_setglobal(L, "folder");
    lua_pushlightuserdata(L, (void *)(uintptr_t)&driver);
    lua_setglobal(L, "driver");
    return L;
}

static int compile(lua_State *L) {
    const char *script = lua_touserdata(L, 1);
    lua_pushfstring(L, "%s%s", PRELUDE, script);
    if (luaL_loadstring(L, lua_tostring(L, -1)) != 0) return lua_error(L);
    return 1;
}

/* Runs a script with the nth allocation failing (0: none). Returns whether one failed. */
static bool run(lua_State *L, size_t script, owner whose, bool once, long nth) {
    const char *wanted = scripts[script].result ? scripts[script].result : HOST_BODY_LENGTH;
    lua_pushcfunction(L, compile);
    lua_pushlightuserdata(L, (void *)(uintptr_t)scripts[script].script);
    if (!CHECK(lua_pcall(L, 1, 1, 0) == 0)) printf("    %s\n", lua_tostring(L, -1));
    /* Lua forgets a finalizer that it has no memory to call (lgc.c, GCTM), and what the userdata owns is then
     * never freed. A module cannot prevent that, so no finalizer runs while Lua's allocations fail: the
     * module collects too, after a task in which memory has run out, but finds the memory that this has
     * freed. */
    if (whose == LUA) lua_gc(L, LUA_GCSTOP, 0);
    fail(whose, once, nth);
    lua_pcall(L, 0, 1, 0);
    fail(whose, once, 0);
    lua_gc(L, LUA_GCRESTART, 0);
    const char *got = lua_tostring(L, -1);
    bool failed = nth && failures(whose);
    bool server = is_script(script, "sandbox");
    /* luaL_checkstack of later versions of 5.4 tells a stack that cannot grow by "stack overflow". */
    bool told = got && (strstr(got, "memory") || strstr(got, "stack overflow"));
    if (!(got && strcmp(got, wanted) == 0) &&
        !CHECK(failed && (told || (server && got && strncmp(got, "failed: ", 8) == 0))))
        printf("    %s, allocation %ld%s of %s\n    got    %s\n    wanted %s\n", scripts[script].name, nth,
               once ? "" : " and all later ones", owner_names[whose], got ? got : "(null)", wanted);
    lua_settop(L, 0);
    lua_gc(L, LUA_GCCOLLECT, 0); /* forgets strings too, so that the next run allocates them again */
    lua_gc(L, LUA_GCCOLLECT, 0); /* what a finalizer has let go */
    if (failed) tried++;
    return failed;
}

static bool run_afresh(size_t script, owner whose, bool once, long nth) {
    lua_State *L = new_state();
    bool failed = run(L, script, whose, once, nth);
    /* Lua 5.1 cannot load a module again whose loading has failed. */
    if (LUA_VERSION_NUM > 501) run(L, script, whose, once, 0);
    lua_close(L);
    CHECK(lua_held == 0);
    return failed;
}

/* Begins at another allocation in each way, so that together they meet more of them. */
static void check_script(size_t script, owner whose, bool once, long stride) {
    long nth = 1 + (long)(script * 5 + whose * 2 + once) % stride;
    if (is_script(script, "load")) { /* each time in a new state */
        while (run_afresh(script, whose, once, nth))
            nth += stride;
        return;
    }
    lua_State *L = new_state();
    run(L, script, whose, once, 0); /* loads the module */
    for (; run(L, script, whose, once, nth); nth += stride)
        run(L, script, whose, once, 0);
    run(L, script, whose, once, 0);
    lua_close(L);
    CHECK(lua_held == 0);
}

/* What of a request is the same every time: the path, and the lengths of the first line and of the body. */
static void describe_request(const ic_peer_request *request, char *text, size_t size) {
    snprintf(text, size, "%.*s, %zu bytes, %zu bytes", (int)strcspn(request->head, "?\r"), request->head,
             strcspn(request->head, "\r"), request->length);
}

/* Runs every script once without a failure, and returns the number of requests that are those of the whole
 * programs. */
static size_t record_good_requests(void) {
    size_t count;
    for (size_t script = 0; script < sizeof scripts / sizeof *scripts; script++) {
        lua_State *L = new_state();
        run(L, script, LUA, false, 0);
        lua_close(L);
    }
    ic_peer_requests(server, &count);
    return count;
}

/* Every request that was sent, whatever failed, is one of those that are sent when nothing fails. */
static void check_requests(size_t good_count) {
    size_t count;
    const ic_peer_request *first = ic_peer_requests(server, &count), *request = first;
    char text[600], good_text[600];
    for (size_t i = 0; i < count; i++, request = request->next) {
        const ic_peer_request *known = first;
        bool found = false;
        describe_request(request, text, sizeof text);
        for (size_t j = 0; j < good_count && !found; j++, known = known->next) {
            describe_request(known, good_text, sizeof good_text);
            found = strcmp(text, good_text) == 0;
        }
        if (!CHECK(found)) printf("    not the whole request: %s\n", text);
    }
    printf("%zu requests, each of them whole\n", count);
}

int main(int count, char **arguments) {
    bool all = count > 1 && strcmp(arguments[1], "all") == 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    limit_seconds(300);
    curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_malloc, free, curl_realloc, curl_strdup, curl_calloc);
    cJSON_InitHooks(&(cJSON_Hooks){cjson_malloc, free});
    host_make_folder(folder, sizeof folder);
    server = host_start_server();
    size_t good_count = record_good_requests();
    for (size_t script = 0; script < sizeof scripts / sizeof *scripts; script++) {
        if (count > 2 && !is_script(script, arguments[2])) continue;
        for (owner whose = LUA; whose < OWNERS; whose++)
            for (int once = 0; once < 2; once++) {
                long before = tried;
                if (all) limit_seconds(3600);
                stage = scripts[script].name;
                long stride = stride_of(script);
                check_script(script, whose, once, all ? 1 + stride / 200 : stride);
                if (count > 1)
                    printf("%s, %s%s: %ld\n", scripts[script].name, owner_names[whose], once ? ", alone" : "",
                           tried - before);
            }
    }
    check_requests(good_count);
    ic_peer_free(server);
    host_remove_folder(folder);
    printf("%ld allocations failed\n", tried);
    return check_done("calls_oom");
}
