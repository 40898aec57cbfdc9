/* The operations of Clickwrap. */
#ifndef IC_SANDBOX_CLICKWRAP_HANDLERS_H
#define IC_SANDBOX_CLICKWRAP_HANDLERS_H

#include "sandbox/http/handler.h"

// clang-format off
/* X(operationId, handler, traits) */
#define IC_CLICKWRAP_ROUTES(X) \
    X("get-the-latest-published-versions-for-a-group-1", ic_cw_ask_published, IC_ROUTE_OPEN) \
    X("get-the-latest-versions-signed", ic_cw_ask_latest, IC_ROUTE_OPEN) \
    X("latest-by-form", ic_cw_ask_latest, IC_ROUTE_OPEN) \
    X("get-retrieve-contracts-by-signer-1", ic_cw_ask_retrieve, IC_ROUTE_OPEN) \
    X("retrieve-by-form", ic_cw_ask_retrieve, IC_ROUTE_OPEN) \
    X("retrieve-native-app-snapshot-parameters", ic_cw_load_json, IC_ROUTE_OPEN) \
    X("load-json-by-post", ic_cw_load_json, IC_ROUTE_OPEN) \
    X("retrieve-group-html", ic_cw_load_html, IC_ROUTE_OPEN) \
    X("send-contracts-signedaccepted-by-signer", ic_cw_send, IC_ROUTE_OPEN) \
    X("send-by-query", ic_cw_send, IC_ROUTE_OPEN) \
    X("send-sync", ic_cw_send_sync, IC_ROUTE_OPEN) \
    X("status", ic_cw_service_status, IC_ROUTE_OPEN) \
    X("createregenerate-access-token", ic_cw_service_token, IC_ROUTE_OPEN) \
    X("get_sites", ic_cw_sites_list, 0) \
    X("retrieve-a-site", ic_cw_sites_get, 0) \
    X("remove-a-site", ic_cw_sites_delete, 0) \
    X("list-all-site-memberships", ic_cw_members_of_site, 0) \
    X("update-a-user", ic_cw_members_update, 0) \
    X("retrieve-user-memberships-for-an-account", ic_cw_members_of_account, 0) \
    X("update-your-account-details", ic_cw_account_update, 0) \
    X("export-fields", ic_cw_sites_export_fields, 0) \
    X("get_groups", ic_cw_groups_list, 0) \
    X("get_sites-site-id-groups", ic_cw_groups_of_site, 0) \
    X("get-group", ic_cw_groups_get, 0) \
    X("patch_groups-group-id", ic_cw_groups_update, 0) \
    X("delete_groups-group-id", ic_cw_groups_delete, 0) \
    X("post_groups-group-id-publish", ic_cw_groups_publish, 0) \
    X("get_contracts", ic_cw_contracts_list, 0) \
    X("get_sites-site-id-contract", ic_cw_contracts_of_site, 0) \
    X("post_sites-site-id-contract", ic_cw_contracts_create, 0) \
    X("get_contracts-contract-id", ic_cw_contracts_get, 0) \
    X("post_contracts-contract-id-restore", ic_cw_contracts_restore, 0) \
    X("post_contracts-contract-id-versions", ic_cw_versions_create, 0) \
    X("get_contracts-contract-id-versions-latest", ic_cw_versions_latest, 0) \
    X("get_contracts-contract-id-versions-published", ic_cw_versions_published, 0) \
    X("render-published-version", ic_cw_versions_render, 0) \
    X("publish-latest-version", ic_cw_versions_publish_latest, 0) \
    X("publish-version", ic_cw_versions_publish, 0) \
    X("patch_contracts-contract-id-versions-version-number", ic_cw_versions_update_number, 0) \
    X("get_versions-version-id", ic_cw_versions_get, 0) \
    X("patch_versions-version-id", ic_cw_versions_update, 0) \
    X("upload-version-file", ic_cw_versions_upload, 0) \
    X("delete_versions-version-id-fields-field-id", ic_cw_versions_delete_field, 0) \
    X("list-all-signers-1", ic_cw_signers_list, 0) \
    X("list-all-signers", ic_cw_signers_of_site, 0) \
    X("upsert-a-signer", ic_cw_signers_upsert, 0) \
    X("retrieve-a-signer-by-signer-id", ic_cw_signers_get, 0) \
    X("update-a-signer-by-signer-id", ic_cw_signers_update, 0) \
    X("delete-a-signer", ic_cw_signers_delete, 0) \
    X("delete-activity-by-signer-id", ic_cw_signers_delete_activity, 0) \
    X("get_activity", ic_cw_activity_list, 0) \
    X("get_sites-site-id-signers-id-signer-id-activity", ic_cw_activity_of_signer, 0) \
    X("get_activity-activity-id", ic_cw_activity_get, 0) \
    X("get_activity-activity-id-record", ic_cw_activity_record, 0) \
    X("get_activity-record-session-session-id", ic_cw_activity_session, 0) \
    X("export-activity-to-csv", ic_cw_exports_create, 0) \
    X("retrieve-status-on-activity-to-csv", ic_cw_exports_get, 0) \
    X("post_extract-evidence", ic_cw_evidence_create, 0) \
    X("get_extract-evidence", ic_cw_evidence_list, 0) \
    X("get_extract-evidence-id", ic_cw_evidence_get, 0) \
    X("get_extract-evidence-id-urls", ic_cw_evidence_urls, 0) \
    X("get_locations", ic_cw_locations_list, 0) \
    X("post_locations", ic_cw_locations_create, 0) \
    X("get_locations-id", ic_cw_locations_get, 0) \
    X("patch_locations-id", ic_cw_locations_update, 0) \
    X("delete-location", ic_cw_locations_delete, 0) \
    X("publish-location", ic_cw_locations_publish, 0) \
    X("clone-location", ic_cw_locations_clone, 0) \
    X("archive-location", ic_cw_locations_archive, 0) \
    X("get_locations-id-snapshots", ic_cw_snapshots_list, 0) \
    X("post_locations-id-snapshots-capture", ic_cw_snapshots_capture, 0) \
    X("get_locations-id-snapshots-snapshotid", ic_cw_snapshots_get, 0) \
    X("post_locations-id-snapshots-snapshotid-archive", ic_cw_snapshots_archive, 0) \
    X("get_locations-id-snapshots-snapshotid-record", ic_cw_snapshots_record, 0) \
    X("get_locations-id-snapshots-record-timestamp", ic_cw_snapshots_record_at, 0) \
    X("create-a-new-request-2", ic_cw_requests_create, 0) \
    X("get-request", ic_cw_requests_get, 0) \
    X("send-request", ic_cw_requests_send, 0)
// clang-format on

IC_CLICKWRAP_ROUTES(IC_DECLARE_HANDLER)

#endif
