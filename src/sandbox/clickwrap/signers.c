/* Signers over the REST API. */
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/handlers.h"
#include "sandbox/clickwrap/rest.h"
#include "sandbox/clickwrap/send.h"
#include <string.h>

void ic_cw_signers_list(ic_exchange *x) {
    ic_cw_reply_list(x, IC_CW_SIGNER, NULL);
}

void ic_cw_signers_of_site(ic_exchange *x) {
    if (ic_cw_of_path(x, IC_CW_SITE, 0)) ic_cw_reply_list(x, IC_CW_SIGNER, NULL);
}

void ic_cw_signers_get(ic_exchange *x) {
    const cJSON *signer = ic_cw_of_path(x, IC_CW_SIGNER, 0);
    if (signer) ic_cw_reply_thing(x, 200, IC_CW_SIGNER, signer, true);
}

/* Sets in a copy what the body of a signer gives, with the members of `additional_attributes` as members of
 * its own. */
static void signer_set(ic_exchange *x, cJSON *signer, const cJSON *given) {
    cJSON *data = cJSON_Duplicate(given, true);
    if (!data) ic_cw_set(signer, "", NULL);
    const cJSON *more = ic_json_member(given, "additional_attributes");
    static const char *const own[] = {"signer_id", "test_mode", "additional_attributes", "signers"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(data, own[i]);
    ic_cw_signer_set(x->company, signer, data);
    if (more) ic_cw_signer_set(x->company, signer, more);
    cJSON_Delete(data);
}

void ic_cw_signers_update(ic_exchange *x) {
    cJSON *signer = ic_cw_by_id(x->company->clickwrap, IC_CW_SIGNER, x->values[0]);
    if (!signer) {
        ic_cw_refuse(x, "there is no such signer");
        return;
    }
    cJSON *copy = ic_cw_edit(signer);
    signer_set(x, copy, x->body);
    if (ic_cw_committed(x, signer, copy))
        ic_reply_json(x, 200, cJSON_CreateObject()); /* an empty object, as the document has it */
}

static bool signer_upsert(ic_exchange *x, const cJSON *given, cJSON *into) {
    const char *id = ic_json_string(given, "signer_id");
    if (!id || !*id) {
        ic_reply_error(x, 422, "unprocessable", NULL, "signer_id is missing");
        return false;
    }
    cJSON *copy = ic_cw_signer_edit(x->company, id, NULL, ic_cw_true(given, "test_mode"));
    signer_set(x, copy, given);
    const cJSON *signer = ic_cw_signer_keep(x->company, copy);
    if (signer)
        ic_append(into, ic_cw_view(signer));
    else
        ic_reply_no_memory(x);
    return signer;
}

void ic_cw_signers_upsert(ic_exchange *x) {
    const cJSON *several = ic_json_member(x->body, "signers"), *one;
    if (!ic_cw_of_path(x, IC_CW_SITE, 0)) return;
    cJSON *answer = cJSON_CreateObject(), *list = ic_put(answer, "data", cJSON_CreateArray());
    bool fine = true;
    if (several)
        cJSON_ArrayForEach(one, several) fine = fine && signer_upsert(x, one, list);
    else
        fine = signer_upsert(x, x->body, list);
    if (!fine) {
        cJSON_Delete(answer);
        return;
    }
    ic_put_number(answer, "count", cJSON_GetArraySize(list));
    ic_put_bool(answer, "has_more", false);
    ic_put_number(answer, "page", 1);
    ic_put_number(answer, "per_page", cJSON_GetArraySize(list));
    ic_put_number(answer, "total_count", cJSON_GetArraySize(list));
    ic_reply_json(x, 200, answer);
}

void ic_cw_signers_delete(ic_exchange *x) {
    cJSON *signer = ic_cw_of_path(x, IC_CW_SIGNER, 0);
    if (!signer) return;
    cJSON *answer = cJSON_CreateObject();
    ic_put_text(answer, "uuid", ic_json_string(signer, "uuid"));
    ic_put_text(answer, "signer_id", ic_json_string(signer, "signer_id"));
    cJSON_Delete(cJSON_DetachItemViaPointer(x->company->clickwrap->lists[IC_CW_SIGNER], signer));
    ic_reply_json(x, 200, answer);
}

void ic_cw_signers_delete_activity(ic_exchange *x) {
    cJSON *list = x->company->clickwrap->lists[IC_CW_ACTIVITY];
    const cJSON *signer = ic_cw_of_path(x, IC_CW_SIGNER, 0);
    if (!signer) return;
    for (cJSON *activity = list->child, *next; activity; activity = next) {
        next = activity->next;
        const char *who = ic_json_string(activity, "signer_id");
        if (who && strcmp(who, x->values[0]) == 0) cJSON_Delete(cJSON_DetachItemViaPointer(list, activity));
    }
    cJSON *answer = cJSON_CreateObject();
    ic_put_text(ic_put(answer, "data", cJSON_CreateObject()), "id", x->values[0]);
    ic_reply_json(x, 200, answer);
}
