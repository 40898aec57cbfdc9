#include "sandbox/records/smart_import.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "sandbox/records/handlers.h"
#include "sandbox/records/predict.h"
#include "sandbox/records/record_attachments.h"
#include "sandbox/records/record_exchange.h"
#include "sandbox/records/record_properties.h"
#include <string.h>

#define ATTACHMENT_MAX ((uint64_t)100 * 1000 * 1000)
#define IMPORTED       "imported"

/* --- predictions --- */

/* Adds predictions. Properties that were set in the meantime stay. */
static bool import_add_predictions(ic_company *company, ic_record *record, const cJSON *predicted) {
    cJSON *properties = ic_json_parse(record->properties, strlen(record->properties), NULL);
    bool good = properties != NULL;
    const cJSON *property;
    cJSON_ArrayForEach(property, predicted) {
        if (good && !ic_json_member(properties, property->string))
            good = ic_set(properties, property->string, cJSON_Duplicate(property, true));
    }
    good = good && ic_record_replace_properties(company, record, properties);
    cJSON_Delete(properties);
    return good;
}

static void import_predict(ic_company *company, ic_import *import) {
    ic_record *record = ic_company_record(company, import->record);
    const ic_attachment *file = record ? ic_record_signed_copy(record) : NULL;
    cJSON *predicted = file ? ic_predict(company->record_properties, file->filename, file->bytes) : NULL;
    import->state = predicted && import_add_predictions(company, record, predicted) ? IC_PREDICTION_READY
                                                                                    : IC_PREDICTION_ERRORED;
    cJSON_Delete(predicted);
}

/* All imports take the same time, so they are due in order. */
void ic_imports_settle(ic_company *company) {
    while (company->predicted < company->imports.count) {
        ic_import *import = company->imports.items[company->predicted];
        if (import->due > ic_company_now(company)) return;
        import_predict(company, import);
        company->predicted++;
    }
}

void ic_imports_free(ic_company *company) {
    for (size_t i = 0; i < company->imports.count; i++)
        ic_free(company->imports.items[i]);
    ic_array_free(&company->imports);
}

/* --- reading a request --- */

static bool import_refuse(ic_exchange *x, const char *param, const char *message) {
    ic_reply_error(x, 400, "INVALID_PARAM", param, "%s", message);
    return false;
}

static const char *const extensions[] = {".pdf", ".docx", ".doc",  ".xls", ".xlsx", ".eml", ".tif",
                                         ".jpg", ".png",  ".jpeg", ".txt", ".ppt",  ".pptx"};

static void import_refuse_extension(ic_exchange *x, const char *filename) {
    ic_buf message = {0};
    ic_buf_printf(&message,
                  "filename %.200s does not have an accepted extension. Only the following extensions are "
                  "allowed: ",
                  filename);
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
        ic_buf_printf(&message, "%s%s", i ? ", " : "", extensions[i]);
    const char *text = ic_buf_text(&message);
    ic_reply_error(x, 400, "INVALID_PARAM", "metadata.filename", "%s.", text ? text : "");
    ic_buf_free(&message);
}

static bool import_check_file(ic_exchange *x) {
    const ic_field_part *file = ic_exchange_field(x, "attachment");
    const char *extension = file && file->filename ? strrchr(file->filename, '.') : NULL;
    if (!file) return import_refuse(x, "attachment", "missing required form-data part 'attachment'");
    if (ic_blob_length(file->bytes) > ATTACHMENT_MAX)
        return import_refuse(x, "attachment",
                             "parameter 'attachment' too large, please limit upload files less than 100MB");
    for (size_t i = 0; extension && i < sizeof extensions / sizeof extensions[0]; i++)
        if (ic_text_same(extensions[i], extension)) return true;
    import_refuse_extension(x, file->filename ? file->filename : "");
    return false;
}

static ic_record_type *import_add_type(ic_exchange *x, const char *key, const char *display_name) {
    ic_record_type *type = ic_calloc(1, sizeof *type);
    if (type) {
        type->key = ic_strdup(key);
        type->display_name = ic_strdup(display_name);
        if (type->key && type->display_name && ic_array_push(&x->company->record_types, type)) return type;
        ic_free(type->key);
        ic_free(type->display_name);
        ic_free(type);
    }
    ic_reply_no_memory(x);
    return NULL;
}

/* The record type in the request, added when it is new. NULL: an error is set as the reply. */
static ic_record_type *import_read_type(ic_exchange *x) {
    const char *key = ic_form_text(x, "recordType"), *new_key = ic_form_text(x, "newRecordTypeId"),
               *name = ic_form_text(x, "newRecordTypeDisplayName");
    if (key && (new_key || name)) {
        import_refuse(x, "recordType",
                      "recordType cannot be used together with newRecordTypeId and newRecordTypeDisplayName");
        return NULL;
    }
    if (!new_key != !name || (new_key && (!*new_key || !*name))) {
        import_refuse(x, new_key && *new_key ? "newRecordTypeDisplayName" : "newRecordTypeId",
                      "newRecordTypeId and newRecordTypeDisplayName must be used together");
        return NULL;
    }
    if (new_key && ic_company_record_type(x->company, new_key)) {
        import_refuse(x, "newRecordTypeId", "there is a record type with this id already");
        return NULL;
    }
    if (new_key) return import_add_type(x, new_key, name);
    ic_record_type *type = ic_company_record_type(x->company, key ? key : IMPORTED);
    if (!type && (!key || strcmp(key, IMPORTED) == 0)) return import_add_type(x, IMPORTED, "Imported");
    if (!type)
        ic_reply_error(x, 400, "INVALID_PARAM", x->values[0] ? "recordType" : "type",
                       "unknown record type %s", key);
    return type;
}

static const ic_import *import_find(const ic_company *company, const char *id) {
    for (size_t i = 0; i < company->imports.count; i++)
        if (strcmp(((const ic_import *)company->imports.items[i])->id, id) == 0)
            return company->imports.items[i];
    return NULL;
}

/* --- importing --- */

/* The record is named after its file. */
static char *import_name_of(const char *filename) {
    return ic_strndup(filename, (size_t)(strrchr(filename, '.') - filename));
}

/* Adds a record for the file, without properties. NULL: no memory. */
static ic_record *import_add_record(ic_exchange *x, const ic_record_type *type) {
    ic_field_part *file = ic_exchange_field(x, "attachment");
    char *name = import_name_of(file->filename);
    cJSON *none = cJSON_CreateObject();
    ic_record *record = name && none ? ic_record_new(x->company, type, *name ? name : file->filename) : NULL;
    if (record) record->updated = ic_company_now(x->company);
    if (record &&
        (!ic_record_set_properties(record, none) ||
         !ic_record_attach(x->company, record, "signedCopy", file->filename, ic_field_part_bytes(file)) ||
         !ic_company_add_record(x->company, record))) {
        ic_record_free(record);
        record = NULL;
    }
    cJSON_Delete(none);
    ic_free(name);
    return record;
}

/* NULL: no memory. */
static ic_import *import_add(ic_exchange *x, const ic_record_type *type, const char *id) {
    ic_company *company = x->company;
    ic_import *import = ic_calloc(1, sizeof *import);
    if (!import || !ic_array_push(&company->imports, import)) {
        ic_free(import);
        return NULL;
    }
    ic_record *record = import_add_record(x, type);
    if (!record) {
        company->imports.count--;
        ic_free(import);
        return NULL;
    }
    if (id)
        memcpy(import->id, id, sizeof import->id);
    else
        ic_new_uuid(company, import->id);
    memcpy(import->record, record->id, sizeof import->record);
    import->due = ic_company_now(company) + (ic_time)(company->job_seconds * 1000);
    record->import = import;
    return import;
}

static void import_run(ic_exchange *x, const char *id) {
    if (!ic_exchange_may_edit(x) || !import_check_file(x)) return;
    if (!x->company->import_credits) {
        ic_reply_error(x, 403, "FORBIDDEN", NULL, "No more AI Contract Credits available");
        return;
    }
    const ic_record_type *type = import_read_type(x);
    if (!type) return;
    const ic_import *import = import_add(x, type, id);
    if (!import) {
        ic_reply_no_memory(x);
        return;
    }
    x->company->import_credits--;
    cJSON *answer = cJSON_CreateObject();
    ic_put_text(answer, "recordId", import->record);
    ic_put_text(answer, "importId", import->id);
    ic_put_number(answer, "remainingCredits", (double)x->company->import_credits);
    ic_reply_json(x, 200, answer);
}

void ic_imports_create(ic_exchange *x) {
    import_run(x, NULL);
}

void ic_imports_add(ic_exchange *x) {
    const ic_import *import = import_find(x->company, x->values[0]);
    if (import)
        import_run(x, import->id);
    else
        ic_reply_no_record(x, 404);
}

/* --- predictions in a reply --- */

static cJSON *import_prediction_view(const ic_import *import) {
    static const char *const states[] = {"pending", "ready", "errored"};
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "recordId", import->record);
    ic_put_text(view, "status", states[import->state]);
    return view;
}

static void import_reply(ic_exchange *x, const char *id) {
    cJSON *list = cJSON_CreateArray();
    if (!import_find(x->company, id)) {
        cJSON_Delete(list);
        ic_reply_error(x, 404, "NOT_FOUND", NULL, "couldn't find predictions for the import: %s", id);
        return;
    }
    for (size_t i = 0; i < x->company->imports.count; i++) {
        const ic_import *import = x->company->imports.items[i];
        if (strcmp(import->id, id) == 0 && ic_company_record(x->company, import->record))
            ic_append(list, import_prediction_view(import));
    }
    ic_reply_json(x, 200, list);
}

void ic_imports_predictions(ic_exchange *x) {
    const char *record_id = ic_exchange_query(x, "recordId"), *import_id = ic_exchange_query(x, "importId");
    const ic_record *record = ic_company_record(x->company, record_id);
    if (import_id)
        import_reply(x, import_id);
    else if (!record_id)
        ic_reply_error(x, 400, "INVALID_PARAM", NULL,
                       "missing required form-data part 'recordId' or 'importId'");
    else if (record && record->import)
        ic_reply_json(x, 200, import_prediction_view(record->import));
    else
        ic_reply_error(x, 404, "NOT_FOUND", NULL, "couldn't find predictions for the record: %s", record_id);
}
