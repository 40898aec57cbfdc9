#include "sandbox/exports/activities.h"
#include "core/base/alloc.h"
#include "sandbox/workflows/reviews.h"
#include "sandbox/workflows/turns.h"
#include "sandbox/workflows/workflow.h"
#include <stdlib.h>
#include <string.h>

const char *const ic_activity_columns[] = {"workflowId", "ironcladId", "workflowName", "template", "activity",
                                           "timestamp",  "actor",      "detail",       NULL};

typedef struct activity {
    const char *name;
    ic_time time;
    const ic_user *actor; /* NULL: not a user of the company */
    const char *detail;   /* NULL: none */
    size_t number;        /* keeps activities with the same time in order */
} activity;

/* The activities of one workflow. */
typedef struct history {
    activity *items;
    size_t count, capacity;
    bool failed;
} history;

static void activities_add(history *all, const char *name, ic_time time, const ic_user *actor,
                           const char *detail) {
    if (all->count == all->capacity) {
        size_t capacity = all->capacity ? all->capacity * 2 : 32;
        activity *items = ic_realloc(all->items, capacity * sizeof *items);
        if (!items) {
            all->failed = true;
            return;
        }
        all->items = items;
        all->capacity = capacity;
    }
    all->items[all->count] = (activity){name, time, actor, detail, all->count};
    all->count++;
}

static int activities_by_time(const void *a, const void *b) {
    const activity *left = a, *right = b;
    if (left->time != right->time) return left->time < right->time ? -1 : 1;
    return left->number < right->number ? -1 : left->number > right->number;
}

/* The activity that ends a request for approval in this state. Static. */
static const char *activities_request_end(ic_request_state state) {
    static const char *const ends[] = {
        [IC_REQUEST_APPROVED] = "approved",
        [IC_REQUEST_PAUSED] = "approval_request_paused",
        [IC_REQUEST_CANCELED] = "approval_canceled",
        [IC_REQUEST_REMOVED] = "approver_removed",
        [IC_REQUEST_REASSIGNED] = "approver_reassigned",
    };
    return ends[state];
}

static void activities_add_reviews(history *all, const ic_workflow *workflow) {
    for (size_t i = 0; i < workflow->requests.count; i++) {
        const ic_review_request *request = workflow->requests.items[i];
        const ic_template *design = workflow->template;
        const char *role = design->roles[design->reviews[request->review].role].display_name;
        activities_add(all, "approval_requested", request->start, request->actor, role);
        if (request->state != IC_REQUEST_PENDING)
            activities_add(all, activities_request_end(request->state), request->end, request->actor, role);
    }
}

static void activities_add_turns(history *all, const ic_workflow *workflow) {
    for (size_t i = 0; i < workflow->turns.count; i++) {
        const ic_turn *turn = workflow->turns.items[i];
        activities_add(all, turn->counterparty ? "turn_to_counterparty" : "turn_to_company", turn->start,
                       turn->user, turn->location);
    }
}

static void activities_add_signatures(history *all, const ic_packet *packet) {
    for (size_t i = 0; packet && i < packet->signers.count; i++) {
        const ic_signer *signer = packet->signers.items[i];
        if (signer->signature == IC_SIGNATURE_SIGNED)
            activities_add(all, "signature_collected", signer->changed, signer->user, signer->role_name);
        if (signer->signature == IC_SIGNATURE_DECLINED)
            activities_add(all, "signature_declined", signer->changed, signer->user, signer->role_name);
    }
}

static void activities_add_documents_and_comments(history *all, const ic_workflow *workflow,
                                                  bool comment_detail) {
    for (size_t i = 0; i < workflow->documents.count; i++) {
        const ic_document *document = workflow->documents.items[i];
        activities_add(all, "document_added", document->modified, document->author, document->filename);
    }
    for (size_t i = 0; i < workflow->comments.count; i++) {
        const ic_comment *comment = workflow->comments.items[i];
        activities_add(all, "comment_added", comment->created, comment->author,
                       comment_detail ? comment->message : NULL);
    }
}

static void activities_add_all(history *all, const ic_workflow *workflow, bool comment_detail) {
    activities_add(all, "workflow_launched", workflow->created, workflow->creator, NULL);
    activities_add_documents_and_comments(all, workflow, comment_detail);
    activities_add_reviews(all, workflow);
    activities_add_turns(all, workflow);
    activities_add_signatures(all, workflow->packet);
    if (workflow->ended != IC_TIME_NONE)
        activities_add(all,
                       workflow->status == IC_STATUS_CANCELLED ? "workflow_cancelled" : "workflow_completed",
                       workflow->ended, NULL, NULL);
    if (!all->failed) qsort(all->items, all->count, sizeof *all->items, activities_by_time);
}

/* --- rows --- */

static void activities_write_attribute(ic_report *report, const ic_workflow *workflow, const char *name) {
    const cJSON *value = ic_json_member(workflow->attributes, name);
    char *text = value && !cJSON_IsString(value) ? ic_json_print(value) : NULL;
    ic_report_text(report, text ? text : cJSON_GetStringValue(value));
    ic_json_text_free(text);
}

static void activities_write_row(ic_report *report, const ic_workflow *workflow, const activity *activity,
                                 const cJSON *metadata) {
    const cJSON *name;
    ic_report_text(report, workflow->id);
    ic_report_text(report, workflow->readable);
    ic_report_text(report, workflow->title);
    ic_report_text(report, workflow->template->name);
    ic_report_text(report, activity->name);
    ic_report_text(report, ic_time_print(activity->time).text);
    ic_report_text(report, activity->actor ? activity->actor->email : NULL);
    ic_report_text(report, activity->detail);
    cJSON_ArrayForEach(name, metadata) activities_write_attribute(report, workflow, name->valuestring);
    ic_report_end_row(report);
}

void ic_activities_report(const ic_company *company, const cJSON *metadata, bool comment_detail,
                          ic_time start, ic_time end, ic_report *report) {
    history all = {0};
    const cJSON *name;
    cJSON_ArrayForEach(name, metadata) ic_report_add_column(report, name->valuestring);
    for (size_t i = 0; i < company->workflows.count; i++) {
        const ic_workflow *workflow = company->workflows.items[i];
        all.count = 0;
        activities_add_all(&all, workflow, comment_detail);
        for (size_t j = 0; j < all.count && !all.failed; j++)
            if (all.items[j].time >= start && all.items[j].time <= end)
                activities_write_row(report, workflow, &all.items[j], metadata);
    }
    if (all.failed) report->failed = true;
    ic_free(all.items);
}
