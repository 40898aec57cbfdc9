/* The catalog's look-ups: by id, by path, buckets, path parameters, methods. */
#include "core/catalog/catalog.h"
#include "spec/core/check.h"
#include <pthread.h>
#include <stdbool.h>

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
        CHECK(ic_operation_by_path(operation->method, operation->path, &values) == operation);
        CHECK(values.count == ic_path_parameters(operation->path));
        CHECK(ic_bucket_of(operation->method, operation->path) == operation->bucket);
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
    ic_method method;
    const char *path, *id, *values; /* id NULL: unknown; values joined by '|' */
} path_cases[] = {
    {IC_GET, "/public/api/v1/records", "list-all-records", ""},
    {IC_POST, "/public/api/v1/records", "create-a-record", ""},
    /* Literals win over placeholders, for the methods that have them. */
    {IC_GET, "/public/api/v1/records/export", "retrieve-xlsx-export-file-of-all-records", ""},
    {IC_GET, "/public/api/v1/records/exports", "retrieve-a-record", "exports"},
    {IC_GET, "/public/api/v1/records/expor", "retrieve-a-record", "expor"},
    {IC_GET, "/public/api/v1/records/IC-12", "retrieve-a-record", "IC-12"},
    {IC_GET, "/public/api/v1/records/metadata", "list-all-records-metadata", ""},
    {IC_PATCH, "/public/api/v1/records/metadata", "update-record-metadata", "metadata"},
    {IC_POST, "/public/api/v1/records/attachments/download-urls", "create-attachment-download-urls", ""},
    {IC_GET, "/public/api/v1/records/attachments/download-urls/j1", "get-attachment-download-urls-status",
     "j1"},
    {IC_GET, "/public/api/v1/records/r1/attachments/signedCopy", "retrieve-an-attachment-on-a-record",
     "r1|signedCopy"},
    {IC_GET, "/public/api/v1/workflows/async/j1", "retrieve-asynchronous-workflow-status", "j1"},
    {IC_GET, "/public/api/v1/workflows/async", "retrieve-a-workflow", "async"},
    {IC_GET, "/public/api/v1/workflows/async/approvals", "retrieve-asynchronous-workflow-status",
     "approvals"},
    {IC_GET, "/public/api/v1/workflows/w1/approvals", "list-all-workflow-approvals", "w1"},
    {IC_GET, "/public/api/v1/workflows/w1/emails/e1/attachments/a1", "retrieve-attachment-from-email-thread",
     "w1|e1|a1"},
    {IC_GET, "/public/api/v1/webhooks/verification-key", "retrieve-webhook-verification-key", ""},
    {IC_DELETE, "/public/api/v1/webhooks/verification-key", "delete-a-webhook", "verification-key"},
    {IC_DELETE, "/scim/v2/Groups/g", "delete-a-group", "g"},
    {IC_GET, "/scim/v2/Schemas/urn:ietf:params:scim:schemas:core:2.0:User", "retrieve-a-schema",
     "urn:ietf:params:scim:schemas:core:2.0:User"},
    /* A value stays encoded; an encoded '/' or '?' does not end it. */
    {IC_PATCH, "/public/api/v1/workflows/w1/roles/Legal%20Approver", "update-workflow-role-assignment",
     "w1|Legal%20Approver"},
    {IC_GET, "/public/api/v1/records/a%2Fb%3Fc", "retrieve-a-record", "a%2Fb%3Fc"},
    /* Literals are compared as they are written. */
    {IC_GET, "/public/api/v1/record%73", NULL, ""},
    {IC_GET, "/public/api/v1/Records", NULL, ""},
    {IC_GET, "/scim/v2/users", NULL, ""},
    /* An empty segment is no value. */
    {IC_GET, "/public/api/v1/records/", NULL, ""},
    {IC_GET, "/public/api/v1/workflows/w1/approvals/", NULL, ""},
    {IC_GET, "/public/api/v1/workflows//approvals", NULL, ""},
    /* Unknown: path, method, depth, prefix, query. */
    {IC_GET, "", NULL, ""},
    {IC_GET, "/", NULL, ""},
    {IC_GET, "/public/api/v1", NULL, ""},
    {IC_GET, "/public/api/v1/no-such-thing", NULL, ""},
    {IC_PUT, "/public/api/v1/workflows/w1", NULL, ""},
    {IC_DELETE, "/public/api/v1/records", NULL, ""},
    {IC_GET, "/records", NULL, ""},
    {IC_GET, "public/api/v1/records", NULL, ""},
    {IC_GET, "x/public/api/v1/records", NULL, ""},
    {IC_GET, "/public/api/v1/records?page=1", NULL, ""},
    {IC_GET, "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p", NULL, ""},
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
        const ic_operation *found = ic_operation_by_path(each->method, each->path, &values);
        join_values(&values, joined, sizeof joined);
        bool known = CHECK_TEXT(found ? found->id : NULL, each->id) && CHECK_TEXT(joined, each->values);
        if (!known) printf("    path   %s %s\n", ic_method_name(each->method), each->path);
        CHECK(ic_operation_by_path(each->method, each->path, NULL) == found);
    }
}

static const struct bucket_case {
    ic_method method;
    const char *path;
    ic_bucket bucket;
} bucket_cases[] = {
    /* Below the paths that the catalog knows, and with methods that it does not. */
    {IC_GET, "/public/api/v1/workflows", IC_BUCKET_WORKFLOWS_READ},
    {IC_GET, "/public/api/v1/workflows?page=1", IC_BUCKET_WORKFLOWS_READ},
    {IC_GET, "/public/api/v1/workflows/", IC_BUCKET_WORKFLOWS_READ},
    {IC_GET, "/public/api/v1/workflows/w1/something/new", IC_BUCKET_WORKFLOWS_READ},
    {IC_PUT, "/public/api/v1/workflows/w1", IC_BUCKET_WORKFLOWS_WRITE},
    {IC_POST, "/public/api/v1/workflows/async", IC_BUCKET_WORKFLOWS_WRITE},
    {IC_PATCH, "/public/api/v1/workflows/w1/sign-status", IC_BUCKET_SIGN_STATUS},
    {IC_POST, "/public/api/v1/workflows/w1/sign-status/new", IC_BUCKET_SIGN_STATUS},
    {IC_GET, "/public/api/v1/workflows/w1/sign-status", IC_BUCKET_WORKFLOWS_READ},
    {IC_PUT, "/public/api/v1/workflows/w1/sign-status", IC_BUCKET_WORKFLOWS_WRITE},
    {IC_DELETE, "/public/api/v1/workflows/w1/sign-status/x", IC_BUCKET_WORKFLOWS_WRITE},
    {IC_PATCH, "/public/api/v1/workflows/w1/signatures/x", IC_BUCKET_SIGNATURES},
    {IC_DELETE, "/public/api/v1/workflows/w1/signatures/x", IC_BUCKET_WORKFLOWS_WRITE},
    {IC_PATCH, "/public/api/v1/workflows/w1/signature-packet", IC_BUCKET_WORKFLOWS_WRITE},
    /* Only whole segments count. */
    {IC_GET, "/public/api/v1/workflow-schemas", IC_BUCKET_OTHER},
    {IC_GET, "/public/api/v1/workflows-new", IC_BUCKET_OTHER},
    {IC_GET, "/public/api/v1/records/r1", IC_BUCKET_RECORDS_READ},
    {IC_DELETE, "/public/api/v1/records/r1", IC_BUCKET_RECORDS_WRITE},
    {IC_DELETE, "/public/api/v1/webhooks/w", IC_BUCKET_WEBHOOKS},
    {IC_DELETE, "/public/api/v1/obligations/o", IC_BUCKET_OTHER},
    {IC_POST, "/scim/v2/Users", IC_BUCKET_SCIM_USERS},
    {IC_PATCH, "/scim/v2/Users/u", IC_BUCKET_SCIM_USERS_WRITE},
    {IC_PATCH, "/scim/v2/Groups/g", IC_BUCKET_SCIM_GROUPS},
    {IC_POST, "/oauth/token", IC_BUCKET_NONE},
    {IC_GET, "/oauth/userinfo", IC_BUCKET_OTHER},
    {IC_GET, "", IC_BUCKET_OTHER},
    {IC_GET, "/", IC_BUCKET_OTHER},
    {IC_GET, "/public/api/v1", IC_BUCKET_OTHER},
};

static void test_buckets(void) {
    for (size_t i = 0; i < sizeof bucket_cases / sizeof bucket_cases[0]; i++) {
        const struct bucket_case *each = &bucket_cases[i];
        if (!CHECK(ic_bucket_of(each->method, each->path) == each->bucket))
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
                 ic_operation_by_path(operation->method, operation->path, NULL) == operation;
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
