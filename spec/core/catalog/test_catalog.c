/* The catalog's look-ups: by id, by path, buckets, path parameters, methods. */
#include "core/catalog/catalog.h"
#include "spec/core/check.h"
#include <pthread.h>
#include <stdbool.h>

#define CLM       IC_PRODUCT_CLM
#define CLICKWRAP IC_PRODUCT_CLICKWRAP

static void test_ids(void) {
    for (size_t i = 0; i < ic_operation_count; i++)
        CHECK(ic_operation_by_id(ic_operations[i].id) == &ic_operations[i]);
    CHECK(ic_operation_by_id("") == NULL);
    CHECK(ic_operation_by_id("launch-a-new-workflo") == NULL);
    CHECK(ic_operation_by_id("launch-a-new-workflows") == NULL);
    CHECK(ic_operation_by_id("Export") == NULL);
    CHECK(ic_operation_by_id("zzz") == NULL);
}

/* Every entry is whole, and its own path and bucket lead back to it. */
static void test_entries(void) {
    for (size_t i = 0; i < ic_operation_count; i++) {
        const ic_operation *operation = &ic_operations[i];
        ic_path_values values;
        CHECK(operation->id && operation->path && operation->query && operation->fields && operation->scopes);
        CHECK(!operation->resource == !operation->name);
        CHECK((operation->body == IC_BODY_NONE) == (operation->fields[0].name == NULL));
        ic_product product = ic_services[operation->service].product;
        CHECK(operation->text && operation->text[strlen(operation->text) - 1] == '.');
        CHECK(ic_operation_by_path(product, operation->method, operation->path, &values) == operation);
        CHECK(values.count == ic_path_parameters(operation->path));
        CHECK(ic_bucket_of(product, operation->method, operation->path) == ic_operation_bucket(operation));
        CHECK(ic_service_of(product, operation->method, operation->path) == operation->service);
        CHECK(!operation->reads || operation->repeatable);
        for (const ic_field *field = operation->fields; field->name; field++) {
            CHECK(!(field->flags & IC_LIST));
            CHECK(!(field->flags & IC_FILL) || field->value);
            CHECK(field->type != IC_TYPE_FILE || operation->body == IC_BODY_FORM);
        }
        for (const ic_field *field = operation->query; field->name; field++)
            CHECK(!(field->flags & IC_FILL) || field->value);
        CHECK(operation->content.type == IC_CONTENT_PLAIN || operation->answer == IC_ANSWER_JSON);
        CHECK(operation->paging == IC_PAGING_NONE || operation->content.type == IC_CONTENT_ITEMS);
    }
}

/* Every job is started and asked after by operations of one resource. */
static void test_jobs(void) {
    for (const ic_job_entry *job = ic_job_entries; job->start; job++) {
        const ic_operation *start = ic_operation_by_id(job->start), *status = ic_operation_by_id(job->status);
        if (!CHECK(start && status && start->resource && status->resource)) continue;
        CHECK_TEXT(start->resource, status->resource);
        CHECK(start->method == IC_POST && status->method == IC_GET);
        CHECK(job->both && job->wait && *job->ids && *job->state && *job->running && *job->done);
        CHECK(*job->failed);
    }
}

static const struct path_case {
    ic_product product;
    ic_method method;
    const char *path, *id, *values; /* id NULL: unknown; values joined by '|' */
} path_cases[] = {
    {CLM, IC_GET, "/public/api/v1/records", "list-all-records", ""},
    {CLM, IC_POST, "/public/api/v1/records", "create-a-record", ""},
    /* Literals win over placeholders, for the methods that have them. */
    {CLM, IC_GET, "/public/api/v1/records/export", "retrieve-xlsx-export-file-of-all-records", ""},
    {CLM, IC_GET, "/public/api/v1/records/exports", "retrieve-a-record", "exports"},
    {CLM, IC_GET, "/public/api/v1/records/expor", "retrieve-a-record", "expor"},
    {CLM, IC_GET, "/public/api/v1/records/IC-12", "retrieve-a-record", "IC-12"},
    {CLM, IC_GET, "/public/api/v1/records/metadata", "list-all-records-metadata", ""},
    {CLM, IC_PATCH, "/public/api/v1/records/metadata", "update-record-metadata", "metadata"},
    {CLM, IC_POST, "/public/api/v1/records/attachments/download-urls", "create-attachment-download-urls", ""},
    {CLM, IC_GET, "/public/api/v1/records/attachments/download-urls/j1",
     "get-attachment-download-urls-status", "j1"},
    {CLM, IC_GET, "/public/api/v1/records/r1/attachments/signedCopy", "retrieve-an-attachment-on-a-record",
     "r1|signedCopy"},
    {CLM, IC_GET, "/public/api/v1/workflows/async/j1", "retrieve-asynchronous-workflow-status", "j1"},
    {CLM, IC_GET, "/public/api/v1/workflows/async", "retrieve-a-workflow", "async"},
    {CLM, IC_GET, "/public/api/v1/workflows/async/approvals", "retrieve-asynchronous-workflow-status",
     "approvals"},
    {CLM, IC_GET, "/public/api/v1/workflows/w1/approvals", "list-all-workflow-approvals", "w1"},
    {CLM, IC_GET, "/public/api/v1/workflows/w1/emails/e1/attachments/a1",
     "retrieve-attachment-from-email-thread", "w1|e1|a1"},
    {CLM, IC_GET, "/public/api/v1/webhooks/verification-key", "retrieve-webhook-verification-key", ""},
    {CLM, IC_DELETE, "/public/api/v1/webhooks/verification-key", "delete-a-webhook", "verification-key"},
    {CLM, IC_DELETE, "/scim/v2/Groups/g", "delete-a-group", "g"},
    {CLM, IC_GET, "/scim/v2/Schemas/urn:ietf:params:scim:schemas:core:2.0:User", "retrieve-a-schema",
     "urn:ietf:params:scim:schemas:core:2.0:User"},
    /* A value stays encoded; an encoded '/' or '?' does not end it. */
    {CLM, IC_PATCH, "/public/api/v1/workflows/w1/roles/Legal%20Approver", "update-workflow-role-assignment",
     "w1|Legal%20Approver"},
    {CLM, IC_GET, "/public/api/v1/records/a%2Fb%3Fc", "retrieve-a-record", "a%2Fb%3Fc"},
    /* Literals are compared as they are written. */
    {CLM, IC_GET, "/public/api/v1/record%73", NULL, ""},
    {CLM, IC_GET, "/public/api/v1/Records", NULL, ""},
    {CLM, IC_GET, "/scim/v2/users", NULL, ""},
    /* An empty segment is no value. */
    {CLM, IC_GET, "/public/api/v1/records/", NULL, ""},
    {CLM, IC_GET, "/public/api/v1/workflows/w1/approvals/", NULL, ""},
    {CLM, IC_GET, "/public/api/v1/workflows//approvals", NULL, ""},
    /* Clickwrap has paths of its own, some with a literal before the value of a segment. */
    {CLICKWRAP, IC_GET, "/v1.1/signers/id:jane%40example.com", "retrieve-a-signer-by-signer-id",
     "jane%40example.com"},
    {CLICKWRAP, IC_GET, "/v1.1/signers/id:", NULL, ""},
    {CLICKWRAP, IC_GET, "/v1.1/signers/jane", NULL, ""},
    {CLICKWRAP, IC_GET, "/v1.1/sites/1/signers/id:id:a/activity",
     "get_sites-site-id-signers-id-signer-id-activity", "1|id:a"},
    {CLICKWRAP, IC_GET, "/v1.1/activity/record/session:s1", "get_activity-record-session-session-id", "s1"},
    {CLICKWRAP, IC_GET, "/v1.1/activity/a1/record", "get_activity-activity-id-record", "a1"},
    {CLICKWRAP, IC_GET, "/v1.1/contracts/1/versions/@latest", "get_contracts-contract-id-versions-latest",
     "1"},
    {CLICKWRAP, IC_PATCH, "/v1.1/contracts/1/versions/3",
     "patch_contracts-contract-id-versions-version-number", "1|3"},
    {CLICKWRAP, IC_POST, "/oauth/token", "createregenerate-access-token", ""},
    {CLM, IC_POST, "/oauth/token", "oauth-token", ""},
    {CLM, IC_GET, "/published", NULL, ""},
    {CLICKWRAP, IC_GET, "/public/api/v1/records", NULL, ""},
    /* Unknown: path, method, depth, prefix, query. */
    {CLM, IC_GET, "", NULL, ""},
    {CLM, IC_GET, "/", NULL, ""},
    {CLM, IC_GET, "/public/api/v1", NULL, ""},
    {CLM, IC_GET, "/public/api/v1/no-such-thing", NULL, ""},
    {CLM, IC_PUT, "/public/api/v1/workflows/w1", NULL, ""},
    {CLM, IC_DELETE, "/public/api/v1/records", NULL, ""},
    {CLM, IC_GET, "/records", NULL, ""},
    {CLM, IC_GET, "public/api/v1/records", NULL, ""},
    {CLM, IC_GET, "x/public/api/v1/records", NULL, ""},
    {CLM, IC_GET, "/public/api/v1/records?page=1", NULL, ""},
    {CLM, IC_GET, "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p", NULL, ""},
};

static void join_values(const ic_path_values *values, char *out, size_t size) {
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < values->count; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%.*s", i ? "|" : "", (int)values->length[i],
                                 values->value[i]);
}

static void test_paths(void) {
    for (size_t i = 0; i < sizeof path_cases / sizeof path_cases[0]; i++) {
        const struct path_case *each = &path_cases[i];
        ic_path_values values = {.count = 99};
        char joined[200];
        const ic_operation *found = ic_operation_by_path(each->product, each->method, each->path, &values);
        join_values(&values, joined, sizeof joined);
        bool known = CHECK_TEXT(found ? found->id : NULL, each->id) && CHECK_TEXT(joined, each->values);
        if (!known) printf("    path   %s %s\n", ic_method_name(each->method), each->path);
        CHECK(ic_operation_by_path(each->product, each->method, each->path, NULL) == found);
    }
}

static const struct bucket_case {
    ic_product product;
    ic_method method;
    const char *path;
    ic_bucket bucket;
} bucket_cases[] = {
    /* Below the paths that the catalog knows, and with methods that it does not. */
    {CLM, IC_GET, "/public/api/v1/workflows", IC_BUCKET_WORKFLOWS_READ},
    {CLM, IC_GET, "/public/api/v1/workflows?page=1", IC_BUCKET_WORKFLOWS_READ},
    {CLM, IC_GET, "/public/api/v1/workflows/", IC_BUCKET_WORKFLOWS_READ},
    {CLM, IC_GET, "/public/api/v1/workflows/w1/something/new", IC_BUCKET_WORKFLOWS_READ},
    {CLM, IC_PUT, "/public/api/v1/workflows/w1", IC_BUCKET_WORKFLOWS_WRITE},
    {CLM, IC_POST, "/public/api/v1/workflows/async", IC_BUCKET_WORKFLOWS_WRITE},
    {CLM, IC_PATCH, "/public/api/v1/workflows/w1/sign-status", IC_BUCKET_SIGN_STATUS},
    {CLM, IC_POST, "/public/api/v1/workflows/w1/sign-status/new", IC_BUCKET_SIGN_STATUS},
    {CLM, IC_GET, "/public/api/v1/workflows/w1/sign-status", IC_BUCKET_WORKFLOWS_READ},
    {CLM, IC_PUT, "/public/api/v1/workflows/w1/sign-status", IC_BUCKET_WORKFLOWS_WRITE},
    {CLM, IC_DELETE, "/public/api/v1/workflows/w1/sign-status/x", IC_BUCKET_WORKFLOWS_WRITE},
    {CLM, IC_PATCH, "/public/api/v1/workflows/w1/signatures/x", IC_BUCKET_SIGNATURES},
    {CLM, IC_DELETE, "/public/api/v1/workflows/w1/signatures/x", IC_BUCKET_WORKFLOWS_WRITE},
    {CLM, IC_PATCH, "/public/api/v1/workflows/w1/signature-packet", IC_BUCKET_WORKFLOWS_WRITE},
    /* Only whole segments count. */
    {CLM, IC_GET, "/public/api/v1/workflow-schemas", IC_BUCKET_OTHER},
    {CLM, IC_GET, "/public/api/v1/workflows-new", IC_BUCKET_OTHER},
    {CLM, IC_GET, "/public/api/v1/records/r1", IC_BUCKET_RECORDS_READ},
    {CLM, IC_DELETE, "/public/api/v1/records/r1", IC_BUCKET_RECORDS_WRITE},
    {CLM, IC_DELETE, "/public/api/v1/webhooks/w", IC_BUCKET_WEBHOOKS},
    {CLM, IC_DELETE, "/public/api/v1/obligations/o", IC_BUCKET_OTHER},
    {CLM, IC_POST, "/scim/v2/Users", IC_BUCKET_SCIM_USERS},
    {CLM, IC_PATCH, "/scim/v2/Users/u", IC_BUCKET_SCIM_USERS_WRITE},
    {CLM, IC_PATCH, "/scim/v2/Groups/g", IC_BUCKET_SCIM_GROUPS},
    {CLM, IC_POST, "/oauth/token", IC_BUCKET_NONE},
    {CLM, IC_GET, "/oauth/userinfo", IC_BUCKET_OTHER},
    {CLM, IC_GET, "", IC_BUCKET_OTHER},
    {CLM, IC_GET, "/", IC_BUCKET_OTHER},
    {CLM, IC_GET, "/public/api/v1", IC_BUCKET_OTHER},
    {CLICKWRAP, IC_POST, "/v1.1/something/new?a=b", IC_BUCKET_CLICKWRAP_REST},
    {CLICKWRAP, IC_GET, "/v1.10/sites", IC_BUCKET_CLICKWRAP_ACTIVITY},
    {CLICKWRAP, IC_GET, "/latest?sid=x", IC_BUCKET_CLICKWRAP_ACTIVITY},
    {CLICKWRAP, IC_GET, "/status?", IC_BUCKET_CLICKWRAP_SERVICE},
};

static void test_buckets(void) {
    for (size_t i = 0; i < sizeof bucket_cases / sizeof bucket_cases[0]; i++) {
        const struct bucket_case *each = &bucket_cases[i];
        if (!CHECK(ic_bucket_of(each->product, each->method, each->path) == each->bucket))
            printf("    path   %s %s\n", ic_method_name(each->method), each->path);
    }
}

static void check_parameter(const char *path, size_t index, const char *wanted) {
    size_t length = 99;
    const char *name = ic_path_parameter(path, index, &length);
    if (!wanted)
        CHECK(name == NULL);
    else
        CHECK(name && length == strlen(wanted) && memcmp(name, wanted, length) == 0);
}

static void test_parameters(void) {
    const char *path = "/workflows/{id}/emails/{emailThreadId}/attachments/{a}";
    CHECK(ic_path_parameters(path) == 3);
    check_parameter(path, 0, "id");
    check_parameter(path, 1, "emailThreadId");
    check_parameter(path, 2, "a");
    check_parameter(path, 3, NULL);
    CHECK(ic_path_parameters("/workflows") == 0);
    check_parameter("/workflows", 0, NULL);
    check_parameter("", 0, NULL);
}

static void test_methods(void) {
    static const char *const names[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    static const ic_method methods[] = {IC_GET, IC_POST, IC_PUT, IC_PATCH, IC_DELETE};
    static const char *const others[] = {"", "get", "HEAD", "GETS", "GE", "OPTIONS", " GET"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ic_method method = methods[(i + 1) % 5];
        CHECK(ic_method_parse(names[i], &method) && method == methods[i]);
        CHECK_TEXT(ic_method_name(methods[i]), names[i]);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        ic_method method = IC_PUT;
        CHECK(!ic_method_parse(others[i], &method) && method == IC_PUT);
    }
}

/* Threads that meet at the first look-up, which makes the index, find everything. */
static void *find_everything(void *unused) {
    (void)unused;
    size_t found = 0;
    for (size_t i = 0; i < ic_operation_count; i++) {
        const ic_operation *operation = &ic_operations[i];
        found += ic_operation_by_id(operation->id) == operation &&
                 ic_operation_by_path(ic_services[operation->service].product, operation->method,
                                      operation->path, NULL) == operation;
    }
    return found == ic_operation_count ? (void *)&ic_operations : NULL;
}

static void test_threads(void) {
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        if (!CHECK(pthread_create(&threads[i], NULL, find_everything, NULL) == 0)) return;
    for (size_t i = 0; i < 4; i++) {
        void *all = NULL;
        CHECK(pthread_join(threads[i], &all) == 0 && all);
    }
}

int main(void) {
    test_threads(); /* first: nothing may have made the index yet */
    test_ids();
    test_entries();
    test_jobs();
    test_paths();
    test_buckets();
    test_parameters();
    test_methods();
    return check_done("catalog");
}
