#include "sandbox/clickwrap/clickwrap.h"
#include "sandbox/base/build.h"
#include <stdio.h>
#include <string.h>

#define ACCOUNT   1
#define OWNER     1 /* the user to whom the API key belongs */
#define TEXT_SIZE 64

static bool clickwrap_has_numbers(ic_cw_kind kind) {
    return kind == IC_CW_SITE || kind == IC_CW_GROUP || kind == IC_CW_CONTRACT;
}

cJSON *ic_cw_new(ic_company *company, ic_cw_kind kind) {
    ic_clickwrap *clickwrap = company->clickwrap;
    ic_time_text now = ic_time_print(ic_company_now(company));
    cJSON *thing = cJSON_CreateObject();
    const cJSON *site = clickwrap->lists[IC_CW_SITE]->child;
    ic_object_id id;
    if (clickwrap_has_numbers(kind)) {
        ic_put_number(thing, "id", ++clickwrap->last_id);
    } else if (kind != IC_CW_SIGNER) {
        ic_new_object_id(company, id);
        ic_put_text(thing, "id", id);
    }
    ic_put_number(thing, "account", ACCOUNT);
    if (kind != IC_CW_SITE) ic_put_number(thing, "site", ic_cw_number(site, "id"));
    if (kind != IC_CW_ACTIVITY && kind != IC_CW_SIGNER && kind != IC_CW_MEMBERSHIP)
        ic_put_number(thing, "created_by", OWNER);
    ic_put_text(thing, "created_time", now.text);
    if (kind != IC_CW_ACTIVITY) ic_put_text(thing, "updated_time", now.text);
    return thing;
}

cJSON *ic_cw_keep(ic_clickwrap *clickwrap, ic_cw_kind kind, cJSON *thing) {
    if (ic_whole(thing) && cJSON_AddItemToArray(clickwrap->lists[kind], thing)) return thing;
    cJSON_Delete(thing);
    return NULL;
}

cJSON *ic_cw_edit(const cJSON *thing) {
    return cJSON_Duplicate(thing, true);
}

bool ic_cw_commit(cJSON *thing, cJSON *copy) {
    bool whole = ic_whole(copy);
    if (whole) {
        cJSON *before = thing->child;
        thing->child = copy->child;
        copy->child = before;
    }
    cJSON_Delete(copy);
    return whole;
}

const char *ic_cw_text(const cJSON *thing, const char *name, char *text, size_t size) {
    const cJSON *member = ic_json_member(thing, name);
    if (cJSON_IsString(member))
        snprintf(text, size, "%s", member->valuestring);
    else if (cJSON_IsNumber(member))
        snprintf(text, size, "%.0f", member->valuedouble);
    else
        *text = '\0';
    return text;
}

double ic_cw_number(const cJSON *thing, const char *name) {
    const cJSON *member = ic_json_member(thing, name);
    return cJSON_IsNumber(member) ? member->valuedouble : 0;
}

bool ic_cw_true(const cJSON *thing, const char *name) {
    return cJSON_IsTrue(ic_json_member(thing, name));
}

static bool clickwrap_has(const cJSON *thing, const char *name, const char *text) {
    char number[TEXT_SIZE];
    const char *own = ic_json_string(thing, name);
    return strcmp(own ? own : ic_cw_text(thing, name, number, sizeof number), text) == 0;
}

cJSON *ic_cw_find(const ic_clickwrap *clickwrap, ic_cw_kind kind, const char *name, const char *text) {
    cJSON *thing;
    cJSON_ArrayForEach(thing, clickwrap->lists[kind]) {
        if (clickwrap_has(thing, name, text) && !ic_cw_true(thing, "deleted")) return thing;
    }
    return NULL;
}

cJSON *ic_cw_by_id(const ic_clickwrap *clickwrap, ic_cw_kind kind, const char *id) {
    return ic_cw_find(clickwrap, kind, kind == IC_CW_SIGNER ? "signer_id" : "id", id);
}

void ic_cw_set(cJSON *thing, const char *name, cJSON *item) {
    if (!ic_set(thing, name, item) && thing) thing->type = cJSON_Invalid;
}

void ic_cw_set_text(cJSON *thing, const char *name, const char *text) {
    ic_cw_set(thing, name, cJSON_CreateString(text));
}

void ic_cw_set_number(cJSON *thing, const char *name, double number) {
    ic_cw_set(thing, name, cJSON_CreateNumber(number));
}

void ic_cw_set_bool(cJSON *thing, const char *name, bool value) {
    ic_cw_set(thing, name, cJSON_CreateBool(value));
}

void ic_cw_touch(ic_company *company, cJSON *thing) {
    ic_cw_set_text(thing, "updated_time", ic_time_print(ic_company_now(company)).text);
    ic_cw_set_number(thing, "updated_by", OWNER);
}

cJSON *ic_cw_view(const cJSON *thing) {
    cJSON *view = cJSON_CreateObject();
    const cJSON *member;
    cJSON_ArrayForEach(member, thing) {
        if (*member->string != '.') ic_put(view, member->string, cJSON_Duplicate(member, true));
    }
    return view;
}

cJSON *ic_cw_site_of(const ic_clickwrap *clickwrap, const char *access_id) {
    return ic_cw_find(clickwrap, IC_CW_SITE, "access_id", access_id);
}
