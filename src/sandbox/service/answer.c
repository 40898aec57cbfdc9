/* Answers requests: finds the operation, checks, and calls its handler. */
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "sandbox/clickwrap/account.h"
#include "sandbox/clickwrap/jobs.h"
#include "sandbox/company/access.h"
#include "sandbox/company/jobs.h"
#include "sandbox/control/control.h"
#include "sandbox/control/faults.h"
#include "sandbox/exports/audit.h"
#include "sandbox/exports/exports.h"
#include "sandbox/oauth/auth.h"
#include "sandbox/records/entities.h"
#include "sandbox/records/obligations.h"
#include "sandbox/records/record_attachments.h"
#include "sandbox/records/smart_import.h"
#include "sandbox/service/routes.h"
#include "sandbox/service/service.h"
#include "sandbox/webhooks/webhooks.h"
#include "sandbox/workflows/archive.h"
#include "sandbox/workflows/launches.h"
#include "sandbox/workflows/sign_links.h"
#include "sandbox/workflows/workflow_events.h"
#include <string.h>

/* Below these paths a token is checked first, even if the path does not exist. */
static bool answer_needs_token(const ic_exchange *x, const ic_route *route) {
    if (x->operation) return !(route->traits & IC_ROUTE_OPEN);
    return ic_text_starts(x->path, "/public/api/v1/") || ic_text_starts(x->path, "/scim/v2/");
}

static bool answer_find_operation(ic_exchange *x, ic_path_values *values) {
    const char *verb = strcmp(x->verb, "HEAD") == 0 ? "GET" : x->verb;
    if (ic_method_parse(verb, &x->method))
        x->operation = ic_operation_by_path(x->product, x->method, x->path, values);
    return x->operation != NULL;
}

static bool answer_decode_values(ic_exchange *x, const ic_path_values *values) {
    for (size_t i = 0; i < values->count; i++) {
        x->values[i] = ic_strndup(values->value[i], values->length[i]);
        if (!x->values[i]) {
            ic_reply_no_memory(x);
            return false;
        }
        if (!ic_percent_decode(x->values[i])) {
            ic_reply_error(x, 404, "NOT_FOUND", NULL, "not found");
            return false;
        }
    }
    return true;
}

/* Counts the request in its bucket; beyond the limit answers 429. */
static bool answer_is_within_limits(ic_exchange *x) {
    ic_bucket bucket =
        x->operation ? ic_operation_bucket(x->operation) : ic_bucket_of(IC_PRODUCT_CLM, x->method, x->path);
    x->retry_after = ic_limits_take(&x->company->limits, bucket, ic_company_now(x->company), &x->quota);
    if (x->retry_after) ic_reply_error(x, 429, "TOO_MANY_REQUESTS", NULL, "too many requests");
    return !x->retry_after;
}

/* A body that cannot be used; otherwise true. */
static bool answer_has_body(ic_exchange *x) {
    if (x->no_memory)
        ic_reply_no_memory(x);
    else if (x->too_large)
        ic_reply_error(x, 413, "INVALID_PARAM", NULL, "the request's body is larger than %zu bytes",
                       x->max_body);
    else if (x->disk_error)
        ic_reply_error(x, 500, "SERVER_ERROR", NULL, "the sandbox cannot keep the upload: %s",
                       strerror(x->disk_error));
    else
        return true;
    return false;
}

static void answer_operation(ic_exchange *x, const ic_path_values *values) {
    const ic_route *route = ic_route_of(x);
    if (!answer_has_body(x)) {
        return;
    } else if (answer_needs_token(x, route) && !(ic_authenticate(x) && answer_is_within_limits(x))) {
        return;
    } else if (!x->operation && !route->handler) {
        ic_reply_error(x, 404, "NOT_FOUND", NULL, "not found");
    } else if (!answer_decode_values(x, values)) {
        return;
    } else if (answer_needs_token(x, route) && !ic_authorize(x, !(route->traits & IC_ROUTE_NO_ACTOR))) {
        return;
    } else if (!route->handler) {
        ic_reply_error(x, 501, "NOT_IMPLEMENTED", NULL, "the sandbox does not do '%s' yet", x->operation->id);
    } else if ((route->traits & IC_ROUTE_OPEN) || ic_exchange_check(x)) {
        route->handler(x);
    }
}

void ic_service_answer(ic_exchange *x) {
    ic_path_values values = {0};
    ic_company_settle(x->company);
    answer_find_operation(x, &values);
    if (ic_is_control(x->path)) {
        ic_control_answer(x);
        return;
    }
    ic_fault *fault = ic_fault_of(x);
    x->delay = x->company->latency;
    if (!fault || fault->done) {
        answer_operation(x, &values);
        ic_workflow_events_note(x);
    }
    if (fault) ic_fault_meet(x, fault);
    ic_audit_note(x);
}

/* --- Clickwrap --- */

/* Whether a request to the REST API has the token; otherwise answers 401. */
static bool answer_has_clickwrap_token(ic_exchange *x) {
    const char *header = ic_exchange_header(x, "Authorization"), *token = x->company->clickwrap->token;
    if (header && ic_text_starts(header, "Bearer ") && strcmp(header + strlen("Bearer "), token) == 0)
        return true;
    ic_reply_error(x, 401, "unauthorized", NULL, "the token is not valid");
    return false;
}

/* A request without a site or a token counts for its address. */
static bool answer_is_within_clickwrap_limits(ic_exchange *x, bool known) {
    ic_bucket bucket = known ? ic_bucket_of(x->product, x->method, x->path) : IC_BUCKET_CLICKWRAP_SERVICE;
    ic_time now = ic_company_now(x->company);
    x->retry_after = ic_cw_limits_take(&x->company->clickwrap->limits, bucket, now);
    if (x->retry_after) ic_reply_error(x, 429, "rate_limit_exceeded", NULL, "Rate limit exceeded");
    return !x->retry_after;
}

static void answer_clickwrap_operation(ic_exchange *x, const ic_path_values *values) {
    const ic_route *route = ic_route_of(x);
    bool rest = ic_service_of(x->product, x->method, x->path) == IC_SERVICE_CLICKWRAP_REST;
    if (!answer_has_body(x)) return;
    bool known = rest ? ic_exchange_header(x, "Authorization") != NULL : true;
    if (!answer_is_within_clickwrap_limits(x, known) || (rest && !answer_has_clickwrap_token(x))) return;
    if (!x->operation)
        ic_reply_error(x, 404, "not_found", NULL, "Not Found");
    else if (answer_decode_values(x, values) && ((route->traits & IC_ROUTE_OPEN) || ic_exchange_check(x)))
        route->handler(x);
}

void ic_service_answer_clickwrap(ic_exchange *x) {
    ic_path_values values = {0};
    ic_clickwrap *clickwrap = ic_clickwrap_of(x->company);
    if (!clickwrap) {
        ic_reply_no_memory(x);
        return;
    }
    ic_clickwrap_settle(x->company);
    answer_find_operation(x, &values);
    x->delay = x->company->latency;
    if (clickwrap->away) {
        x->ending = IC_ENDING_NONE;
        return;
    }
    ic_fault *fault = ic_fault_of(x);
    if (!fault || fault->done) answer_clickwrap_operation(x, &values);
    if (fault) ic_fault_meet(x, fault);
}

/* --- files behind signed links --- */

static const ic_storage_kind answer_files[] = {
    {IC_ATTACHMENT_FILES, ic_record_attachment_file},
    {IC_EXPORT_FILES, ic_export_file},
    {IC_CLICKWRAP_FILES, ic_cw_job_file},
    {NULL, NULL},
};

void ic_service_answer_storage(ic_exchange *x) {
    ic_company_settle(x->company);
    ic_storage_answer(x, answer_files);
}

/* --- the end of a company --- */

ic_company_end *const ic_service_ends[] = {
    ic_records_free,  ic_workflows_free, ic_launches_free,    ic_sign_links_free,
    ic_designs_free,  ic_entities_free,  ic_obligations_free, ic_imports_free,
    ic_webhooks_free, ic_audit_free,     ic_faults_free,      ic_clickwrap_free,
    ic_jobs_free,     ic_access_free,    ic_people_free,      NULL,
};
