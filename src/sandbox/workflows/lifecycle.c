/* Cancelling, pausing and resuming a workflow, and taking it back to the Review step. */
#include "sandbox/workflows/comments.h"
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/reviews.h"
#include "sandbox/workflows/signing.h"
#include "sandbox/workflows/turns.h"
#include "sandbox/workflows/workflow_exchange.h"

/* --- cancel, pause, resume --- */

/* These return false when out of memory. The time of the change is workflow->updated. */

static bool lifecycle_cancel(ic_workflow *workflow, const ic_user *user) {
    ic_packet *packet = workflow->packet;
    if (packet && packet->sent && workflow->step == IC_STEP_SIGN &&
        !ic_packet_withdraw(workflow, user, workflow->updated))
        return false;
    ic_reviews_interrupt(workflow, IC_REQUEST_CANCELED, workflow->updated);
    workflow->status = IC_STATUS_CANCELLED;
    workflow->ended = workflow->updated;
    return true;
}

static bool lifecycle_pause(ic_workflow *workflow, const ic_user *user) {
    (void)user;
    ic_reviews_interrupt(workflow, IC_REQUEST_PAUSED, workflow->updated);
    workflow->status = IC_STATUS_PAUSED;
    return true;
}

static bool lifecycle_resume(ic_workflow *workflow, const ic_user *user) {
    (void)user;
    workflow->status = IC_STATUS_ACTIVE;
    return ic_reviews_ask(workflow, workflow->updated);
}

/* A change of status, which needs a comment. */
typedef struct change {
    unsigned from; /* bits by ic_status */
    bool review_only;
    const char *refusal;
    bool (*make)(ic_workflow *workflow, const ic_user *user);
} change;

#define STATUS(name) (1u << IC_STATUS_##name)

static const change cancelling = {STATUS(ACTIVE) | STATUS(PAUSED), false,
                                  "Only active or paused workflows can be cancelled.", lifecycle_cancel},
                    pausing = {STATUS(ACTIVE), true,
                               "Only active workflows in the review step can be paused.", lifecycle_pause},
                    resuming = {STATUS(PAUSED), true,
                                "Only paused workflows in the review step can be resumed.", lifecycle_resume};

static void lifecycle_change_status(ic_exchange *x, const change *change) {
    ic_workflow *workflow = ic_exchange_workflow(x, 400, false);
    if (!workflow) return;
    if (!(change->from & (1u << workflow->status)) ||
        (change->review_only && workflow->step != IC_STEP_REVIEW)) {
        ic_reply_error(x, 400, "INVALID_STATE", NULL, "%s", change->refusal);
        return;
    }
    if (!ic_comment_post_object(x, workflow, ic_json_member(x->body, "comment"))) return;
    if (change->make(workflow, x->user))
        ic_reply_nothing(x);
    else
        ic_reply_no_memory(x);
}

void ic_workflows_cancel(ic_exchange *x) {
    lifecycle_change_status(x, &cancelling);
}

void ic_workflows_pause(ic_exchange *x) {
    lifecycle_change_status(x, &pausing);
}

void ic_workflows_resume(ic_exchange *x) {
    lifecycle_change_status(x, &resuming);
}

/* --- back to Review --- */

/* Errors as in the document. */
static bool lifecycle_check_revert(ic_exchange *x, const ic_workflow *workflow) {
    if (!ic_array_has(&workflow->participants, x->user)) {
        ic_reply_error(x, 403, "FORBIDDEN", "user", "user is not a participant on the workflow");
        return false;
    }
    if (workflow->step == IC_STEP_SIGN && workflow->status == IC_STATUS_ACTIVE) return true;
    ic_reply_error(x, 400, "INVALID_STATE", "user",
                   "workflow cannot be reverted to review as it is not in the sign stage");
    return false;
}

void ic_workflows_revert(ic_exchange *x) {
    ic_workflow *workflow = ic_exchange_workflow(x, 404, true);
    if (!workflow || !lifecycle_check_revert(x, workflow)) return;
    ic_time now = ic_company_now(x->company);
    ic_packet_free(workflow->packet);
    workflow->packet = NULL;
    workflow->step = IC_STEP_REVIEW;
    workflow->reverted = true;
    workflow->updated = now;
    if (ic_turn_begin(workflow, false, "reverted to review", x->user, now) &&
        ic_reviews_restart(workflow, now))
        ic_reply_nothing(x);
    else
        ic_reply_no_memory(x);
}
