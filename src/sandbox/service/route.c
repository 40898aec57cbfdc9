/* Which handler answers: the catalog finds the operation, this table its handler. */
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "sandbox/control/control.h"
#include "sandbox/control/faults.h"
#include "sandbox/exports/audit.h"
#include "sandbox/http/handlers.h"
#include "sandbox/http/storage.h"
#include "sandbox/oauth/consent.h"
#include "sandbox/webhooks/events.h"
#include "sandbox/workflows/lifecycle.h"
#include "sandbox/workflows/sign_links.h"
#include <string.h>

/* Bits of route.traits. */
enum {
    OPEN = 1,     /* needs no token, and reads its body itself */
    NO_ACTOR = 2, /* needs no acting user */
};

static const struct route {
    const char *operation;
    ic_handler handler; /* NULL: not built yet */
    unsigned traits;
} routes[] = {
    {"oauth-token", ic_oauth_token, OPEN},
    {"oauth-authorize", ic_authorize_ask, OPEN},
    {"oauth-userinfo", ic_oauth_userinfo, 0},
    {"oauth-company-info", ic_oauth_company_info, 0},
    {"list-all-workflow-schemas", ic_schemas_list, 0},
    {"retrieve-a-workflow-schema", ic_schemas_get, 0},
    {"launch-a-new-workflow", ic_workflows_launch, 0},
    {"list-all-workflows", ic_workflows_list, 0},
    {"retrieve-a-workflow", ic_workflows_get, 0},
    {"update-workflow-metadata", ic_attributes_update, 0},
    {"list-all-workflow-approvals", ic_approvals_get, 0},
    {"update-workflow-approval", ic_approvals_update, 0},
    {"approval-requests", ic_approval_requests_list, 0},
    {"turn-history", ic_turns_list, 0},
    {"list-all-workflow-participants", ic_participants_list, 0},
    {"update-workflow-role-assignment", ic_roles_assign, 0},
    {"list-workflow-role-eligible-assignees", ic_roles_list_eligible, 0},
    {"cancel-a-workflow", ic_workflows_cancel, 0},
    {"pause-a-workflow", ic_workflows_pause, 0},
    {"resume-a-workflow", ic_workflows_resume, 0},
    {"revert-to-review", ic_workflows_revert, 0},
    {"deprecated-create-a-comment-on-a-workflow", ic_comments_create_deprecated, 0},
    {"create-a-comment-on-a-workflow", ic_comments_create, 0},
    {"create-a-new-workflow-async", ic_launches_start, 0},
    {"retrieve-asynchronous-workflow-status", ic_launches_get, 0},
    {"retrieve-email-threads-from-workflow", ic_emails_list, 0},
    {"retrieve-email-thread-from-workflow", ic_emails_get, 0},
    {"retrieve-attachment-from-email-thread", ic_emails_download, 0},
    {"get-sign-status", ic_sign_status_get, 0},
    {"send-signature-request", ic_sign_status_send, 0},
    {"cancel-signature-request", ic_sign_status_cancel, 0},
    {"schedule-send-signature-request", ic_scheduled_send_create, 0},
    {"update-scheduled-signature-request", ic_scheduled_send_update, 0},
    {"delete-scheduled-signature-request", ic_scheduled_send_delete, 0},
    {"update-signer", ic_signers_update, 0},
    {"delete-signer", ic_signers_delete, 0},
    {"remind-signer", ic_signers_remind, 0},
    {"list-all-workflow-signers", ic_signatures_list, 0},
    {"create-recipient-url", ic_recipient_urls_create, 0},
    {"create-embeddable-recipient-url", ic_recipient_urls_create_embedded, 0},
    {"workflow-upload-signed-document", ic_signed_upload, 0},
    {"update-workflow-signature-packet", ic_signature_packet_update, 0},
    {"list-all-comments-in-a-workflow", ic_comments_list, 0},
    {"list-a-comment-from-a-workflow", ic_comments_get, 0},
    {"retrieve-workflow-documents", ic_documents_get, 0},
    {"create-a-workflow-document", ic_documents_upload, 0},
    {"retrieve-a-workflow-document", ic_documents_download, 0},
    {"list-all-records", ic_records_list, 0},
    {"create-a-record", ic_records_create, 0},
    {"retrieve-a-record", ic_records_get, 0},
    {"list-all-records-metadata", ic_records_schema, 0},
    {"update-record-metadata", ic_records_update, 0},
    {"replace-a-record", ic_records_replace, 0},
    {"delete-a-record", ic_records_delete, 0},
    {"retrieve-xlsx-export-file-of-all-records", ic_records_export, 0},
    {"create-an-attachment-on-a-record", ic_attachments_create, 0},
    {"retrieve-an-attachment-on-a-record", ic_attachments_get, 0},
    {"delete-an-attachment-on-a-record", ic_attachments_delete, 0},
    {"run-an-action-on-a-record", ic_contract_actions_run, NO_ACTOR},
    {"create-a-smart-import-record", ic_imports_create, 0},
    {"create-a-smart-import-record-to-import", ic_imports_add, 0},
    {"retrieve-import-predictions", ic_imports_predictions, 0},
    {"export", ic_exports_create, 0},
    {"export-job", ic_exports_get, NO_ACTOR},
    {"export-job-download", ic_exports_download, NO_ACTOR},
    {"create-attachment-download-urls", ic_download_urls_create, 0},
    {"get-attachment-download-urls-status", ic_download_urls_get, 0},
    {"retrieve-all-users", ic_users_list, 0},
    {"create-a-user", ic_users_create, 0},
    {"retrieve-a-user", ic_users_get, 0},
    {"update-user-data", ic_users_update, 0},
    {"replace-a-user", ic_users_replace, 0},
    {"delete-a-user", ic_users_delete, 0},
    {"retrieve-all-groups", ic_groups_list, 0},
    {"create-a-group", ic_groups_create, 0},
    {"retrieve-a-group", ic_groups_get, 0},
    {"update-group-membership", ic_groups_update, 0},
    {"replace-a-group", ic_groups_replace, 0},
    {"delete-a-group", ic_groups_delete, 0},
    {"list-all-schemas", ic_scim_schemas_list, 0},
    {"retrieve-a-schema", ic_scim_schemas_get, 0},
    {"create-a-webhook", ic_webhooks_create, 0},
    {"list-all-webhooks", ic_webhooks_list, 0},
    {"retrieve-a-webhook", ic_webhooks_get, 0},
    {"update-a-webhook", ic_webhooks_update, 0},
    {"delete-a-webhook", ic_webhooks_delete, 0},
    {"retrieve-webhook-verification-key", ic_webhooks_key, 0},
    {"get-all-entity-relationship-types", ic_entities_types, 0},
    {"list-all-entities", ic_entities_list, 0},
    {"create-an-entity", ic_entities_create, 0},
    {"retrieve-an-entity", ic_entities_get, 0},
    {"update-an-entity", ic_entities_update, 0},
    {"delete-an-entity", ic_entities_delete, 0},
    {"list-all-obligations", ic_obligations_list, 0},
    {"create-an-obligation", ic_obligations_create, 0},
    {"retrieve-an-obligation", ic_obligations_get, 0},
    {"update-an-obligation", ic_obligations_update, 0},
    /* The documents declare no acting user for these. */
    {"run-an-action-on-a-record", NULL, NO_ACTOR},
    {"export-job", NULL, NO_ACTOR},
    {"export-job-download", NULL, NO_ACTOR},
    {"run-conversational-search", ic_search_conversational, NO_ACTOR},
};

/* Pages and their forms, which no document describes. */
static const struct page {
    const char *verb, *path;
    struct route route;
} pages[] = {
    {"POST", IC_AUTHORIZE_PATH, {NULL, ic_authorize_decide, OPEN}},
    {"GET", IC_SIGN_PATH, {NULL, ic_sign_page_show, OPEN}},
    {"POST", IC_SIGN_PATH, {NULL, ic_sign_page_decide, OPEN}},
};

static const struct route *route_of(const ic_exchange *x) {
    static const struct route none = {0};
    for (size_t i = 0; x->operation && i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(routes[i].operation, x->operation->id) == 0) return &routes[i];
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (strcmp(pages[i].verb, x->verb) == 0 && strcmp(pages[i].path, x->path) == 0)
            return &pages[i].route;
    return &none;
}

/* Below these roots a token is wanted first, whether the path exists or not. */
static bool is_guarded(const ic_exchange *x, const struct route *route) {
    if (x->operation) return !(route->traits & OPEN);
    return ic_text_starts(x->path, "/public/api/v1/") || ic_text_starts(x->path, "/scim/v2/");
}

static bool find_operation(ic_exchange *x, ic_path_values *values) {
    const char *verb = strcmp(x->verb, "HEAD") == 0 ? "GET" : x->verb;
    if (ic_method_parse(verb, &x->method)) x->operation = ic_operation_by_path(x->method, x->path, values);
    return x->operation != NULL;
}

static bool decode_values(ic_exchange *x, const ic_path_values *values) {
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
static bool is_within_limits(ic_exchange *x) {
    ic_bucket bucket = x->operation ? x->operation->bucket : ic_bucket_of(x->method, x->path);
    x->retry_after = ic_limits_take(&x->company->limits, bucket, ic_company_now(x->company), &x->quota);
    if (x->retry_after) ic_reply_error(x, 429, "TOO_MANY_REQUESTS", NULL, "too many requests");
    return !x->retry_after;
}

static void answer(ic_exchange *x, const ic_path_values *values) {
    const struct route *route = route_of(x);
    if (x->no_memory) {
        ic_reply_no_memory(x);
    } else if (x->too_large) {
        ic_reply_error(x, 413, "INVALID_PARAM", NULL, "the request's body is larger than %zu bytes",
                       x->max_body);
    } else if (x->disk_error) {
        ic_reply_error(x, 500, "SERVER_ERROR", NULL, "the sandbox cannot keep the upload: %s",
                       strerror(x->disk_error));
    } else if (is_guarded(x, route) && !(ic_authenticate(x) && is_within_limits(x))) {
        return;
    } else if (!x->operation && !route->handler) {
        ic_reply_error(x, 404, "NOT_FOUND", NULL, "not found");
    } else if (!decode_values(x, values)) {
        return;
    } else if (is_guarded(x, route) && !ic_authorize(x, !(route->traits & NO_ACTOR))) {
        return;
    } else if (!route->handler) {
        ic_reply_error(x, 501, "NOT_IMPLEMENTED", NULL, "the sandbox does not do '%s' yet", x->operation->id);
    } else if ((route->traits & OPEN) || ic_exchange_check(x)) {
        route->handler(x);
    }
}

void ic_route(ic_exchange *x) {
    ic_path_values values = {0};
    ic_company_settle(x->company);
    if (x->to_storage) {
        ic_storage_answer(x);
        return;
    }
    find_operation(x, &values);
    if (ic_is_control(x->path)) {
        ic_control_answer(x);
        return;
    }
    ic_fault *fault = ic_fault_of(x);
    x->delay = x->company->latency;
    if (!fault || fault->done) {
        answer(x, &values);
        ic_events_note(x);
    }
    if (fault) ic_fault_meet(x, fault);
    ic_audit_note(x);
}
