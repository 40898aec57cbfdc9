/* A workflow as the company stores it. */
#ifndef IC_SANDBOX_WORKFLOW_H
#define IC_SANDBOX_WORKFLOW_H

#include "sandbox/records/record.h"
#include "sandbox/workflows/design.h"
#include "sandbox/workflows/document.h"
#include "sandbox/workflows/email.h"
#include "sandbox/workflows/packet.h"

/* X(constant, name) */
#define IC_STEPS(X) X(REVIEW, "Review") X(SIGN, "Sign") X(ARCHIVE, "Archive") X(COMPLETE, "Complete")
#define IC_STATUSES(X)                                                                                       \
    X(ACTIVE, "active") X(PAUSED, "paused") X(COMPLETED, "completed") X(CANCELLED, "cancelled")
#define X(constant, name) IC_STEP_##constant,
typedef enum ic_step { IC_STEPS(X) IC_STEP_COUNT } ic_step;
#undef X
#define X(constant, name) IC_STATUS_##constant,
typedef enum ic_status { IC_STATUSES(X) IC_STATUS_COUNT } ic_status;
#undef X
extern const char *const ic_step_names[IC_STEP_COUNT], *const ic_status_names[IC_STATUS_COUNT];

typedef struct ic_comment {
    ic_short_id id;
    char *message;
    ic_time created;
    const ic_user *author;
    const struct ic_comment *replied_to;
    ic_array mentioned, added; /* ic_user */
} ic_comment;

typedef struct ic_workflow {
    ic_object_id id;
    ic_readable_id readable;
    char *title;
    const ic_template *template;
    ic_step step;
    ic_status status;
    cJSON *attributes; /* without documents */
    ic_user *creator;
    ic_user *owner; /* the creator, until the role is reassigned */
    bool reverted;  /* has been reverted to Review */
    ic_time created, updated;
    ic_array *assignees; /* ic_user; one list for each role of the design */
    bool *approved;      /* one for each review of the design */
    ic_array participants;
    ic_array documents, comments; /* owned */
    ic_array turns, requests; /* ic_turn (turns.h), ic_review_request (reviews.h), which own nothing; owned */
    ic_array emails;          /* ic_email; owned */
    ic_packet *packet;        /* owned; NULL before the Sign step */
    ic_array
        records;   /* ids (char *) of the records that it made, some of which may have been deleted; owned */
    ic_time ended; /* when completed or cancelled; IC_TIME_NONE before */
} ic_workflow;

/* By either id, which may be NULL. NULL: not found. */
ic_workflow *ic_company_workflow(const ic_company *company, const char *id);
/* A new active workflow in Review with the design's roles, not yet in the company. NULL: no memory. */
ic_workflow *ic_workflow_new(ic_company *company, const ic_template *template, ic_user *creator);
void ic_workflow_free(ic_workflow *workflow);
/* Gives the workflow its readable id and takes ownership of it. false: no memory, and the caller keeps it. */
bool ic_company_add_workflow(ic_company *company, ic_workflow *workflow);
/* Makes the user a participant. */
bool ic_workflow_join(ic_workflow *workflow, ic_user *user);
/* Whether all of the group's reviews are approved. */
bool ic_group_approved(const ic_workflow *workflow, int group);
/* The active group, whose reviews are requested now; 0: all are approved. */
int ic_group_active(const ic_workflow *workflow);
/* Sets the title from the design's title and the attributes. false: no memory. */
bool ic_workflow_set_title(ic_workflow *workflow);
/* Adds a document. Takes over the caller's reference to the bytes, even on failure. `attribute` is owned by
 * the design. NULL: no memory. */
ic_document *ic_workflow_add_document(ic_company *company, ic_workflow *workflow, const char *attribute,
                                      const char *filename, ic_blob *bytes, const ic_user *author,
                                      ic_time time);
/* Adds a comment; copies the message. NULL: no memory. */
ic_comment *ic_workflow_add_comment(ic_company *company, ic_workflow *workflow, const char *message,
                                    const ic_user *author, ic_time time);
/* Makes the workflow the origin of a record that is not yet in the company. The first record of a workflow
 * shares its readable id. */
void ic_workflow_claim_record(const ic_workflow *workflow, ic_record *record);
/* Adds the id of a record in the company to those that the workflow has made. false: no memory. */
bool ic_workflow_add_record(ic_workflow *workflow, const ic_record *record);
/* Frees all workflows of the company. */
void ic_workflows_free(ic_company *company);

#endif
