#include "sandbox/clickwrap/rest.h"
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/handlers.h"
#include "sandbox/workflows/pdf.h"
#include <string.h>

static const char *const rest_names[IC_CW_KIND_COUNT] = {
    [IC_CW_SITE] = "site",         [IC_CW_GROUP] = "group",       [IC_CW_CONTRACT] = "contract",
    [IC_CW_VERSION] = "version",   [IC_CW_SIGNER] = "signer",     [IC_CW_ACTIVITY] = "activity",
    [IC_CW_LOCATION] = "location", [IC_CW_SNAPSHOT] = "snapshot", [IC_CW_EVIDENCE] = "export",
    [IC_CW_EXPORT] = "export",     [IC_CW_REQUEST] = "request",   [IC_CW_MEMBERSHIP] = "user",
};

cJSON *ic_cw_of_path(ic_exchange *x, ic_cw_kind kind, size_t i) {
    cJSON *thing = ic_cw_by_id(x->company->clickwrap, kind, x->values[i]);
    if (!thing)
        ic_reply_error(x, 404, "not_found", NULL, "there is no %s '%s'", rest_names[kind], x->values[i]);
    return thing;
}

void ic_cw_copy(const ic_exchange *x, cJSON *thing, const char *const *names) {
    for (; *names; names++) {
        const cJSON *given = ic_json_member(x->body, *names);
        if (given) ic_cw_set(thing, *names, cJSON_Duplicate(given, true));
    }
}

void ic_cw_change(ic_exchange *x, cJSON *thing) {
    for (const ic_field *field = x->operation->fields; field->name; field++) {
        const cJSON *given = ic_json_member(x->body, field->name);
        if (given) ic_cw_set(thing, field->name, cJSON_Duplicate(given, true));
    }
    ic_cw_touch(x->company, thing);
}

cJSON *ic_cw_kept(ic_exchange *x, ic_cw_kind kind, cJSON *thing) {
    cJSON *kept = ic_cw_keep(x->company->clickwrap, kind, thing);
    if (!kept) ic_reply_no_memory(x);
    return kept;
}

bool ic_cw_committed(ic_exchange *x, cJSON *thing, cJSON *copy) {
    bool done = ic_cw_commit(thing, copy);
    if (!done) ic_reply_no_memory(x);
    return done;
}

bool ic_cw_mark_deleted(ic_exchange *x, cJSON *thing) {
    cJSON *copy = ic_cw_edit(thing);
    ic_cw_set_bool(copy, "deleted", true);
    ic_cw_set_text(copy, "deleted_time", ic_time_print(ic_company_now(x->company)).text);
    ic_cw_set_number(copy, "deleted_by", 1);
    return ic_cw_committed(x, thing, copy);
}

void ic_cw_reply_id(ic_exchange *x, const cJSON *thing) {
    char id[64];
    cJSON *answer = cJSON_CreateObject();
    ic_put_text(ic_put(answer, "data", cJSON_CreateObject()), "id", ic_cw_text(thing, "id", id, sizeof id));
    ic_reply_json(x, 200, answer);
}

void ic_cw_refuse(ic_exchange *x, const char *message) {
    ic_reply_error(x, 400, "bad_request", NULL, "%s", message);
}

void ic_cw_reply_pdf(ic_exchange *x, const char *text) {
    ic_blob *pdf = ic_pdf_make(text);
    if (pdf)
        ic_reply_file(x, pdf, "application/pdf");
    else
        ic_reply_no_memory(x);
    ic_blob_release(pdf);
}

/* --- sites, their members, and the account --- */

void ic_cw_sites_list(ic_exchange *x) {
    ic_cw_reply_list(x, IC_CW_SITE, NULL);
}

void ic_cw_sites_get(ic_exchange *x) {
    const cJSON *site = ic_cw_of_path(x, IC_CW_SITE, 0);
    if (site) ic_cw_reply_thing(x, 200, IC_CW_SITE, site, true);
}

void ic_cw_sites_delete(ic_exchange *x) {
    cJSON *site = ic_cw_of_path(x, IC_CW_SITE, 0);
    if (!site) return;
    if (ic_cw_mark_deleted(x, site)) ic_cw_reply_thing(x, 200, IC_CW_SITE, site, true);
}

void ic_cw_sites_export_fields(ic_exchange *x) {
    static const char *const standard[] = {"id",       "signer_id", "event_type",
                                           "contract", "version",   "created_time"};
    cJSON *answer = cJSON_CreateObject(), *list = ic_put(answer, "standard", cJSON_CreateArray());
    if (!ic_cw_of_path(x, IC_CW_SITE, 0)) {
        cJSON_Delete(answer);
        return;
    }
    for (size_t i = 0; i < sizeof standard / sizeof *standard; i++)
        ic_append(list, cJSON_CreateString(standard[i]));
    ic_reply_json(x, 200, answer);
}

void ic_cw_members_of_site(ic_exchange *x) {
    if (ic_cw_of_path(x, IC_CW_SITE, 0)) ic_cw_reply_list(x, IC_CW_MEMBERSHIP, NULL);
}

/* A membership of the user with that number. */
static cJSON *rest_membership(ic_exchange *x, const char *user) {
    cJSON *membership;
    char id[32];
    cJSON_ArrayForEach(membership, x->company->clickwrap->lists[IC_CW_MEMBERSHIP]) {
        if (strcmp(ic_cw_text(ic_json_member(membership, "user"), "id", id, sizeof id), user) == 0)
            return membership;
    }
    ic_reply_error(x, 404, "not_found", NULL, "there is no user '%s'", user);
    return NULL;
}

void ic_cw_members_update(ic_exchange *x) {
    cJSON *membership = ic_cw_of_path(x, IC_CW_SITE, 0) ? rest_membership(x, x->values[1]) : NULL;
    if (!membership) return;
    static const char *const changed[] = {"role", NULL};
    cJSON *copy = ic_cw_edit(membership);
    ic_cw_copy(x, copy, changed);
    ic_cw_set_text(copy, "updated_time", ic_time_print(ic_company_now(x->company)).text);
    if (!ic_cw_committed(x, membership, copy)) return;
    cJSON *answer = cJSON_CreateObject();
    ic_put_text(answer, "role", ic_json_string(membership, "role"));
    static const char *const others[] = {"default", "permissions"};
    for (size_t i = 0; i < 2; i++) {
        const cJSON *given = ic_json_member(x->body, others[i]);
        if (given) ic_put(answer, others[i], cJSON_Duplicate(given, true));
    }
    ic_reply_json(x, 200, answer);
}

/* Whether the path's first value is the account; otherwise answers 404, or with `status`. */
static bool rest_is_account(ic_exchange *x, unsigned status) {
    char id[32];
    if (strcmp(ic_cw_text(x->company->clickwrap->account, "id", id, sizeof id), x->values[0]) == 0)
        return true;
    ic_reply_error(x, status, status == 403 ? "forbidden" : "bad_request", NULL, "there is no account '%s'",
                   x->values[0]);
    return false;
}

void ic_cw_members_of_account(ic_exchange *x) {
    const cJSON *membership;
    if (!rest_is_account(x, 400)) return;
    cJSON *answer = cJSON_CreateObject(), *list = ic_put(answer, "data", cJSON_CreateArray());
    int count = 0;
    cJSON_ArrayForEach(membership, x->company->clickwrap->lists[IC_CW_MEMBERSHIP]) {
        ic_append(list, cJSON_Duplicate(ic_json_member(membership, "user"), true));
        count++;
    }
    ic_put_number(answer, "count", count);
    ic_put_number(answer, "total_count", count);
    ic_put_number(answer, "page", 1);
    ic_put_number(answer, "per_page", count);
    ic_put_bool(answer, "has_more", false);
    ic_reply_json(x, 200, answer);
}

void ic_cw_account_update(ic_exchange *x) {
    cJSON *account = x->company->clickwrap->account;
    if (!rest_is_account(x, 403)) return;
    cJSON *copy = ic_cw_edit(account);
    ic_cw_change(x, copy);
    if (ic_cw_committed(x, account, copy)) ic_cw_reply_thing(x, 200, IC_CW_KIND_COUNT, account, true);
}

/* --- endpoints outside the REST API --- */

void ic_cw_service_status(ic_exchange *x) {
    cJSON *answer = cJSON_CreateObject();
    ic_put_text(answer, "status", "ok");
    ic_reply_json(x, 200, answer);
}

void ic_cw_service_token(ic_exchange *x) {
    if (!ic_exchange_check(x)) return;
    const char *id = ic_json_string(x->body, "client_id"), *secret = ic_json_string(x->body, "client_secret");
    if (strcmp(id, "clickwrap") != 0 || strcmp(secret, x->company->clickwrap->token) != 0) {
        ic_reply_error(x, 401, "unauthorized", NULL, "the client is not known");
        return;
    }
    ic_new_secret(x->company, "terms", x->company->clickwrap->token);
    cJSON *answer = cJSON_CreateObject();
    ic_put_text(answer, "access_token", x->company->clickwrap->token);
    ic_put_text(answer, "token_type", "Bearer");
    ic_reply_json(x, 200, answer);
}
