#include "lua/reference.h"
#include "core/base/error.h"
#include "core/catalog/settings.h"
#include "lua/field.h"

/* The words of options.def. */
static const char *const type_names[] = {
    [IC_OPTION_TEXT] = "text",
    [IC_OPTION_TEXT_OR_FALSE] = "text_or_false",
    [IC_OPTION_SCOPES] = "scopes",
    [IC_OPTION_NUMBER] = "number",
    [IC_OPTION_NUMBER_OR_FALSE] = "number_or_false",
    [IC_OPTION_WHOLE] = "whole",
    [IC_OPTION_BOOLEAN] = "boolean",
    [IC_OPTION_HANDLED] = "handled",
};

static void reference_push_option(lua_State *L, const ic_option *option) {
    lua_createtable(L, 0, 12);
    ic_lua_set_text(L, "name", option->name);
    ic_lua_set_text(L, "type", type_names[option->type]);
    ic_lua_set_boolean(L, "connect", option->places & IC_FOR_CONNECT);
    ic_lua_set_boolean(L, "clickwrap", option->places & IC_FOR_CLICKWRAP);
    ic_lua_set_boolean(L, "call", option->places & IC_FOR_CALL);
    ic_lua_set_number(L, "preset", option->preset);
    ic_lua_set_number(L, "smallest", option->smallest);
    ic_lua_set_number(L, "largest", option->largest);
    ic_lua_set_text(L, "unit", option->unit);
    ic_lua_set_text(L, "choices", option->choices);
    ic_lua_set_text(L, "takes", option->takes);
    ic_lua_set_text(L, "fallback", option->fallback);
    ic_lua_set_text(L, "text", option->text);
}

/* option_table() -> a new array with a table for each option: the members of ic_option by their names, type
 * as the word of options.def, and booleans connect, clickwrap and call for where it may be given. */
static int reference_option_table(lua_State *L) {
    lua_newtable(L);
    for (int i = 0; ic_options[i].name; i++) {
        reference_push_option(L, &ic_options[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* error_kinds() -> a new array of { name =, meaning =, advice = }: the kinds of the errors that calls return.
 */
static int reference_error_kinds(lua_State *L) {
    int count = 0;
    lua_newtable(L);
    for (int i = 0; i < IC_ERROR_KIND_COUNT; i++) {
        ic_error_kind kind = (ic_error_kind)i;
        if (!ic_error_kind_meaning(kind)) continue;
        lua_createtable(L, 0, 3);
        ic_lua_set_text(L, "name", ic_error_kind_name(kind));
        ic_lua_set_text(L, "meaning", ic_error_kind_meaning(kind));
        ic_lua_set_text(L, "advice", ic_error_kind_advice(kind));
        lua_rawseti(L, -2, ++count);
    }
    return 1;
}

void ic_lua_open_reference(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"option_table", reference_option_table}, {"error_kinds", reference_error_kinds}, {NULL, NULL}};
    ic_lua_setfuncs(L, functions);
}
