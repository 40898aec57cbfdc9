/* Signature requests: made and sent by the REST API, signed by their signers, and expired by the sandbox's
 * clock. A request has `.state`, `.expires` (when, once it is sent) and `.signed`, the ids of those who have
 * signed. */
#include "sandbox/clickwrap/requests.h"
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/events.h"
#include "sandbox/clickwrap/handlers.h"
#include "sandbox/clickwrap/rest.h"
#include "sandbox/clickwrap/send.h"
#include "sandbox/clickwrap/version.h"
#include <stdio.h>
#include <string.h>

void ic_cw_requests_create(ic_exchange *x) {
    if (!ic_cw_of_path(x, IC_CW_SITE, 0)) return;
    static const char *const members[] = {"name",        "contracts",    "signers", "fields",
                                          "render_data", "redirect_url", NULL};
    cJSON *request = cJSON_CreateObject();
    ic_object_id id;
    ic_new_object_id(x->company, id);
    ic_put_text(request, "id", id);
    ic_cw_copy(x, request, members);
    ic_put_text(request, ".state", "draft");
    ic_put(request, ".signed", cJSON_CreateArray());
    request = ic_cw_kept(x, IC_CW_REQUEST, request);
    if (request) ic_cw_reply_thing(x, 200, IC_CW_REQUEST, request, false);
}

void ic_cw_requests_get(ic_exchange *x) {
    const cJSON *request = ic_cw_of_path(x, IC_CW_REQUEST, 0);
    if (request) ic_cw_reply_thing(x, 200, IC_CW_REQUEST, request, false);
}

static bool request_is(const cJSON *request, const char *state) {
    const char *own = ic_json_string(request, ".state");
    return own && strcmp(own, state) == 0;
}

/* A request may be sent again while it is open. */
void ic_cw_requests_send(ic_exchange *x) {
    cJSON *request = ic_cw_of_path(x, IC_CW_REQUEST, 0);
    const ic_clickwrap *clickwrap = x->company->clickwrap;
    if (!request) return;
    if (!request_is(request, "draft") && !request_is(request, "sent")) {
        ic_cw_refuse(x, "the request is over");
        return;
    }
    cJSON *copy = ic_cw_edit(request);
    ic_cw_set_text(copy, ".state", "sent");
    ic_cw_set_number(copy, ".expires",
                     (double)ic_company_now(x->company) + clickwrap->request_seconds * 1000);
    if (!ic_cw_committed(x, request, copy)) return;
    ic_cw_note_request(x->company, "sent", request, NULL);
    ic_cw_reply_thing(x, 200, IC_CW_REQUEST, request, false);
}

/* --- signing --- */

static bool request_has_signed(const cJSON *request, const char *signer) {
    const cJSON *id;
    cJSON_ArrayForEach(id, ic_json_member(request, ".signed")) {
        if (strcmp(id->valuestring, signer) == 0) return true;
    }
    return false;
}

static bool request_asks(const cJSON *request, const char *signer) {
    const cJSON *one;
    cJSON_ArrayForEach(one, ic_json_member(request, "signers")) {
        const char *id = ic_json_string(one, "signer_id");
        if (id && strcmp(id, signer) == 0) return true;
    }
    return false;
}

const char *ic_cw_request_objection(const cJSON *request, const char *signer) {
    if (!request_asks(request, signer)) return "the request has no such signer";
    if (request_has_signed(request, signer)) return "this signer has signed already";
    if (!request_is(request, "sent")) return "the request is not sent yet, or is over";
    return NULL;
}

/* What the signer accepts, as parameters of an action (send.h). */
static cJSON *request_acceptance(const ic_clickwrap *clickwrap, const cJSON *request, const char *signer) {
    cJSON *params = cJSON_CreateObject(), *versions = ic_put(params, ".versions", cJSON_CreateArray());
    const cJSON *contract;
    ic_put_text(params, "sig", signer);
    ic_put_text(params, "et", "agreed");
    cJSON_ArrayForEach(contract, ic_json_member(request, "contracts")) {
        char id[32];
        snprintf(id, sizeof id, "%.0f", contract->valuedouble);
        const cJSON *known = ic_cw_by_id(clickwrap, IC_CW_CONTRACT, id),
                    *version = known ? ic_cw_published(clickwrap, known) : NULL;
        if (version) ic_append(versions, cJSON_CreateString(ic_json_string(version, "id")));
    }
    return params;
}

static bool request_is_complete(const cJSON *request) {
    const cJSON *one;
    cJSON_ArrayForEach(one, ic_json_member(request, "signers")) {
        const char *id = ic_json_string(one, "signer_id");
        if (id && !request_has_signed(request, id)) return false;
    }
    return true;
}

bool ic_cw_request_sign(ic_company *company, cJSON *request, const char *signer) {
    cJSON *acceptance = request_acceptance(company->clickwrap, request, signer), *copy = ic_cw_edit(request);
    ic_append(ic_json_member(copy, ".signed"), cJSON_CreateString(signer));
    bool complete = request_is_complete(copy);
    if (complete) ic_cw_set_text(copy, ".state", "complete");
    const cJSON *versions = ic_json_member(acceptance, ".versions");
    bool done =
        ic_whole(copy) && ic_whole(acceptance) && (!versions->child || ic_cw_send_store(company, acceptance));
    cJSON_Delete(acceptance);
    if (!done) {
        cJSON_Delete(copy);
        return false;
    }
    ic_cw_commit(request, copy);
    ic_cw_note_request(company, "signed", request, signer);
    if (complete) ic_cw_note_request(company, "complete", request, NULL);
    return true;
}

/* When out of memory it is tried again with the next request. */
void ic_cw_requests_settle(ic_company *company) {
    cJSON *request;
    cJSON_ArrayForEach(request, company->clickwrap->lists[IC_CW_REQUEST]) {
        if (!request_is(request, "sent") ||
            ic_cw_number(request, ".expires") > (double)ic_company_now(company))
            continue;
        cJSON *copy = ic_cw_edit(request);
        ic_cw_set_text(copy, ".state", "expired");
        if (ic_cw_commit(request, copy)) ic_cw_note_request(company, "expired", request, NULL);
    }
}
