#include "sandbox/clickwrap/account.h"
#include "core/base/alloc.h"
#include "sandbox/clickwrap/jobs.h"
#include "sandbox/clickwrap/requests.h"
#include "sandbox/clickwrap/send.h"
#include "sandbox/clickwrap/start.h"

#define FIRST_ID        281                /* ids that are numbers begin after it */
#define REQUEST_SECONDS (30.0 * 24 * 3600) /* Ironclad documents no time; the sandbox's own */

static bool account_make_lists(ic_clickwrap *clickwrap) {
    bool whole = true;
    for (int kind = 0; kind < IC_CW_KIND_COUNT; kind++)
        whole = (clickwrap->lists[kind] = cJSON_CreateArray()) && whole;
    clickwrap->waiting = cJSON_CreateArray();
    clickwrap->webhooks = cJSON_CreateArray();
    clickwrap->account = cJSON_CreateObject();
    return whole && clickwrap->waiting && clickwrap->webhooks && clickwrap->account;
}

ic_clickwrap *ic_clickwrap_of(ic_company *company) {
    if (company->clickwrap) return company->clickwrap;
    ic_clickwrap *clickwrap = company->clickwrap = ic_calloc(1, sizeof *clickwrap);
    if (!clickwrap) return NULL;
    clickwrap->last_id = FIRST_ID;
    clickwrap->has_sync = true;
    clickwrap->store_seconds = 1;
    clickwrap->request_seconds = REQUEST_SECONDS;
    ic_new_secret(company, "terms", clickwrap->token);
    if (account_make_lists(clickwrap) && ic_clickwrap_start(company)) return clickwrap;
    ic_clickwrap_free(company);
    return NULL;
}

void ic_clickwrap_free(ic_company *company) {
    ic_clickwrap *clickwrap = company->clickwrap;
    if (!clickwrap) return;
    ic_cw_jobs_free(company);
    for (int kind = 0; kind < IC_CW_KIND_COUNT; kind++)
        cJSON_Delete(clickwrap->lists[kind]);
    cJSON_Delete(clickwrap->account);
    cJSON_Delete(clickwrap->waiting);
    cJSON_Delete(clickwrap->webhooks);
    ic_free(clickwrap);
    company->clickwrap = NULL;
}

void ic_clickwrap_settle(ic_company *company) {
    if (!company->clickwrap) return;
    ic_cw_send_settle(company);
    ic_cw_requests_settle(company);
}
