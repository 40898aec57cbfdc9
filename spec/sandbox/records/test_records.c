/* The sandbox's records, their files, jobs and reports with every allocation failing in turn: what cannot be
 * done is said, and nothing is lost. */
#include "core/base/alloc.h"
#include "sandbox/company/jobs.h"
#include "sandbox/exports/handlers.h"
#include "sandbox/filters/formula.h"
#include "sandbox/records/handlers.h"
#include "sandbox/records/record.h"
#include "sandbox/records/smart_import.h"
#include "sandbox/service/service.h"
#include "sandbox/workflows/pdf.h"
#include "spec/sandbox/company_fixture.h"
#include <string.h>

#define JOB "(the last job)"

// clang-format off
static const char fixtures[] = COMPANY_FIXTURE("",
  "recordTypes": {"nda": {"displayName": "NDA"}},
  "recordProperties": {
    "counterpartyName": {"displayName": "Name", "type": "string", "visible": true},
    "agreementDate": {"displayName": "Date", "type": "date", "visible": true},
    "contractValue": {"displayName": "Value", "type": "monetary_amount", "visible": true}
  },
  "recordAttachments": {"signedCopy": {"displayName": "Signed PDF"}},
  "records": [{
    "type": "nda", "name": "NDA", "attachments": {"signedCopy": "NDA with Acme.pdf"},
    "properties": {"agreementDate": {"type": "date", "value": "1969-01-01"}}
  }]
);

/* What is asked for, in this order. */
static const struct request {
    const char *operation;
    ic_handler *handler;
    const char *values[2]; /* in the path */
    unsigned status;
    const char *body;
} requests[] = {
    {"create-a-record", ic_records_create, {NULL, NULL}, 200, JSON({
      "type": "nda", "name": "Amendment", "links": [{"recordId": "IC-1"}],
      "parent": {"recordId": "IC-1", "parentLinkType": "amendment"},
      "properties": {"counterpartyName": {"type": "string", "value": "Acme"}},
      "propertiesToAmend": {"counterpartyName": {"amendmentType": "replace"}}
    })},
    {"update-record-metadata", ic_records_update, {"IC-2", NULL}, 200, JSON({
      "name": "Amended", "addProperties": {
        "contractValue": {"type": "monetary_amount", "value": {"currency": "EUR", "amount": 1}}},
      "addPropertiesToAmend": {"contractValue": {"amendmentType": "replace"}}
    })},
    {"list-all-records", ic_records_list, {NULL, NULL}, 200, "{}"},
    {"run-an-action-on-a-record", ic_contract_actions_run, {"IC-1", NULL}, 200, JSON({
      "type": "terminate", "properties": {
        "standard_terminatedDate": {"type": "date", "value": "1970-01-01"},
        "standard_terminationEffectiveDate": {"type": "date", "value": "1970-02-01"}
      }
    })},
    {"run-an-action-on-a-record", ic_contract_actions_run, {"IC-1", NULL}, 200, JSON({
      "type": "undo", "properties": {"standard_undoObligationAction": {"type": "string", "value": "terminate"}}
    })},
    {"create-an-attachment-on-a-record", ic_attachments_create, {"IC-2", "signedCopy"}, 200, "{}"},
    {"create-attachment-download-urls", ic_download_urls_create, {NULL, NULL}, 202, JSON({
      "identifiers": ["IC-1", "IC-2", "IC-9"], "type": "latestSignedCopy"
    })},
    {"get-attachment-download-urls-status", ic_download_urls_get, {JOB, NULL}, 200, "{}"},
    {"create-a-smart-import-record", ic_imports_create, {NULL, NULL}, 200, "{}"},
    {"export", ic_exports_create, {NULL, NULL}, 200, JSON({
      "exportType": "workflow_activities", "exportFormat": "JSON", "signedUrlEnabled": true
    })},
    {"export-job-download", ic_exports_download, {JOB, NULL}, 200, "{}"},
    {"delete-an-attachment-on-a-record", ic_attachments_delete, {"IC-2", "signedCopy"}, 204, "{}"},
    {"replace-a-record", ic_records_replace, {"IC-2", NULL}, 200, JSON({
      "type": "nda", "name": "Replaced", "properties": {}
    })},
    {"delete-a-record", ic_records_delete, {"IC-1", NULL}, 204, "{}"},
    {"retrieve-xlsx-export-file-of-all-records", ic_records_export, {NULL, NULL}, 200, "{}"},
};
// clang-format on

static ic_company *load(void) {
    ic_company *company = ic_company_new(ic_service_ends);
    if (!CHECK(company != NULL)) return NULL;
    company->url = ic_strdup("https://sandbox");
    company->storage_url = ic_strdup("https://storage");
    company->clock.fixed = 0;
    company->import_credits = 1;
    if (CHECK(company_fixture_load(company, fixtures))) return company;
    ic_company_free(company);
    return NULL;
}

/* --- requests --- */

static bool add_field(ic_exchange *x, const char *name, const char *filename, ic_blob *bytes) {
    ic_field_part *fields = ic_realloc(x->fields, (x->field_count + 1) * sizeof *fields);
    if (fields) x->fields = fields;
    if (!fields || !bytes) {
        ic_blob_release(bytes);
        return false;
    }
    fields[x->field_count++] =
        (ic_field_part){.name = ic_strdup(name), .filename = ic_strdup(filename), .bytes = bytes};
    return fields[x->field_count - 1].name != NULL;
}

static bool add_fields(ic_exchange *x) {
    static const char metadata[] = "{\"filename\":\"Copy.pdf\"}";
    return add_field(x, "attachment", "NDA - Acme.pdf", ic_pdf_make("1970-01-01, USD 5")) &&
           add_field(x, "metadata", NULL, ic_blob_new(ic_strdup(metadata), strlen(metadata)));
}

static const char *value_of(const ic_company *company, const char *named) {
    if (!named || strcmp(named, JOB) != 0) return named;
    return ((const ic_job *)company->jobs.items[company->jobs.count - 1])->id;
}

/* Answers the status; 500 also where the request itself could not be made. */
static unsigned run(ic_company *company, const struct request *request) {
    static const ic_token token = {0};
    ic_exchange x = {.company = company, .token = &token, .user = ic_company_user(company, JANE)};
    x.path = ic_strdup("/");
    x.operation = ic_operation_by_id(request->operation);
    for (size_t i = 0; i < 2; i++)
        x.values[i] = ic_strdup(value_of(company, request->values[i]));
    x.body = ic_json_parse(request->body, strlen(request->body), NULL);
    bool made = x.path && x.body && (!request->values[0] || x.values[0]) &&
                (!request->values[1] || x.values[1]) && add_fields(&x);
    if (made) request->handler(&x);
    unsigned status = made ? x.status : 500;
    ic_exchange_clear(&x);
    return status;
}

/* false: one could not be done. */
static bool run_all(ic_company *company) {
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        unsigned status = run(company, &requests[i]);
        if (status != requests[i].status) {
            if (!CHECK(status == 500)) printf("    %s: %u\n", requests[i].operation, status);
            return false;
        }
        ic_imports_settle(company);
    }
    return true;
}

static void test_requests(void) {
    bool done = false;
    for (long nth = 1; !done && nth < 100000; nth++) {
        long before = ic_alloc_live();
        ic_company *company = load();
        if (!company) return;
        ic_alloc_fail_at(nth);
        done = run_all(company);
        ic_alloc_fail_at(0);
        ic_company_free(company);
        if (!CHECK(ic_alloc_live() == before)) {
            printf("    %ld blocks are lost at allocation %ld\n", ic_alloc_live() - before, nth);
            return;
        }
    }
    CHECK(done);
}

/* --- formulas --- */

static const char *type_of(void *context, const char *property) {
    (void)context;
    return strcmp(property, "day") == 0 ? "date" : "string";
}

static void test_formula(void) {
    static const char text[] = "Or(And(Equals([a], 'x'), Contains([b], \"y\")), "
                               "(LessThan([day], RelativeDate(Date(2024, 2, 29), 1, 'years'))))";
    char error[256];
    for (long nth = 1; nth < 1000; nth++) {
        long before = ic_alloc_live();
        ic_alloc_fail_at(nth);
        ic_formula *formula = ic_formula_parse(text, 0, type_of, NULL, error, sizeof error);
        ic_alloc_fail_at(0);
        bool done = formula != NULL;
        if (!CHECK(done || !*error)) printf("    %s\n", error);
        ic_formula_free(formula);
        if (!CHECK(ic_alloc_live() == before) || done) return;
    }
    CHECK(!"parsing ends");
}

int main(void) {
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = ic_malloc, .free_fn = ic_free});
    test_requests();
    test_formula();
    return check_done("records");
}
