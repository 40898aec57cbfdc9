/* Filters of Clickwrap's lists: the sandbox reads the input as a filter; and ironclad.clickwrap.filter builds
 * one of it, whose field is the first line and whose value is the rest. What is built means that the field
 * has this value, whatever the value holds: it cannot change the expression. */
#include "core/json/json.h"
#include "sandbox/clickwrap/filter.h"
#include "spec/fuzz/fuzz_lua.h"

/* The longest field and value that the sandbox reads. */
#define FIELD_MAX 127
#define VALUE_MAX 511

/* build(field, value) -> the filters ==, != and == with another condition; nothing when it is refused. */
static const char script[] =
    "local filter = require 'ironclad.clickwrap.filter'\n"
    "local other = filter.eq('zz', 'x')\n"
    "return function(field, value)\n"
    "  local fine, built = pcall(filter.eq, field, value)\n"
    "  if not fine then\n"
    "    assert(type(built) == 'string' and built:find('ironclad.clickwrap.filter.eq: ', 1, true), built)\n"
    "    return\n"
    "  end\n"
    "  return tostring(built), tostring(filter.ne(field, value)), tostring(filter.And(built, other)),\n"
    "    tostring(filter.And(other, built))\n"
    "end\n";

static void check_reading(const char *text) {
    static const char activity[] = "{\"event_type\":\"agreed\",\"created_time\":\"2026-01-31T09:00:00.000Z\","
                                   "\"contract\":282,\"deleted\":false,\"custom_data\":{\"plan\":\"pro\"}}";
    static cJSON *object;
    if (!object) object = cJSON_Parse(activity);
    FUZZ_CHECK(!ic_cw_filter_fits(text, object) || ic_cw_filter_valid(text));
}

/* An object whose member at the path has that value, and whose member zz has another. */
static cJSON *object_with(const char *path, const char *value, const char *other) {
    cJSON *object = cJSON_CreateObject(), *at = object;
    cJSON_AddStringToObject(object, "zz", other);
    while (*path) {
        char name[FIELD_MAX + 1];
        size_t length = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)length, path);
        path += length + (path[length] == '.');
        at = *path ? cJSON_AddObjectToObject(at, name) : cJSON_AddStringToObject(at, name, value);
    }
    return object;
}

/* `L`: what the script's function returned. */
static void check_meaning(lua_State *L, const char *field, const char *value) {
    cJSON *object = object_with(field, value, "x"), *second = object_with(field, value, "y");
    FUZZ_CHECK(ic_cw_filter_fits(lua_tostring(L, 1), object));
    FUZZ_CHECK(ic_cw_filter_valid(lua_tostring(L, 2)) && !ic_cw_filter_fits(lua_tostring(L, 2), object));
    for (int i = 3; i <= 4; i++)
        FUZZ_CHECK(ic_cw_filter_fits(lua_tostring(L, i), object) &&
                   !ic_cw_filter_fits(lua_tostring(L, i), second));
    cJSON_Delete(object);
    cJSON_Delete(second);
}

static void check_building(const char *field, const uint8_t *value, size_t size) {
    lua_State *L = fuzz_lua(script);
    lua_pushstring(L, field);
    lua_pushlstring(L, (const char *)value, size);
    fuzz_call(L, 2, 4);
    bool other = strncmp(field, "zz", 2) == 0 && (!field[2] || field[2] == '.');
    if (lua_isstring(L, 1) && size <= VALUE_MAX && strlen(field) <= FIELD_MAX && !other) {
        char *text = fuzz_text(value, size);
        check_meaning(L, field, text);
        free(text);
    }
    lua_settop(L, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = fuzz_text(data, size);
    check_reading(text);
    free(text);
    char *field = fuzz_line(&data, &size);
    check_building(field, data, size);
    free(field);
    return 0;
}
