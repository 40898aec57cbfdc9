/* Approval requests as the API lists them. */
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/reviews.h"
#include "sandbox/workflows/workflow_exchange.h"
#include <string.h>

#define X(constant, name) name,
static const char *const state_names[] = {IC_REQUEST_STATES(X)};
#undef X

static const ic_review_request *approval_request_at(const ic_workflow *workflow, size_t i) {
    return workflow->requests.items[i];
}

/* The request's time, and that of the requests before it that a pause interrupted. */
static ic_time approval_total_time(const ic_workflow *workflow, size_t index) {
    const ic_review_request *request = approval_request_at(workflow, index);
    ic_time total = request->end - request->start;
    while (index--) {
        const ic_review_request *earlier = approval_request_at(workflow, index);
        if (earlier->review != request->review || earlier->actor != request->actor) continue;
        if (earlier->state != IC_REQUEST_PAUSED) break;
        total += earlier->end - earlier->start;
    }
    return total;
}

/* An item of ApprovalRequestsModel, with the durationSeconds that the service adds. */
static cJSON *approval_request_view(const ic_workflow *workflow, size_t index, bool details) {
    const ic_review_request *request = approval_request_at(workflow, index);
    const ic_template *template = workflow->template;
    const ic_role_design *role = &template->roles[template->reviews[request->review].role];
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "startTime", ic_time_print(request->start).text);
    ic_put_text(view, "status", state_names[request->state]);
    ic_put_text(view, "actorId", request->actor->id);
    ic_put_text(view, "actorType", "User");
    ic_put_text(view, "role", role->id);
    ic_put_text(view, "roleName", role->display_name);
    ic_put_text(view, "approvalType", "Workflow");
    if (details) {
        cJSON *actor = ic_put(view, "actorDetails", cJSON_CreateObject());
        ic_put_text(actor, "userName", request->actor->display_name);
        ic_put_text(actor, "userEmail", request->actor->email);
    }
    if (request->state == IC_REQUEST_PENDING) return view;
    ic_put_text(view, "endTime", ic_time_print(request->end).text);
    if (request->state != IC_REQUEST_APPROVED) return view;
    ic_put_number(view, "duration", (double)(request->end - request->start));
    ic_put_number(view, "aggregateDuration", (double)approval_total_time(workflow, index));
    ic_put_number(view, "durationSeconds", (double)((request->end - request->start) / 1000));
    ic_put_number(view, "netRequestDurationSeconds", (double)((request->end - request->start) / 1000));
    return view;
}

/* Of the requests made together for a role, the approved one decides, or else the first. */
static bool approval_request_is_decisive(const ic_workflow *workflow, size_t index) {
    const ic_review_request *request = approval_request_at(workflow, index);
    bool approved = request->state == IC_REQUEST_APPROVED;
    for (size_t i = 0; i < workflow->requests.count; i++) {
        const ic_review_request *other = approval_request_at(workflow, i);
        bool better = other->state == IC_REQUEST_APPROVED;
        if (i != index && other->review == request->review && other->start == request->start &&
            (better == approved ? i < index : better))
            return false;
    }
    return true;
}

void ic_approval_requests_list(ic_exchange *x) {
    const ic_workflow *workflow = ic_exchange_workflow(x, 404, true);
    if (!workflow) return;
    const char *type = ic_exchange_query(x, "requestType");
    bool by_role = type && strcmp(type, "role") == 0, details = ic_exchange_query_true(x, "actorDetails");
    ic_page page = ic_exchange_page(x);
    size_t first = page.number * page.size, count = 0;
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < workflow->requests.count; i++) {
        if (by_role && !approval_request_is_decisive(workflow, i)) continue;
        if (count >= first && count < first + page.size)
            ic_append(list, approval_request_view(workflow, i, details));
        count++;
    }
    ic_reply_page(x, page, count, list);
}
