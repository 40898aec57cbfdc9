/* The workflow operations. */
#ifndef IC_SANDBOX_WORKFLOWS_HANDLERS_H
#define IC_SANDBOX_WORKFLOWS_HANDLERS_H

#include "sandbox/http/handler.h"

// clang-format off
/* X(operationId, handler, traits) */
#define IC_WORKFLOWS_ROUTES(X) \
    X("list-all-workflow-schemas", ic_schemas_list, 0) \
    X("retrieve-a-workflow-schema", ic_schemas_get, 0) \
    X("launch-a-new-workflow", ic_workflows_launch, 0) \
    X("list-all-workflows", ic_workflows_list, 0) \
    X("retrieve-a-workflow", ic_workflows_get, 0) \
    X("update-workflow-metadata", ic_attributes_update, 0) \
    X("list-all-workflow-approvals", ic_approvals_get, 0) \
    X("update-workflow-approval", ic_approvals_update, 0) \
    X("approval-requests", ic_approval_requests_list, 0) \
    X("turn-history", ic_turns_list, 0) \
    X("list-all-workflow-participants", ic_participants_list, 0) \
    X("update-workflow-role-assignment", ic_roles_assign, 0) \
    X("list-workflow-role-eligible-assignees", ic_roles_list_eligible, 0) \
    X("cancel-a-workflow", ic_workflows_cancel, 0) \
    X("pause-a-workflow", ic_workflows_pause, 0) \
    X("resume-a-workflow", ic_workflows_resume, 0) \
    X("revert-to-review", ic_workflows_revert, 0) \
    X("deprecated-create-a-comment-on-a-workflow", ic_comments_create_deprecated, 0) \
    X("create-a-comment-on-a-workflow", ic_comments_create, 0) \
    X("create-a-new-workflow-async", ic_launches_start, 0) \
    X("retrieve-asynchronous-workflow-status", ic_launches_get, 0) \
    X("retrieve-email-threads-from-workflow", ic_emails_list, 0) \
    X("retrieve-email-thread-from-workflow", ic_emails_get, 0) \
    X("retrieve-attachment-from-email-thread", ic_emails_download, 0) \
    X("get-sign-status", ic_sign_status_get, 0) \
    X("send-signature-request", ic_sign_status_send, 0) \
    X("cancel-signature-request", ic_sign_status_cancel, 0) \
    X("schedule-send-signature-request", ic_scheduled_send_create, 0) \
    X("update-scheduled-signature-request", ic_scheduled_send_update, 0) \
    X("delete-scheduled-signature-request", ic_scheduled_send_delete, 0) \
    X("update-signer", ic_signers_update, 0) \
    X("delete-signer", ic_signers_delete, 0) \
    X("remind-signer", ic_signers_remind, 0) \
    X("list-all-workflow-signers", ic_signatures_list, 0) \
    X("create-recipient-url", ic_recipient_urls_create, 0) \
    X("create-embeddable-recipient-url", ic_recipient_urls_create_embedded, 0) \
    X("workflow-upload-signed-document", ic_signed_upload, 0) \
    X("update-workflow-signature-packet", ic_signature_packet_update, 0) \
    X("list-all-comments-in-a-workflow", ic_comments_list, 0) \
    X("list-a-comment-from-a-workflow", ic_comments_get, 0) \
    X("retrieve-workflow-documents", ic_documents_get, 0) \
    X("create-a-workflow-document", ic_documents_upload, 0) \
    X("retrieve-a-workflow-document", ic_documents_download, 0)
// clang-format on

IC_WORKFLOWS_ROUTES(IC_DECLARE_HANDLER)

#endif
