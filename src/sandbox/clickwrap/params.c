#include "sandbox/clickwrap/params.h"
#include "core/base/alloc.h"
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/group.h"
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

/* Long names that the vendor's guides and SDKs use. */
static const struct alias {
    const char *theirs, *ours;
} aliases[] = {
    {"site_id", "sid"},         {"signer_id", "sig"},  {"event_type", "et"},    {"versions", "vid"},
    {"version", "vid"},         {"contracts", "cid"},  {"contract", "cid"},     {"group_key", "gkey"},
    {"group_id", "gid"},        {"group", "gid"},      {"custom_data", "cus"},  {"render_data", "rnd"},
    {"render_id", "rdid"},      {"test_mode", "tm"},   {"_srv", "server_side"}, {"execution_method", "em"},
    {"page_title", "pat"},      {"page_url", "pau"},   {"hostname", "hn"},      {"referrer", "ref"},
    {"remote_address", "addr"}, {"user_agent", "bua"},
};

static const char *param_name(const char *given) {
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcmp(aliases[i].theirs, given) == 0) return aliases[i].ours;
    return given;
}

static bool param_is_object(const char *name) {
    return strcmp(name, "cus") == 0 || strcmp(name, "rnd") == 0;
}

/* What has been read, and whether reading has failed. */
typedef struct taken {
    cJSON *params;
    bool wrong, no_memory;
} taken;

/* A value that is an object, or the object in a value that is JSON text. Takes ownership of the value. NULL:
 * neither, or no memory. */
static cJSON *param_object(taken *all, cJSON *value) {
    ic_error error = {0};
    if (cJSON_IsString(value)) {
        cJSON *parsed = ic_json_parse(value->valuestring, strlen(value->valuestring), &error);
        cJSON_Delete(value);
        value = parsed;
    }
    if (cJSON_IsObject(value)) return value;
    if (error.kind == IC_ERR_MEMORY)
        all->no_memory = true;
    else
        all->wrong = true;
    ic_error_clear(&error);
    cJSON_Delete(value);
    return NULL;
}

/* Takes ownership of the value; NULL: no memory. Names that begin with a dot are the sandbox's own. */
static void param_put(taken *all, const char *given, cJSON *value) {
    const char *name = param_name(given);
    if (!value) {
        all->no_memory = true;
    } else if (*name == '.') {
        cJSON_Delete(value);
    } else {
        if (param_is_object(name)) value = param_object(all, value);
        if (value && !ic_set(all->params, name, value)) all->no_memory = true;
    }
}

static enum MHD_Result param_on_query(void *context, enum MHD_ValueKind kind, const char *name,
                                      const char *value) {
    (void)kind;
    param_put(context, name, cJSON_CreateString(value ? value : ""));
    return MHD_YES;
}

static void params_from_form(ic_exchange *x, taken *all) {
    if (!ic_form_read(x)) all->wrong = true;
    for (size_t i = 0; i < x->field_count && !all->wrong; i++) {
        const char *text = ic_form_text(x, x->fields[i].name);
        if (text)
            param_put(all, x->fields[i].name, cJSON_CreateString(text));
        else
            all->wrong = true;
    }
}

static void params_from_json(ic_exchange *x, taken *all) {
    ic_error error = {0};
    cJSON *body = ic_json_parse(x->raw.data, x->raw.length, &error), *item;
    if (error.kind == IC_ERR_MEMORY)
        all->no_memory = true;
    else if (!cJSON_IsObject(body))
        all->wrong = true;
    ic_error_clear(&error);
    while (cJSON_IsObject(body) && (item = body->child)) {
        cJSON_DetachItemViaPointer(body, item);
        char *name = ic_strdup(item->string);
        if (!name) cJSON_Delete(item);
        param_put(all, name ? name : "", name ? item : NULL);
        ic_free(name);
    }
    cJSON_Delete(body);
}

bool ic_cw_params_read(ic_exchange *x) {
    taken all = {.params = cJSON_CreateObject()};
    x->body = all.params;
    all.no_memory = !all.params;
    if (all.params) MHD_get_connection_values(x->connection, MHD_GET_ARGUMENT_KIND, param_on_query, &all);
    bool form = ic_exchange_is_type(x, MHD_HTTP_POST_ENCODING_FORM_URLENCODED);
    if (all.params && x->raw.length) (form ? params_from_form : params_from_json)(x, &all);
    if (all.no_memory)
        ic_reply_no_memory(x);
    else if (all.wrong)
        ic_reply_error(x, 400, "bad_request", NULL, "the parameters cannot be read");
    return !all.no_memory && !all.wrong;
}

const char *ic_cw_param(const ic_exchange *x, const char *name, char *text, size_t size) {
    const char *own = ic_json_string(x->body, name);
    if (!own) own = ic_cw_text(x->body, name, text, size);
    return *own ? own : NULL;
}

bool ic_cw_param_true(const ic_exchange *x, const char *name) {
    const cJSON *value = ic_json_member(x->body, name);
    if (cJSON_IsString(value))
        return strcmp(value->valuestring, "true") == 0 || strcmp(value->valuestring, "1") == 0;
    return cJSON_IsTrue(value) || (cJSON_IsNumber(value) && value->valuedouble != 0);
}

cJSON *ic_cw_param_site(ic_exchange *x) {
    char text[64];
    const char *sid = ic_cw_param(x, "sid", text, sizeof text);
    cJSON *site = sid ? ic_cw_site_of(x->company->clickwrap, sid) : NULL;
    if (!site)
        ic_reply_error(x, 400, "bad_request", NULL, sid ? "there is no site '%s'" : "sid is missing%s",
                       sid ? sid : "");
    return site;
}

cJSON *ic_cw_param_group(ic_exchange *x) {
    char text[64];
    const ic_clickwrap *clickwrap = x->company->clickwrap;
    const char *key = ic_cw_param(x, "gkey", text, sizeof text), *member = "key";
    if (!key) key = ic_cw_param(x, "gid", text, sizeof text), member = "id";
    if (!key) return NULL;
    cJSON *group = ic_cw_find(clickwrap, IC_CW_GROUP, member, key);
    if (group && ic_cw_true(group, "published")) return group;
    ic_reply_error(x, 404, "not_found", NULL,
                   group ? "the group '%s' is not published" : "there is no group '%s'", key);
    return NULL;
}

/* The contracts with the ids of a comma list; unknown ones are left out, as the service does. */
static cJSON *param_contracts_by_id(const ic_clickwrap *clickwrap, const char *list) {
    cJSON *found = cJSON_CreateArray();
    for (size_t length; *list; list += length + (list[length] == ',')) {
        char id[32];
        length = strcspn(list, ",");
        snprintf(id, sizeof id, "%.*s", (int)length, list);
        cJSON *contract = ic_cw_by_id(clickwrap, IC_CW_CONTRACT, id);
        if (contract) cJSON_AddItemReferenceToArray(found, contract);
    }
    return found;
}

cJSON *ic_cw_param_contracts(ic_exchange *x, bool all) {
    char text[64];
    const ic_clickwrap *clickwrap = x->company->clickwrap;
    const cJSON *group = ic_cw_param_group(x), *contract;
    if (x->status) return NULL;
    if (group) return ic_cw_group_contracts(clickwrap, group);
    const char *ids = ic_cw_param(x, "cid", text, sizeof text);
    if (ids) return param_contracts_by_id(clickwrap, ids);
    if (!all) {
        ic_reply_error(x, 400, "bad_request", NULL, "one of gkey, gid and cid is needed");
        return NULL;
    }
    cJSON *found = cJSON_CreateArray();
    cJSON_ArrayForEach(contract, clickwrap->lists[IC_CW_CONTRACT]) {
        if (!ic_cw_true(contract, "deleted")) cJSON_AddItemReferenceToArray(found, (cJSON *)contract);
    }
    return found;
}
