/* Activity, and its evidence as PDF. */
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/handlers.h"
#include "sandbox/clickwrap/rest.h"
#include <stdio.h>
#include <string.h>

void ic_cw_activity_list(ic_exchange *x) {
    ic_cw_reply_list(x, IC_CW_ACTIVITY, NULL);
}

static bool activity_is_of(const cJSON *activity, const char *signer) {
    const char *who = ic_json_string(activity, "signer_id");
    return who && strcmp(who, signer) == 0;
}

static bool activity_is_of_path(const ic_exchange *x, const cJSON *activity) {
    return activity_is_of(activity, x->values[1]);
}

void ic_cw_activity_of_signer(ic_exchange *x) {
    if (ic_cw_of_path(x, IC_CW_SITE, 0)) ic_cw_reply_list(x, IC_CW_ACTIVITY, activity_is_of_path);
}

void ic_cw_activity_get(ic_exchange *x) {
    const cJSON *activity = ic_cw_of_path(x, IC_CW_ACTIVITY, 0);
    if (activity) ic_cw_reply_thing(x, 200, IC_CW_ACTIVITY, activity, false);
}

static void activity_reply_pdf(ic_exchange *x, const cJSON *activity) {
    char text[512], contract[32];
    snprintf(text, sizeof text, "%s %s contract %s at %s", ic_json_string(activity, "signer_id"),
             ic_json_string(activity, "event_type"),
             ic_cw_text(activity, "contract", contract, sizeof contract),
             ic_json_string(activity, "created_time"));
    ic_cw_reply_pdf(x, text);
}

void ic_cw_activity_record(ic_exchange *x) {
    const cJSON *activity = ic_cw_of_path(x, IC_CW_ACTIVITY, 0);
    if (activity) activity_reply_pdf(x, activity);
}

/* A session is what was sent together. */
void ic_cw_activity_session(ic_exchange *x) {
    const cJSON *activity;
    const char *signer = ic_exchange_query(x, "signer_id");
    cJSON_ArrayForEach(activity, x->company->clickwrap->lists[IC_CW_ACTIVITY]) {
        const char *batch = ic_json_string(activity, "batch");
        if (!batch || strcmp(batch, x->values[0]) != 0 || !activity_is_of(activity, signer)) continue;
        activity_reply_pdf(x, activity);
        return;
    }
    ic_reply_error(x, 404, "not_found", NULL, "there is no session '%s' of this signer", x->values[0]);
}
