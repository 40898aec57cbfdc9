#include "sandbox/workflows/reviews.h"
#include "core/base/alloc.h"
#include "sandbox/workflows/signing.h"

size_t ic_review_of(const ic_template *template, size_t role, int group) {
    size_t i = 0;
    while (i < template->review_count &&
           (template->reviews[i].role != role || template->reviews[i].group != group))
        i++;
    return i;
}

/* --- requests --- */

static ic_review_request *review_request_at(const ic_workflow *workflow, size_t i) {
    return workflow->requests.items[i];
}

static bool review_is_pending(const ic_workflow *workflow, size_t review, const ic_user *actor) {
    for (size_t i = 0; i < workflow->requests.count; i++) {
        const ic_review_request *request = review_request_at(workflow, i);
        if (request->state == IC_REQUEST_PENDING && request->review == review && request->actor == actor)
            return true;
    }
    return false;
}

static bool review_add_request(ic_workflow *workflow, const ic_review_request *like) {
    ic_review_request *request = ic_malloc(sizeof *request);
    if (!request) return false;
    *request = *like;
    if (ic_array_push(&workflow->requests, request)) return true;
    ic_free(request);
    return false;
}

static bool review_ask(ic_workflow *workflow, size_t review, ic_time time) {
    const ic_array *people = &workflow->assignees[workflow->template->reviews[review].role];
    for (size_t i = 0; i < people->count; i++) {
        ic_review_request request = {.review = review, .actor = people->items[i], .start = time};
        if (!review_is_pending(workflow, review, request.actor) && !review_add_request(workflow, &request))
            return false;
    }
    return true;
}

bool ic_reviews_ask(ic_workflow *workflow, ic_time time) {
    if (workflow->step != IC_STEP_REVIEW || workflow->status != IC_STATUS_ACTIVE) return true;
    int group = ic_group_active(workflow);
    for (size_t i = 0; i < workflow->template->review_count; i++)
        if (workflow->template->reviews[i].group == group && !workflow->approved[i] &&
            !review_ask(workflow, i, time))
            return false;
    return true;
}

static void review_end_request(ic_review_request *request, ic_request_state state, ic_time time) {
    if (request->state != IC_REQUEST_PENDING) return;
    request->state = state;
    request->end = time;
}

void ic_reviews_interrupt(ic_workflow *workflow, ic_request_state why, ic_time time) {
    for (size_t i = 0; i < workflow->requests.count; i++)
        review_end_request(review_request_at(workflow, i), why, time);
}

/* --- decisions --- */

/* One approval is enough for a role; the requests to its other approvers end. */
static void review_end(ic_workflow *workflow, size_t review, const ic_user *approver, ic_time time) {
    for (size_t i = 0; i < workflow->requests.count; i++) {
        ic_review_request *request = review_request_at(workflow, i);
        if (request->review == review)
            review_end_request(request, request->actor == approver ? IC_REQUEST_APPROVED : IC_REQUEST_REMOVED,
                               time);
    }
}

bool ic_review_decide(ic_company *company, ic_workflow *workflow, size_t review, const ic_user *user,
                      bool approved) {
    ic_time now = ic_company_now(company);
    workflow->approved[review] = approved;
    workflow->updated = now;
    if (approved) review_end(workflow, review, user, now);
    return ic_group_active(workflow) ? ic_reviews_ask(workflow, now) : ic_workflow_sign(company, workflow);
}

bool ic_reviews_reassign(ic_workflow *workflow, size_t role, ic_time time) {
    for (size_t i = 0; i < workflow->requests.count; i++) {
        ic_review_request *request = review_request_at(workflow, i);
        if (workflow->template->reviews[request->review].role == role &&
            !ic_array_has(&workflow->assignees[role], request->actor))
            review_end_request(request, IC_REQUEST_REASSIGNED, time);
    }
    return ic_reviews_ask(workflow, time);
}

bool ic_reviews_restart(ic_workflow *workflow, ic_time time) {
    for (size_t i = 0; i < workflow->template->review_count; i++)
        workflow->approved[i] = false;
    return ic_reviews_ask(workflow, time);
}

/* --- history --- */

/* The groups have taken equal parts of the time up to the last change. */
static ic_time review_part_of(const ic_workflow *workflow, int group, int groups) {
    return workflow->created + (workflow->updated - workflow->created) * group / (groups + 1);
}

static bool review_recall(ic_workflow *workflow, size_t review, int groups) {
    const ic_review_design *design = &workflow->template->reviews[review];
    const ic_array *people = &workflow->assignees[design->role];
    ic_review_request request = {.review = review,
                                 .actor = people->count ? people->items[0] : NULL,
                                 .state = IC_REQUEST_APPROVED,
                                 .start = review_part_of(workflow, design->group - 1, groups),
                                 .end = review_part_of(workflow, design->group, groups)};
    return !request.actor || review_add_request(workflow, &request);
}

bool ic_reviews_recall(ic_workflow *workflow) {
    const ic_template *template = workflow->template;
    int groups = template->review_count ? template->reviews[template->review_count - 1].group : 0;
    int active = ic_group_active(workflow);
    for (size_t i = 0; i < template->review_count; i++)
        if (workflow->approved[i] && !review_recall(workflow, i, groups)) return false;
    if (!active || workflow->step != IC_STEP_REVIEW) return true;
    ic_time asked = review_part_of(workflow, active - 1, groups);
    for (size_t i = 0; i < template->review_count; i++)
        if (template->reviews[i].group == active && !workflow->approved[i] && !review_ask(workflow, i, asked))
            return false;
    if (workflow->status != IC_STATUS_ACTIVE)
        ic_reviews_interrupt(workflow,
                             workflow->status == IC_STATUS_PAUSED ? IC_REQUEST_PAUSED : IC_REQUEST_CANCELED,
                             workflow->updated);
    return true;
}
