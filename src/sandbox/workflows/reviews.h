/* Reviews: requests to approvers, their decisions, and the history of both. */
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

/* A request to one person for one review. */
typedef struct ic_review_request {
    size_t review; /* index among the design's reviews */
    const ic_user *actor;
    ic_request_state state;
    ic_time start, end; /* end: meaningless while pending */
} ic_review_request;

/* The role's review in the group; review_count: none. */
size_t ic_review_of(const ic_template *template, size_t role, int group);

/* These return false when out of memory; changes made so far stay. */

/* Asks the approvers of the active group who have not been asked yet. */
bool ic_reviews_ask(ic_workflow *workflow, ic_time time);
/* Ends pending requests, because of a change of the workflow. */
void ic_reviews_interrupt(ic_workflow *workflow, ic_request_state why, ic_time time);
/* The user's decision on a review of the active group. When everything is approved, the workflow moves to the
 * Sign step. */
bool ic_review_decide(ic_company *company, ic_workflow *workflow, size_t review, const ic_user *user,
                      bool approved);
/* Updates requests after a role has been assigned to other users. */
bool ic_reviews_reassign(ic_workflow *workflow, size_t role, ic_time time);
/* Removes all approvals and asks the first group again. */
bool ic_reviews_restart(ic_workflow *workflow, ic_time time);
/* Invents the history of a workflow that a fixture loads with approvals. */
bool ic_reviews_recall(ic_workflow *workflow);

#endif
