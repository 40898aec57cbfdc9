#include "sandbox/workflows/workflow_events.h"
#include "sandbox/webhooks/events.h"
#include <string.h>

void ic_workflow_event(ic_company *company, const char *name, const ic_workflow *workflow) {
    cJSON *payload = cJSON_CreateObject();
    ic_put_text(payload, "templateID", workflow->template->id);
    ic_put_text(payload, "workflowID", workflow->id);
    ic_event_emit(company, &(ic_event){.name = name, .payload = payload}, NULL);
}

void ic_workflow_approval_event(ic_company *company, const ic_workflow *workflow, size_t review,
                                const ic_user *user) {
    const ic_role_design *role = &workflow->template->roles[workflow->template->reviews[review].role];
    cJSON *payload = cJSON_CreateObject();
    ic_put_text(payload, "approvalID", role->id);
    ic_put_text(payload, "approvalName", role->display_name);
    ic_put_text(payload, "status", workflow->approved[review] ? "approved" : "pending");
    ic_put_text(payload, "userEmail", user->email);
    ic_put_text(payload, "userID", user->id);
    ic_put_text(payload, "workflowID", workflow->id);
    ic_event_emit(company, &(ic_event){.name = "workflow_approval_status_changed", .payload = payload}, NULL);
}

/* The events that operations cause. */
static const struct meaning {
    const char *operation, *event;
} meanings[] = {
    {"cancel-a-workflow", "workflow_cancelled"},
    {"pause-a-workflow", "workflow_paused"},
    {"resume-a-workflow", "workflow_resumed"},
    {"revert-to-review", "workflow_step_updated"},
    {"update-workflow-metadata", "workflow_attribute_updated"},
    {"update-workflow-metadata", "workflow_updated"},
    {"update-workflow-role-assignment", "workflow_roles_assigned"},
    {"create-a-comment-on-a-workflow", "workflow_comment_added"},
    {"deprecated-create-a-comment-on-a-workflow", "workflow_comment_added"},
    {"create-a-workflow-document", "workflow_documents_added"},
    {"send-signature-request", "workflow_signature_packet_sent"},
    {"cancel-signature-request", "workflow_signature_packet_cancelled"},
    {"workflow-upload-signed-document", "workflow_signature_packet_uploaded"},
    {"update-signer", "workflow_signer_reassigned"},
    {"delete-signer", "workflow_signer_removed"},
};

void ic_workflow_events_note(const ic_exchange *x) {
    if (!x->operation || x->status < 200 || x->status > 299) return;
    const ic_workflow *workflow = ic_company_workflow(x->company, x->values[0]);
    for (size_t i = 0; workflow && i < sizeof meanings / sizeof meanings[0]; i++)
        if (strcmp(meanings[i].operation, x->operation->id) == 0)
            ic_workflow_event(x->company, meanings[i].event, workflow);
}
