/* Reviews: what is asked of the approvers, what they decide, and the history of both. */
#ifndef IC_SANDBOX_REVIEWS_H
#define IC_SANDBOX_REVIEWS_H

#include "sandbox/workflows/workflow.h"

/* X(constant, name) */
#define IC_REQUEST_STATES(X)                                                                                 \
    X(PENDING, "Pending")                                                                                    \
    X(APPROVED, "Approved")                                                                                  \
    X(PAUSED, "Workflow Paused")                                                                             \
    X(CANCELED, "Workflow Canceled") X(REMOVED, "Approver Removed") X(REASSIGNED, "Approver Reassigned")
#define X(constant, name) IC_REQUEST_##constant,
typedef enum ic_request_state { IC_REQUEST_STATES(X) } ic_request_state;
#undef X

/* One person asked for one review. */
typedef struct ic_review_request {
    size_t review; /* index among the design's reviews */
    const ic_user *actor;
    ic_request_state state;
    ic_time start, end; /* end: meaningless while pending */
} ic_review_request;

/* The role's review in the group; review_count when there is none. */
size_t ic_review_of(const ic_template *template, size_t role, int group);

/* These answer false without memory; what they have done by then stays. */

/* Asks the approvers whose turn it is and who have not been asked yet. */
bool ic_reviews_ask(ic_workflow *workflow, ic_time time);
/* Ends what is pending, because of what happened to the workflow. */
void ic_reviews_interrupt(ic_workflow *workflow, ic_request_state why, ic_time time);
/* The user's decision on a review of the group whose turn it is. When all is approved, the workflow goes on
 * to the Sign step. */
bool ic_review_decide(ic_company *company, ic_workflow *workflow, size_t review, const ic_user *user,
                      bool approved);
/* After a change of who has the role. */
bool ic_reviews_reassign(ic_workflow *workflow, size_t role, ic_time time);
/* All approvals are gone, and the first group is asked again. */
bool ic_reviews_restart(ic_workflow *workflow, ic_time time);
/* For a workflow that is loaded as it stands: the history that its approvals tell of. */
bool ic_reviews_recall(ic_workflow *workflow);
void ic_reviews_free(ic_workflow *workflow);

#endif
