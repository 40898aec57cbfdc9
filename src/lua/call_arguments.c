#include "lua/call_arguments.h"
#include "core/base/alloc.h"
#include "core/base/path.h"
#include "core/base/text.h"
#include "core/json/json_text.h"
#include "lua/metatable.h"
#include "lua/values.h"
#include <stdio.h>
#include <string.h>

/* Field `name` of the table `from` as a tree in a box, which stays on the stack; NULL when absent. It must be
 * a table of named values. */
static cJSON *arguments_read_object(lua_State *L, int from, const char *name, const char *root) {
    lua_getfield(L, from, name);
    if (lua_isnil(L, -1)) return NULL;
    ic_json_box *box = ic_lua_push_json_box(L);
    ic_lua_to_tree(L, -2, root, box);
    if (!cJSON_IsObject(box->tree))
        luaL_error(L, "%s: expected a table of named values, got %s", name, ic_json_type(box->tree));
    return box->tree;
}

static void arguments_read_path(lua_State *L, int from, ic_arguments *arguments) {
    lua_getfield(L, from, "path");
    if (lua_isnil(L, -1)) return;
    arguments->path_count = ic_lua_rawlen(L, -1);
    if (arguments->path_count > 4) luaL_error(L, "path: too many parameters");
    for (size_t i = 0; i < arguments->path_count; i++) {
        lua_rawgeti(L, -1, (int)i + 1);
        if (lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "path[%d]: expected a string, got a %s", (int)i + 1, luaL_typename(L, -1));
        arguments->path[i] = lua_tolstring(L, -1, &arguments->path_length[i]);
        lua_pop(L, 1); /* the table keeps it */
    }
}

/* Field `name` of the table `from` as a body in its own box, which stays on the stack; NULL when absent. */
static ic_json_box *arguments_read_body(lua_State *L, int from, const char *name, const char *root,
                                        const ic_operation *operation) {
    lua_getfield(L, from, name);
    if (lua_isnil(L, -1)) return NULL;
    ic_json_box *box = ic_lua_push_json_box(L);
    ic_lua_to_body(L, -2, root, operation, box);
    return box;
}

/* Reads body and files. Both may hold files. */
static void arguments_read_bodies(lua_State *L, int from, const ic_operation *operation,
                                  ic_arguments *arguments) {
    ic_json_box *body = arguments_read_body(L, from, "body", "body", operation);
    ic_json_box *files = body ? NULL : arguments_read_body(L, from, "files", "files", NULL);
    if (body) {
        arguments->body = body->tree;
        arguments->parts = &body->parts;
        lua_getfield(L, from, "files");
        if (!lua_isnil(L, -1)) {
            /* Both boxes add to the same parts, so that the indices of both are valid. */
            ic_json_box *more = ic_lua_push_json_box(L);
            more->parts = body->parts;
            body->parts = (ic_parts){0};
            arguments->parts = &more->parts;
            ic_lua_to_body(L, -2, "files", NULL, more);
            files = more;
        }
    } else if (files) {
        arguments->parts = &files->parts;
    }
    if (files && !cJSON_IsObject(files->tree))
        luaL_error(L, "files: expected a table of named files, got %s", ic_json_type(files->tree));
    if (files) arguments->files = files->tree;
    ic_json_box *extra = arguments_read_body(L, from, "extra_body", "extra.body", NULL);
    if (extra && (!cJSON_IsObject(extra->tree) || extra->parts.count))
        luaL_error(L, "extra.body: expected a table of named values%s",
                   extra->parts.count ? ", none of them a file" : "");
    if (extra) arguments->extra_body = extra->tree;
}

void ic_lua_read_arguments(lua_State *L, int from, const ic_operation *operation, ic_arguments *arguments) {
    arguments_read_path(L, from, arguments);
    arguments->query = arguments_read_object(L, from, "query", NULL);
    arguments->headers = arguments_read_object(L, from, "headers", "headers");
    arguments->extra_query = arguments_read_object(L, from, "extra_query", "extra.query");
    arguments_read_bodies(L, from, operation, arguments);
}

bool ic_lua_read_path_only(lua_State *L, int from, ic_arguments *arguments) {
    int top = lua_gettop(L);
    bool only = false;
    lua_pushnil(L);
    if (lua_next(L, from)) {
        only = lua_type(L, -2) == LUA_TSTRING && strcmp(lua_tostring(L, -2), "path") == 0;
        lua_settop(L, top + 1);
        only = only && !lua_next(L, from);
    }
    lua_settop(L, top);
    if (only) arguments_read_path(L, from, arguments);
    return only;
}

static void arguments_read_number(lua_State *L, int from, const char *name, double *into) {
    const ic_option *option = ic_option_find(name, IC_FOR_CALL);
    lua_getfield(L, from, name);
    if (lua_isnil(L, -1)) return;
    bool off = option->type == IC_OPTION_NUMBER_OR_FALSE && lua_isboolean(L, -1) && !lua_toboolean(L, -1);
    double value = off ? 0 : lua_tonumber(L, -1);
    bool whole = option->type == IC_OPTION_WHOLE;
    bool fits = off || (lua_type(L, -1) == LUA_TNUMBER && value >= option->smallest &&
                        value <= option->largest && (!whole || value == (double)(long)value));
    if (!fits) {
        char range[96];
        snprintf(range, sizeof range, "%g to %g", option->smallest, option->largest);
        bool may_show = lua_isnumber(L, -1); /* any other string may be a secret in the wrong place */
        const char *what = lua_type(L, -1) == LUA_TNUMBER ? "" : may_show ? "the string " : "a ";
        /* lua_tostring changes the type of a number. */
        luaL_error(L, "%s: expected a %snumber from %s%s, got %s%s", name, whole ? "whole " : "", range,
                   option->type == IC_OPTION_NUMBER_OR_FALSE ? ", or false for none" : "", what,
                   may_show ? lua_tostring(L, -1) : luaL_typename(L, -1));
    }
    *into = value;
}

/* Copies the string at the top of the stack into the call. */
static void arguments_keep_text(lua_State *L, const char *name, char **slot) {
    size_t length;
    const char *text = lua_tolstring(L, -1, &length);
    if (strlen(text) != length || (strcmp(name, "as_user") == 0 && !ic_header_safe(text)))
        luaL_error(L, "%s: must not hold control characters", name);
    size_t bad;
    if (strcmp(name, "as_user") == 0 && !ic_utf8_valid(text, length, &bad))
        luaL_error(L, "%s: must be UTF-8, is not at byte %d", name, (int)bad + 1);
    *slot = ic_strdup(text);
    if (!*slot) luaL_error(L, "not enough memory");
}

void ic_lua_read_call_options(lua_State *L, int from, ic_call_options *options) {
    arguments_read_number(L, from, "timeout", &options->timeout);
    arguments_read_number(L, from, "deadline", &options->deadline);
    arguments_read_number(L, from, "max_retries", &options->max_retries);
    lua_getfield(L, from, "as_user");
    if (lua_type(L, -1) == LUA_TSTRING && ic_text_is_blank(lua_tostring(L, -1)))
        luaL_error(L, "as_user: must not be empty; false is for none");
    if (lua_type(L, -1) == LUA_TBOOLEAN && !lua_toboolean(L, -1)) lua_pushliteral(L, "");
    if (lua_type(L, -1) == LUA_TSTRING)
        arguments_keep_text(L, "as_user", &options->as_user);
    else if (!lua_isnil(L, -1))
        luaL_error(L, "as_user: expected a string, or false for none, got %s",
                   lua_isboolean(L, -1) ? "true" : lua_pushfstring(L, "a %s", luaL_typename(L, -1)));
    lua_getfield(L, from, "to");
    if (lua_type(L, -1) == LUA_TFUNCTION) {
        options->output = IC_TO_SINK;
    } else if (lua_type(L, -1) == LUA_TSTRING && ic_lua_rawlen(L, -1)) {
        arguments_keep_text(L, "to", &options->path);
        options->place = ic_path_here(options->path);
        if (!options->place) luaL_error(L, "not enough memory");
        options->output = IC_TO_PATH;
    } else if (!lua_isnil(L, -1)) {
        luaL_error(L, "to: expected a path or a function, got %s",
                   lua_type(L, -1) == LUA_TSTRING ? "an empty string"
                                                  : lua_pushfstring(L, "a %s", luaL_typename(L, -1)));
    }
    lua_getfield(L, from, "on_progress");
    /* A table that can be called, such as ironclad.progress, is as good. */
    bool callable = lua_isnil(L, -1) || lua_isfunction(L, -1);
    if (!callable && luaL_getmetafield(L, -1, "__call")) {
        callable = true;
        lua_pop(L, 1);
    }
    if (!callable) luaL_error(L, "on_progress: expected a function, got a %s", luaL_typename(L, -1));
    options->progress = !lua_isnil(L, -1);
}
