/* The record, entity, obligation and search operations. */
#ifndef IC_SANDBOX_RECORDS_HANDLERS_H
#define IC_SANDBOX_RECORDS_HANDLERS_H

#include "sandbox/http/handler.h"

// clang-format off
/* X(operationId, handler, traits) */
#define IC_RECORDS_ROUTES(X) \
    X("list-all-records", ic_records_list, 0) \
    X("create-a-record", ic_records_create, 0) \
    X("retrieve-a-record", ic_records_get, 0) \
    X("list-all-records-metadata", ic_records_schema, 0) \
    X("update-record-metadata", ic_records_update, 0) \
    X("replace-a-record", ic_records_replace, 0) \
    X("delete-a-record", ic_records_delete, 0) \
    X("retrieve-xlsx-export-file-of-all-records", ic_records_export, 0) \
    X("create-an-attachment-on-a-record", ic_attachments_create, 0) \
    X("retrieve-an-attachment-on-a-record", ic_attachments_get, 0) \
    X("delete-an-attachment-on-a-record", ic_attachments_delete, 0) \
    X("run-an-action-on-a-record", ic_contract_actions_run, IC_ROUTE_NO_ACTOR) \
    X("create-a-smart-import-record", ic_imports_create, 0) \
    X("create-a-smart-import-record-to-import", ic_imports_add, 0) \
    X("retrieve-import-predictions", ic_imports_predictions, 0) \
    X("create-attachment-download-urls", ic_download_urls_create, 0) \
    X("get-attachment-download-urls-status", ic_download_urls_get, 0) \
    X("get-all-entity-relationship-types", ic_entities_types, 0) \
    X("list-all-entities", ic_entities_list, 0) \
    X("create-an-entity", ic_entities_create, 0) \
    X("retrieve-an-entity", ic_entities_get, 0) \
    X("update-an-entity", ic_entities_update, 0) \
    X("delete-an-entity", ic_entities_delete, 0) \
    X("list-all-obligations", ic_obligations_list, 0) \
    X("create-an-obligation", ic_obligations_create, 0) \
    X("retrieve-an-obligation", ic_obligations_get, 0) \
    X("update-an-obligation", ic_obligations_update, 0) \
    X("run-conversational-search", ic_search_conversational, IC_ROUTE_NO_ACTOR)
// clang-format on

IC_RECORDS_ROUTES(IC_DECLARE_HANDLER)

#endif
