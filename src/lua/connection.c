#include "lua/connection.h"
#include "core/base/buf.h"
#include "core/base/text.h"
#include "lua/field.h"
#include "lua/mailbox.h"
#include "lua/metatable.h"
#include <string.h>

#define TYPE "ironclad.connection"

/* The settings while they are read, then the connection that owns them. */
typedef struct box {
    ic_settings settings;
    ic_connection *connection;
    ic_error error;
    ic_buf text;
} box;

static int connection_gc(lua_State *L) {
    box *mine = luaL_checkudata(L, 1, TYPE);
    ic_connection_release(mine->connection);
    mine->connection = NULL;
    ic_settings_clear(&mine->settings);
    ic_error_clear(&mine->error);
    ic_buf_free(&mine->text);
    return 0;
}

static box *connection_push_box(lua_State *L) {
    box *mine = lua_newuserdata(L, sizeof *mine);
    memset(mine, 0, sizeof *mine);
    luaL_getmetatable(L, TYPE);
    lua_setmetatable(L, -2);
    return mine;
}

/* Pushes nil and the error's message. The caller in Lua throws it with the script's position. */
static int connection_refused(lua_State *L, const ic_error *error) {
    lua_pushnil(L);
    lua_pushstring(L, ic_error_message(error));
    return 2;
}

/* What the options of a connection are called, by product. */
static const struct kind {
    const char *name;
    unsigned place;
} kinds[] = {
    [IC_PRODUCT_CLM] = {"ironclad.connect", IC_FOR_CONNECT},
    [IC_PRODUCT_CLICKWRAP] = {"ironclad.clickwrap", IC_FOR_CLICKWRAP},
};

static bool connection_unknown(const char *name, ic_product product, ic_error *error) {
    ic_product other = product == IC_PRODUCT_CLM ? IC_PRODUCT_CLICKWRAP : IC_PRODUCT_CLM;
    if (ic_option_find(name, kinds[other].place)) {
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: unknown option; it is an option of %s", name,
                     kinds[other].name);
        return false;
    }
    if (ic_option_find(name, IC_FOR_CALL)) {
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: unknown option; it is an option of a call", name);
        return false;
    }
    char hint[IC_HINT_SIZE];
    const char *nearest = ic_option_nearest(name, kinds[product].place);
    ic_error_set(error, IC_ERR_ARGUMENT, "%s: unknown option%s", name, ic_nearest_hint(hint, nearest));
    return false;
}

/* Reads the list of scopes at the top of the stack, and joins it with spaces. */
static bool connection_read_list(lua_State *L, box *mine, const ic_option *option) {
    mine->text.length = 0;
    size_t count = ic_lua_rawlen(L, -1);
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(L, -1, (int)i);
        const char *item = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
        if (!item || !*item || strpbrk(item, " \t\r\n")) {
            /* The text may be a secret in the wrong place. */
            ic_error_set(&mine->error, IC_ERR_ARGUMENT, "%s[%d]: expected a scope, got a%s %s", option->name,
                         (int)i, item && !*item ? "n empty" : "",
                         item && *item ? "string with spaces" : luaL_typename(L, -1));
            lua_pop(L, 1);
            return false;
        }
        ic_buf_printf(&mine->text, "%s%s", i > 1 ? " " : "", item);
        lua_pop(L, 1);
    }
    const char *joined = ic_buf_text(&mine->text);
    if (!joined) ic_error_memory(&mine->error);
    return joined && ic_settings_text(&mine->settings, option, joined, &mine->error);
}

/* Reads the option's value at the top of the stack. */
static bool connection_read_option(lua_State *L, box *mine, const ic_option *option) {
    ic_error *error = &mine->error;
    switch (lua_type(L, -1)) {
    case LUA_TSTRING: {
        size_t length;
        const char *text = lua_tolstring(L, -1, &length);
        if (strlen(text) == length) return ic_settings_text(&mine->settings, option, text, error);
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: must not hold NUL", option->name);
        return false;
    }
    case LUA_TNUMBER: return ic_settings_number(&mine->settings, option, lua_tonumber(L, -1), error);
    case LUA_TBOOLEAN: return ic_settings_boolean(&mine->settings, option, lua_toboolean(L, -1), error);
    case LUA_TTABLE:
        if (option->type == IC_OPTION_SCOPES) return connection_read_list(L, mine, option);
        break;
    default: break;
    }
    const char *got = lua_pushfstring(L, "a %s", luaL_typename(L, -1));
    ic_option_mismatch(option, got, error);
    lua_pop(L, 1);
    return false;
}

/* connect(options [, store [, watched [, "clm" or "clickwrap"]]]) -> connection, or nil and a message that
 * names the option. `store` is this state's number for a token store that is written in Lua; with `watched`
 * its calls produce events. */
static int connection_connect(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    long store = (long)luaL_optinteger(L, 2, 0);
    bool watched = lua_toboolean(L, 3);
    static const char *const products[] = {"clm", "clickwrap", NULL};
    ic_product product = (ic_product)luaL_checkoption(L, 4, "clm", products);
    lua_settop(L, 1);
    box *mine = connection_push_box(L);
    ic_settings_default(&mine->settings);
    mine->settings.watched = watched;
    mine->settings.product = product;
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING) {
            ic_error_set(&mine->error, IC_ERR_ARGUMENT, "options are named; got a %s as a key",
                         luaL_typename(L, -2));
            return connection_refused(L, &mine->error);
        }
        const char *name = lua_tostring(L, -2);
        const ic_option *option = ic_option_find(name, kinds[product].place);
        if (option && option->type == IC_OPTION_HANDLED) continue; /* the Lua side's */
        if (option ? !connection_read_option(L, mine, option)
                   : !connection_unknown(name, product, &mine->error))
            return connection_refused(L, &mine->error);
    }
    mine->connection =
        ic_connection_new(&mine->settings, store ? ic_lua_mailbox(L) : NULL, store, &mine->error);
    if (!mine->connection) return connection_refused(L, &mine->error);
    return 1;
}

/* for_site(connection, site access id) -> the same connection for that site; nil and a message. */
static int connection_for_site(lua_State *L) {
    const ic_connection *connection = ic_lua_check_connection(L, 1);
    size_t length;
    const char *site = luaL_checklstring(L, 2, &length);
    luaL_argcheck(L, strlen(site) == length, 2, "must not hold NUL");
    box *mine = connection_push_box(L);
    mine->connection = ic_connection_for_site(connection, site, &mine->error);
    if (!mine->connection) return connection_refused(L, &mine->error);
    return 1;
}

/* options("connect", "call" or "clickwrap") -> the names that may be given there; and of those that the Lua
 * side handles what they take: name -> text. */
static int connection_options(lua_State *L) {
    static const char *const names[] = {"connect", "call", "clickwrap", NULL};
    static const unsigned places[] = {IC_FOR_CONNECT, IC_FOR_CALL, IC_FOR_CLICKWRAP};
    unsigned place = places[luaL_checkoption(L, 1, NULL, names)];
    int count = 0;
    lua_newtable(L);
    lua_newtable(L);
    for (const ic_option *option = ic_options; option->name; option++) {
        if (!(option->places & place)) continue;
        lua_pushstring(L, option->name);
        lua_rawseti(L, -3, ++count);
        ic_lua_set_text(L, option->name, option->takes);
    }
    return 2;
}

ic_connection *ic_lua_check_connection(lua_State *L, int index) {
    ic_connection *connection = ((box *)luaL_checkudata(L, index, TYPE))->connection;
    /* Lua may finalise it before an object that still uses it. */
    if (!connection) luaL_error(L, "this connection is closed");
    return connection;
}

/* describe(connection) -> what may be shown of it: origin, client_id, scopes, grant ("token" for a static
 * one), store, name, default_scope, shared, shared_prefix; of Clickwrap also activity_origin, site_access_id
 * and has_token. */
static int connection_describe(lua_State *L) {
    const ic_connection *connection = ic_lua_check_connection(L, 1);
    const ic_settings *settings = &connection->settings;
    const char *grant = settings->token                         ? "token"
                        : ic_connection_is_personal(connection) ? "authorization_code"
                                                                : "client_credentials";
    const char *const fields[][2] = {{"origin", connection->origin},
                                     {"client_id", settings->client_id},
                                     {"scopes", settings->scopes},
                                     {"grant", grant},
                                     {"store", settings->store},
                                     {"name", settings->name},
                                     {"activity_origin", connection->activity_origin},
                                     {"site_access_id", settings->site_access_id},
                                     {"shared", connection->shared.name},
                                     {"shared_prefix", connection->shared_prefix}};
    lua_createtable(L, 0, 10);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        ic_lua_set_text(L, fields[i][0], fields[i][1]);
    ic_lua_set_boolean(L, "default_scope", settings->default_scope);
    ic_lua_set_boolean(L, "has_token", settings->token != NULL);
    return 1;
}

void ic_lua_open_connection(lua_State *L) {
    static const luaL_Reg metamethods[] = {{"__gc", connection_gc}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"connect", connection_connect},
                                         {"for_site", connection_for_site},
                                         {"options", connection_options},
                                         {"describe", connection_describe},
                                         {NULL, NULL}};
    ic_lua_make_type(L, TYPE, metamethods, NULL);
    ic_lua_setfuncs(L, functions);
}
