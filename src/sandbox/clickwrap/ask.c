/* What must be accepted, and what was accepted: /published, /latest, /retrieve. */
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/handlers.h"
#include "sandbox/clickwrap/params.h"
#include "sandbox/clickwrap/version.h"
#include <string.h>

/* The newest acceptance of a contract by a signer, of a version with at least that major number; NULL: none.
 */
static const cJSON *ask_accepted(const ic_clickwrap *clickwrap, const cJSON *contract, const char *signer,
                                 bool test, double least) {
    const cJSON *activity, *found = NULL;
    double id = ic_cw_number(contract, "id");
    cJSON_ArrayForEach(activity, clickwrap->lists[IC_CW_ACTIVITY]) {
        const char *who = ic_json_string(activity, "signer_id"),
                   *what = ic_json_string(activity, "event_type");
        if (!who || strcmp(who, signer) != 0 || strcmp(what, "agreed") != 0 ||
            ic_cw_number(activity, "contract") != id || ic_cw_true(activity, ".test") != test)
            continue;
        if (ic_cw_number(activity, ".major") >= least) found = activity;
    }
    return found;
}

/* Calls `answer` for each contract that the request names, and replies with the object that it fills. */
static void ask_each(ic_exchange *x, bool all,
                     void (*answer)(const ic_exchange *x, const cJSON *contract, const char *name,
                                    cJSON *into)) {
    char text[64];
    if (!ic_cw_params_read(x) || !ic_cw_param_site(x)) return;
    cJSON *contracts = ic_cw_param_contracts(x, all), *into = contracts ? cJSON_CreateObject() : NULL;
    const cJSON *contract;
    cJSON_ArrayForEach(contract, contracts)
        answer(x, contract, ic_cw_text(contract, "id", text, sizeof text), into);
    cJSON_Delete(contracts);
    if (!x->status) ic_reply_json(x, 200, into);
}

static void ask_published(const ic_exchange *x, const cJSON *contract, const char *name, cJSON *into) {
    const cJSON *version = ic_cw_published(x->company->clickwrap, contract);
    if (version) ic_put(into, name, cJSON_CreateString(ic_json_string(version, "id")));
}

void ic_cw_ask_published(ic_exchange *x) {
    ask_each(x, false, ask_published);
}

static const char *ask_signer(const ic_exchange *x) {
    const char *signer = ic_json_string(x->body, "sig");
    return signer ? signer : "";
}

/* A minor version leaves earlier acceptance of its major one valid. */
static void ask_latest(const ic_exchange *x, const cJSON *contract, const char *name, cJSON *into) {
    const ic_clickwrap *clickwrap = x->company->clickwrap;
    const cJSON *version = ic_cw_published(clickwrap, contract);
    if (!version) return;
    ic_put(into, name,
           cJSON_CreateBool(ask_accepted(clickwrap, contract, ask_signer(x), ic_cw_param_true(x, "tm"),
                                         ic_cw_number(version, "version_number")) != NULL));
}

static bool ask_has_signer(ic_exchange *x) {
    if (*ask_signer(x)) return true;
    ic_reply_error(x, 400, "bad_request", NULL, "sig is missing");
    return false;
}

static void ask_signer_each(ic_exchange *x, bool all,
                            void (*answer)(const ic_exchange *x, const cJSON *contract, const char *name,
                                           cJSON *into)) {
    ask_each(x, all, answer);
    if (x->status == 200) ask_has_signer(x);
}

void ic_cw_ask_latest(ic_exchange *x) {
    ask_signer_each(x, false, ask_latest);
}

static void ask_retrieved(const ic_exchange *x, const cJSON *contract, const char *name, cJSON *into) {
    const cJSON *found = ask_accepted(x->company->clickwrap, contract, ask_signer(x), false, 0);
    ic_put(into, name, found ? cJSON_CreateString(ic_json_string(found, "version")) : cJSON_CreateFalse());
}

void ic_cw_ask_retrieve(ic_exchange *x) {
    ask_signer_each(x, true, ask_retrieved);
}
