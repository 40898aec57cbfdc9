/* Each allocation of Lua, of cJSON and of the core fails in turn, alone and with all later ones, while
 * scripts decode, encode and attach files. Whatever is thrown, nothing may leak, and the same Lua state must
 * do the same work when there is memory again. */
#include "core/base/alloc.h"
#include "lua/values.h"
#include "spec/core/check.h"
#include "spec/core/json/json_trial.h"
#include "spec/lua/counted_lua.h"
#include "spec/lua/page_of_text.h"
#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>

/* Each returns a string. When memory ran out, it may be an error about that instead. */
static const struct {
    const char *script, *result;
} scripts[] = {
    {"local v = assert(json.decode "
     "'[1,\"two\",{\"a\\\\u0000b\":[[],{}]},18446744073709551616,1e999,0.1,true]')\n"
     "return json.encode(v)",
     "[1,\"two\",{\"a\\u0000b\":[[],{}]},\"18446744073709551616\",\"1e999\",0.1,true]"},
    {"local t = array()\n"
     "for i = 1, 50 do t[i] = { i / 3, tostring(i), { name = null } } end\n"
     "return tostring(#json.encode(t) > 1000)",
     "true"},
    {"local t = {}\n"
     "for i = 20, 1, -1 do t[i] = { name = 'again', id = i, real = i / 3, list = { 'again', 'again' } } end\n"
     "local v = assert(json.decode(json.encode(t)))\n"
     "return v[20].list[2] .. #v .. json.encode { v[1].name, v[20].real, {} }",
     "again20[\"again\",6.666666666666667,{}]"},
    {"local type = { __as_number = function(t) return t.digits end }\n"
     "return json.encode { setmetatable({ digits = '18446744073709551616' }, type) }",
     "[18446744073709551616]"},
    {"local v = tree { list = { 1, 2.5, 'x', null, true, {} }, big = 9007199254740993 }\n"
     "return json.encode(v.list) .. #v.list .. ('%.0f'):format(v.big):sub(1, 7)",
     "[1,2.5,\"x\",null,true,{}]69007199"},
    {"return select(2, json.decode '[1,2')", "invalid JSON: expected ',' or ']', found the end at byte 5"},
    {"local cycle = { {}, 'x' } cycle[3] = { a = cycle }\n"
     "return select(2, pcall(json.encode, cycle))",
     "[3].a: the table contains itself"},
    {"return select(2, pcall(json.encode, { a = { b = { 1, 2, 'x\\255' } } }))",
     "a.b[3]: the text holds invalid UTF-8 at byte 2"},
    {"local type = { __as_text = function(t) return t.a .. '!' end }\n"
     "return json.encode { 1, { setmetatable({ a = 'text' }, type) }, setmetatable({ a = 2 }, type) }",
     "[1,[\"text!\"],\"2!\"]"},
    {"local pdf = file { data = ('x'):rep(1000), filename = 'a.pdf' }\n"
     "return count_files { draft = { file 'nda.docx', pdf, pdf } } .. tostring(pdf)",
     "3ironclad.file (a.pdf)"},
    {"local form = { document = file 'a.pdf', text = 'x', nul = '\\0', list = { 1 }, n = 1.5, [ 'urn:x' ] = "
     "{} }\n"
     "return count_files(form, 'form') .. count_files({ 1, 2 }, 'form') .. count_files('text', 'form')",
     "100"},
    {"return select(2, pcall(count_files, { draft = { file 'nda.docx' }, bad = print }))",
     "body.bad: a value of type function cannot be written as JSON"},
    {"local p = page('{\"count\":2,\"list\":[{\"id\":\"a\"},{\"id\":\"b\\\\u0041\",\"x\":[1e999]}]}', "
     "'list')\n"
     "local first, again = p.list:first(), p.list:next()\n"
     "local second = p.list:next()\n"
     "return #p.list .. first.id .. again.id .. second.id .. second.x[1] .. tostring(p.list:next()) .. "
     "p.count",
     "2aabA1e999nil2"},
    {"local p = page('[{\"id\":\"kept\"},{\"id\":\"not read\"},3]')\n"
     "local first = p:next()\n"
     "p = nil\n"
     "return first.id",
     "kept"},
    {"local p = page('{\"list\":[1,2],\"list\":[3,4]}', 'list')\n"
     "local q, r = page('{\"list\":[1],\"list\":7}', 'list'), page('{\"other\":[5]}', 'list')\n"
     "local three = p.list:next()\n"
     "p.list:close() p.list:close()\n"
     "return three .. tostring(p.list:next()) .. q.list .. r.other[1] .. tostring(page('[]'):next()) .. "
     "page('8')",
     "3nil75nil8"},
    {"return select(2, pcall(file, { pth = 'nda.docx' }))",
     "file: unknown field 'pth' (did you mean 'path'?)"},
};

/* count_files(value [, "form"]) -> how many stand in it, as the body of a launch or of a form */
static int count_files(lua_State *L) {
    bool form = !lua_isnoneornil(L, 2);
    ic_json_box *box = ic_lua_push_json_box(L);
    ic_lua_to_body(L, 1, "body", form ? NULL : ic_operation_by_id("launch-a-new-workflow"), box);
    lua_pushinteger(L, (lua_Integer)box->parts.count);
    return 1;
}

/* tree(value) -> the same, by way of a tree */
static int through_tree(lua_State *L) {
    ic_json_box *box = ic_lua_push_json_box(L);
    ic_lua_to_tree(L, 1, NULL, box);
    ic_lua_push_tree(L, box->tree);
    return 1;
}

/* ---- failing allocations ---- */

typedef enum { LUA, LUA_ONCE, CJSON, CJSON_ONCE, CORE, CORE_ONCE, OWNERS } owner;

static long lua_fail_in; /* 0: never; otherwise the nth growth fails, and, unless: */
static bool lua_once;    /* all after it */

static bool lua_refuses(void) {
    if (!lua_fail_in || --lua_fail_in > 0) return false;
    lua_fail_in = !lua_once;
    return true;
}

static void fail_at(owner whose, long nth) {
    lua_fail_in = whose == LUA || whose == LUA_ONCE ? nth : 0;
    lua_once = whose == LUA_ONCE;
    fail_in = whose == CJSON || whose == CJSON_ONCE ? nth : 0;
    fail_once = whose == CJSON_ONCE;
    ic_alloc_fail_at(whose == CORE ? nth : 0);
    if (whose == CORE_ONCE) ic_alloc_fail_only(nth);
}

/* Tried of failures that come alone, and of others at most. */
#define ALLOCATIONS      300
#define MOST_ALLOCATIONS 5000

/* ---- the scripts ---- */

static int set_up(lua_State *L) {
    luaL_openlibs(L);
    /* LuaJIT's compiled code does not survive a failed allocation. */
    if (luaL_loadstring(L, "if jit then jit.off() end") == 0) lua_call(L, 0, 0);
    lua_settop(L, 0);
    lua_newtable(L);
    lua_pushcfunction(L, count_files);
    lua_setfield(L, -2, "count_files");
    lua_pushcfunction(L, through_tree);
    lua_setfield(L, -2, "tree");
    lua_pushcfunction(L, page_of_text);
    lua_setfield(L, -2, "page");
    ic_lua_open_values(L);
    ic_lua_open_items(L);
    for (lua_pushnil(L); lua_next(L, 1);)
        lua_setglobal(L, lua_tostring(L, -2));
    return 0;
}

static lua_State *new_state(void) {
    lua_State *L = lua_newstate(lua_allocate, NULL);
    if (!L) L = luaL_newstate(); /* a LuaJIT without GC64 takes no other allocator */
    lua_pushcfunction(L, set_up);
    CHECK(lua_pcall(L, 0, 0, 0) == 0);
    return L;
}

/* Runs a script with the nth allocation failing (0: none). Whether it came to its own result. */
static bool run(lua_State *L, size_t script, owner whose, long nth) {
    if (!CHECK(luaL_loadstring(L, scripts[script].script) == 0)) return true;
    fail_at(whose, nth);
    lua_pcall(L, 0, 1, 0);
    fail_at(whose, 0);
    const char *got = lua_tostring(L, -1), *wanted = scripts[script].result;
    bool reached = got && strcmp(got, wanted) == 0;
    /* Lua calls a stack that cannot grow for want of memory an overflow. */
    bool told = nth && got && (strstr(got, "memory") || strstr(got, "stack overflow"));
    if (!reached && !CHECK(told))
        printf("    script %zu, allocation %ld of owner %d\n    got    %s\n    wanted %s\n", script, nth,
               whose, got ? got : "(null)", wanted);
    lua_settop(L, 0);
    lua_gc(L, LUA_GCCOLLECT, 0); /* forgets strings too, so that the next run allocates them again */
    lua_gc(L, LUA_GCCOLLECT, 0); /* what a finalizer has let go */
    if (!CHECK(ic_alloc_live() == 0 && held == 0))
        printf("    script %zu, allocation %ld of owner %d\n", script, nth, whose);
    return reached;
}

static void check_script(size_t script, owner whose) {
    lua_State *L = new_state();
    long nth = 0;
    bool reached;
    /* One failure alone is survived by Lua, which collects garbage and asks again; and where the core's and
     * cJSON's are told of, a script may still come to its end. So all are tried, as many as there are. */
    bool once = whose == LUA_ONCE || whose == CJSON_ONCE || whose == CORE_ONCE;
    long last = once ? ALLOCATIONS : MOST_ALLOCATIONS;
    do {
        reached = run(L, script, whose, ++nth);
        CHECK(run(L, script, whose, 0));
    } while ((!reached || once) && nth < last);
    CHECK(reached);
    lua_close(L);
    CHECK(lua_held == 0);
    CHECK(ic_alloc_live() == 0 && held == 0);
}

int main(void) {
    count_memory();
    for (size_t script = 0; script < COUNT(scripts); script++)
        for (owner whose = LUA; whose < OWNERS; whose++)
            check_script(script, whose);
    return check_done("values_oom");
}
