/* The handlers of operations, by file. Each runs alone (one at a time), with the request authenticated and
 * checked against the catalog, and gives one answer. */
#ifndef IC_SANDBOX_HANDLERS_H
#define IC_SANDBOX_HANDLERS_H

#include "exchange.h"

typedef void (*ic_handler)(ic_exchange *x);

/* oauth.c */
void ic_oauth_token(ic_exchange *x);
void ic_oauth_userinfo(ic_exchange *x);
void ic_oauth_company_info(ic_exchange *x);
/* authorize.c */
void ic_authorize_ask(ic_exchange *x);
void ic_authorize_decide(ic_exchange *x);
/* schemas.c */
void ic_schemas_list(ic_exchange *x);
void ic_schemas_get(ic_exchange *x);
/* workflows.c */
void ic_workflows_launch(ic_exchange *x);
void ic_workflows_list(ic_exchange *x);
void ic_workflows_get(ic_exchange *x);
/* attributes.c */
void ic_attributes_update(ic_exchange *x);
/* approvals.c */
void ic_approvals_get(ic_exchange *x);
void ic_approvals_update(ic_exchange *x);
/* approval_requests.c */
void ic_approval_requests_list(ic_exchange *x);
/* turns.c */
void ic_turns_list(ic_exchange *x);
/* participants.c */
void ic_participants_list(ic_exchange *x);
void ic_roles_assign(ic_exchange *x);
void ic_roles_list_eligible(ic_exchange *x);
/* sign_status.c */
void ic_sign_status_get(ic_exchange *x);
void ic_sign_status_send(ic_exchange *x);
void ic_sign_status_cancel(ic_exchange *x);
void ic_signatures_list(ic_exchange *x);
/* scheduled_send.c */
void ic_scheduled_send_create(ic_exchange *x);
void ic_scheduled_send_update(ic_exchange *x);
void ic_scheduled_send_delete(ic_exchange *x);
/* signers.c */
void ic_signers_update(ic_exchange *x);
void ic_signers_delete(ic_exchange *x);
void ic_signers_remind(ic_exchange *x);
/* recipient_urls.c */
void ic_recipient_urls_create(ic_exchange *x);
void ic_recipient_urls_create_embedded(ic_exchange *x);
/* upload_signed.c */
void ic_signed_upload(ic_exchange *x);
/* signature_packet.c */
void ic_signature_packet_update(ic_exchange *x);
/* lifecycle.c */
void ic_workflows_cancel(ic_exchange *x);
void ic_workflows_pause(ic_exchange *x);
void ic_workflows_resume(ic_exchange *x);
void ic_workflows_revert(ic_exchange *x);
/* comments.c */
void ic_comments_create(ic_exchange *x);
void ic_comments_create_deprecated(ic_exchange *x);
void ic_comments_list(ic_exchange *x);
void ic_comments_get(ic_exchange *x);
/* documents.c */
void ic_documents_get(ic_exchange *x);
void ic_documents_upload(ic_exchange *x);
void ic_documents_download(ic_exchange *x);
/* records.c */
void ic_records_list(ic_exchange *x);
void ic_records_create(ic_exchange *x);
void ic_records_get(ic_exchange *x);
void ic_records_schema(ic_exchange *x);
void ic_records_delete(ic_exchange *x);
void ic_records_update(ic_exchange *x);
void ic_records_replace(ic_exchange *x);
/* records_export.c */
void ic_records_export(ic_exchange *x);
/* attachments.c */
void ic_attachments_create(ic_exchange *x);
void ic_attachments_get(ic_exchange *x);
void ic_attachments_delete(ic_exchange *x);
/* contract_actions.c */
void ic_contract_actions_run(ic_exchange *x);
/* download_urls.c */
void ic_download_urls_create(ic_exchange *x);
void ic_download_urls_get(ic_exchange *x);
/* scim_users.c */
void ic_users_list(ic_exchange *x);
void ic_users_create(ic_exchange *x);
void ic_users_get(ic_exchange *x);
void ic_users_update(ic_exchange *x);
void ic_users_replace(ic_exchange *x);
void ic_users_delete(ic_exchange *x);
/* scim_groups.c */
void ic_groups_list(ic_exchange *x);
void ic_groups_create(ic_exchange *x);
void ic_groups_get(ic_exchange *x);
void ic_groups_update(ic_exchange *x);
void ic_groups_replace(ic_exchange *x);
void ic_groups_delete(ic_exchange *x);
/* scim_schemas.c */
void ic_scim_schemas_list(ic_exchange *x);
void ic_scim_schemas_get(ic_exchange *x);
/* webhooks.c */
void ic_webhooks_create(ic_exchange *x);
void ic_webhooks_list(ic_exchange *x);
void ic_webhooks_get(ic_exchange *x);
void ic_webhooks_update(ic_exchange *x);
void ic_webhooks_delete(ic_exchange *x);
void ic_webhooks_key(ic_exchange *x);

#endif
