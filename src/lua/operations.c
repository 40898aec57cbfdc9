#include "lua/operations.h"
#include "lua/field.h"
#include <string.h>

/* Stack slots that building the catalog needs: nested tables and their values. */
#define STACK_DEPTH 10

static const char *const product_names[] = {
    [IC_PRODUCT_CLM] = "clm",
    [IC_PRODUCT_CLICKWRAP] = "clickwrap",
};

static const char *const source_names[] = {
    [IC_SOURCE_DOCUMENT] = "document", [IC_SOURCE_GUIDE] = "guide",           [IC_SOURCE_SDK] = "sdk",
    [IC_SOURCE_PEER] = "peer",         [IC_SOURCE_NAVIGATION] = "navigation",
};

static const char *const body_names[] = {
    [IC_BODY_NONE] = "none",
    [IC_BODY_JSON] = "json",
    [IC_BODY_LAUNCH] = "launch",
    [IC_BODY_FORM] = "form",
    [IC_BODY_URLENCODED] = "urlencoded",
};

static const char *const answer_names[] = {
    [IC_ANSWER_JSON] = "json", [IC_ANSWER_NOTHING] = "nothing", [IC_ANSWER_BYTES] = "bytes",
    [IC_ANSWER_TEXT] = "text", [IC_ANSWER_KEY] = "text",
};

static const char *const paging_names[] = {
    [IC_PAGING_NONE] = "none", [IC_PAGING_COUNT] = "count",         [IC_PAGING_NO_COUNT] = "no_count",
    [IC_PAGING_SCIM] = "scim", [IC_PAGING_CLICKWRAP] = "clickwrap",
};

static const char *const type_names[] = {
    [IC_TYPE_STRING] = "string",   [IC_TYPE_INTEGER] = "integer", [IC_TYPE_NUMBER] = "number",
    [IC_TYPE_BOOLEAN] = "boolean", [IC_TYPE_OBJECT] = "object",   [IC_TYPE_ARRAY] = "array",
    [IC_TYPE_FILE] = "file",       [IC_TYPE_COMMENT] = "comment", [IC_TYPE_ANY] = "any",
};

/* A condition that does not hold sets nothing. */
static void operations_set_true(lua_State *L, const char *key, unsigned condition) {
    if (condition) ic_lua_set_boolean(L, key, true);
}

/* Splits `words` at any of the separators and sets a field to the array of them. */
static void operations_set_words(lua_State *L, const char *key, const char *words, const char *separators) {
    int count = 0;
    lua_newtable(L);
    for (size_t length; *words; words += length) {
        words += strspn(words, separators);
        length = strcspn(words, separators);
        lua_pushlstring(L, words, length);
        lua_rawseti(L, -2, ++count);
    }
    lua_setfield(L, -2, key);
}

static void operations_set_path_parameters(lua_State *L, const char *path) {
    size_t count = ic_path_parameters(path);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        size_t length;
        const char *name = ic_path_parameter(path, i, &length);
        lua_pushlstring(L, name, length);
        lua_rawseti(L, -2, (int)i + 1);
    }
    lua_setfield(L, -2, "path_parameters");
}

static const char *operations_reference_name(unsigned flags) {
    return flags & IC_RECORD_LINK ? "record_link"
           : flags & IC_RECORD_ID ? "record_id"
           : flags & IC_SCHEMA_ID ? "schema_id"
                                  : NULL;
}

static void operations_set_fields(lua_State *L, const char *key, const ic_field *field) {
    lua_newtable(L);
    for (int i = 1; field->name; field++, i++) {
        lua_createtable(L, 0, 4);
        ic_lua_set_text(L, "name", field->name);
        ic_lua_set_text(L, "type", type_names[field->type]);
        operations_set_true(L, "required", field->flags & IC_REQUIRED);
        operations_set_true(L, "list", field->flags & IC_LIST);
        operations_set_true(L, "fill", field->flags & IC_FILL);
        operations_set_true(L, "own", field->flags & IC_OWN);
        operations_set_true(L, "properties", field->flags & IC_PROPERTIES);
        operations_set_true(L, "site", field->flags & IC_SITE);
        ic_lua_set_text(L, "refers", operations_reference_name(field->flags));
        ic_lua_set_text(L, "default", field->value);
        if (field->choices) operations_set_words(L, "choices", field->choices, " ");
        lua_rawseti(L, -2, i);
    }
    lua_setfield(L, -2, key);
}

static void operations_set_content(lua_State *L, const ic_content *content) {
    if (content->type == IC_CONTENT_PLAIN || content->type == IC_CONTENT_ANY) return;
    lua_createtable(L, 0, 3);
    ic_lua_set_text(L, "kind", content->kind);
    ic_lua_set_text(L, "field", content->field);
    operations_set_true(L, "items", content->type == IC_CONTENT_ITEMS);
    lua_setfield(L, -2, "content");
}

static void operations_push(lua_State *L, const ic_operation *operation) {
    lua_createtable(L, 0, 22);
    ic_lua_set_text(L, "id", operation->id);
    ic_lua_set_text(L, "resource", operation->resource);
    ic_lua_set_text(L, "name", operation->name);
    ic_lua_set_text(L, "text", operation->text);
    ic_lua_set_text(L, "product", product_names[ic_services[operation->service].product]);
    ic_lua_set_text(L, "service", ic_services[operation->service].name);
    ic_lua_set_text(L, "source", source_names[operation->source]);
    operations_set_true(L, "unconfirmed", operation->source == IC_SOURCE_NAVIGATION);
    ic_lua_set_text(L, "method", ic_method_name(operation->method));
    ic_lua_set_text(L, "path", operation->path);
    operations_set_path_parameters(L, operation->path);
    operations_set_fields(L, "query", operation->query);
    ic_lua_set_text(L, "body", body_names[operation->body]);
    operations_set_fields(L, "fields", operation->fields);
    ic_lua_set_text(L, "answer", answer_names[operation->answer]);
    operations_set_content(L, &operation->content);
    ic_lua_set_text(L, "paging", paging_names[operation->paging]);
    operations_set_words(L, "scopes", operation->scopes, " |");
    operations_set_true(L, "scopes_any", strchr(operation->scopes, '|') != NULL);
    operations_set_true(L, "reads", operation->reads);
    ic_lua_set_boolean(L, "repeatable", operation->repeatable);
    ic_lua_set_text(L, "bucket", ic_bucket_name(ic_operation_bucket(operation)));
}

static void operations_push_job(lua_State *L, const ic_job_entry *job) {
    lua_createtable(L, 0, 10);
    ic_lua_set_text(L, "start", job->start);
    ic_lua_set_text(L, "status", job->status);
    ic_lua_set_text(L, "both", job->both);
    ic_lua_set_text(L, "wait", job->wait);
    operations_set_words(L, "ids", job->ids, " ");
    ic_lua_set_text(L, "state", job->state);
    operations_set_words(L, "running", job->running, " ");
    operations_set_words(L, "done", job->done, " ");
    operations_set_words(L, "failed", job->failed, " ");
    ic_lua_set_text(L, "result", job->result);
}

/* jobs() -> a new list of the jobs. */
static int operations_jobs(lua_State *L) {
    luaL_checkstack(L, STACK_DEPTH, "the jobs of the catalog");
    lua_newtable(L);
    for (int i = 0; ic_job_entries[i].start; i++) {
        operations_push_job(L, &ic_job_entries[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* operations() -> a new list of all operations. */
static int operations_all(lua_State *L) {
    ic_lua_check_dot(L, "ironclad.operations");
    if (!lua_isnoneornil(L, 1))
        return luaL_error(L, "ironclad.operations: too many arguments: it lists all operations");
    luaL_checkstack(L, STACK_DEPTH, "the catalog of operations");
    lua_createtable(L, (int)ic_operation_count, 0);
    for (size_t i = 0; i < ic_operation_count; i++) {
        operations_push(L, &ic_operations[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
    return 1;
}

/* The operation of that number, from 1; NULL: there is none. */
static const ic_operation *operations_check(lua_State *L) {
    lua_Number number = luaL_checknumber(L, 1);
    if (!(number >= 1 && number <= (lua_Number)ic_operation_count)) return NULL;
    return &ic_operations[(size_t)number - 1];
}

/* operation(number) -> one entry of operations(), a new table; nil when there is none of that number. */
static int operations_one(lua_State *L) {
    const ic_operation *operation = operations_check(L);
    luaL_checkstack(L, STACK_DEPTH, "the catalog of operations");
    if (operation)
        operations_push(L, operation);
    else
        lua_pushnil(L);
    return 1;
}

/* operation_names(number) -> its id, resource, name, path and product; nil when there is none of that number.
 */
static int operations_names(lua_State *L) {
    const ic_operation *operation = operations_check(L);
    if (!operation) return 0;
    lua_pushstring(L, operation->id);
    lua_pushstring(L, operation->resource);
    lua_pushstring(L, operation->name);
    lua_pushstring(L, operation->path);
    lua_pushstring(L, product_names[ic_services[operation->service].product]);
    return 5;
}

/* resources(product) -> the names of its resources: name -> "one"; and of their groups, such as "scim" of
 * "scim.users": name -> "several". */
static int operations_resources(lua_State *L) {
    const char *product = luaL_checkstring(L, 1), *previous = "";
    lua_newtable(L);
    for (size_t i = 0; i < ic_operation_count; i++) {
        const ic_operation *operation = &ic_operations[i];
        if (!operation->name || strcmp(operation->resource, previous) == 0) continue;
        if (strcmp(product, product_names[ic_services[operation->service].product]) != 0) continue;
        const char *dot = strrchr(operation->resource, '.');
        previous = operation->resource;
        ic_lua_set_text(L, operation->resource, "one");
        if (!dot) continue;
        lua_pushlstring(L, operation->resource, (size_t)(dot - operation->resource));
        lua_pushliteral(L, "several");
        lua_rawset(L, -3);
    }
    return 1;
}

/* Whether the operation is `wanted`: its id, or its resource and name as in "workflows:get". */
static bool operations_is(const ic_operation *operation, const char *wanted) {
    if (strcmp(operation->id, wanted) == 0) return true;
    if (!operation->name) return false;
    size_t length = strlen(operation->resource);
    return strncmp(operation->resource, wanted, length) == 0 && wanted[length] == ':' &&
           strcmp(operation->name, wanted + length + 1) == 0;
}

/* operation_number("workflows:get", or an id) -> its number; nil when there is none. */
static int operations_number(lua_State *L) {
    if (lua_type(L, 1) != LUA_TSTRING) return 0;
    const char *wanted = lua_tostring(L, 1);
    for (size_t i = 0; i < ic_operation_count; i++) {
        if (!operations_is(&ic_operations[i], wanted)) continue;
        lua_pushinteger(L, (lua_Integer)i + 1);
        return 1;
    }
    return 0;
}

void ic_lua_open_operations(lua_State *L) {
    static const luaL_Reg functions[] = {{"operations", operations_all},
                                         {"operation", operations_one},
                                         {"operation_names", operations_names},
                                         {"operation_number", operations_number},
                                         {"resources", operations_resources},
                                         {"jobs", operations_jobs},
                                         {NULL, NULL}};
    ic_lua_setfuncs(L, functions);
}
