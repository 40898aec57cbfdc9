/* The sandbox's people, groups, entities, obligations and webhooks with every allocation failing in turn: a
 * change happens whole or not at all, and nothing is lost. */
#include "core/base/alloc.h"
#include "sandbox/company/people.h"
#include "sandbox/directory/handlers.h"
#include "sandbox/directory/scim_filter.h"
#include "sandbox/records/entities.h"
#include "sandbox/records/handlers.h"
#include "sandbox/service/service.h"
#include "sandbox/webhooks/handlers.h"
#include "sandbox/webhooks/webhook.h"
#include "spec/sandbox/company_fixture.h"
#include <string.h>

#define OMAR "5f0375c4cdc1927a3c5ed102"

// clang-format off
static const char fixtures[] = COMPANY_FIXTURE(
  JSON(, {
    "id": "5f0375c4cdc1927a3c5ed102", "email": "omar@example.com", "firstName": "Omar", "lastName": "Haddad",
    "title": "Counsel", "rights": []
  }),
  "profiles": [{"email": "omar@example.com", "department": "Legal", "departmentHead": "jane@example.com"}],
  "groups": [{"name": "Admins", "admins": true, "members": ["jane@example.com", "omar@example.com"]}],
  "relationshipTypes": [{
    "key": "vendor", "displayName": "Vendor", "description": "d",
    "properties": {"entity_address": {"type": "address", "displayName": "Address", "description": "d"}}
  }, {"key": "customer", "displayName": "Customer", "description": "d", "like": "vendor"}],
  "entities": [{"name": "Acme", "type": "vendor", "properties": {"entity_address": "somewhere"}}],
  "recordTypes": {"nda": {"displayName": "NDA"}},
  "recordProperties": {},
  "recordAttachments": {},
  "records": [{"type": "nda", "name": "NDA with Acme", "properties": {}}],
  "obligationTypes": [{
    "key": "payment", "displayName": "Payment", "description": "d",
    "properties": {"note": {"type": "string", "displayName": "Note", "description": "d"}}
  }],
  "obligations": [{"name": "Pay", "type": "payment", "record": "IC-1", "properties": {"note": "x"}}],
  "webhooks": [{"targetURL": "https://a.example/", "by": "jane@example.com", "events": ["*"]}]
);

/* What is asked for, in this order, of one company. */
static const struct request {
    const char *operation;
    ic_handler *handler;
    const char *id; /* in the path */
    unsigned status;
    const char *body;
} requests[] = {
    {"create-a-user", ic_users_create, NULL, 201, JSON({
      "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "new@example.com",
      "name": {"givenName": "New", "familyName": "One"}, "title": "Clerk", "nickName": "N",
      "password": "Correct-Horse-8-Battery",
      "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "D"},
      "urn:ietf:params:scim:schemas:extension:ironclad:2.0:User": {"departmentHead": "jane@example.com"}
    })},
    {"replace-a-user", ic_users_replace, OMAR, 200, JSON({
      "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "omar@example.org",
      "name": {"givenName": "Omar"}, "emails": [{"value": "omar@example.org"}]
    })},
    {"update-user-data", ic_users_update, OMAR, 200, JSON({
      "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
      "Operations": [
        {"op": "replace", "path": "emails[type eq \"work\" and value pr].value", "value": "o@example.org"},
        {"op": "add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "X"},
        {"op": "replace", "path": "name", "value": {"familyName": "H"}},
        {"op": "remove", "path": "title"}
      ]
    })},
    {"create-a-group", ic_groups_create, NULL, 201, JSON({
      "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Legal", "externalId": "7",
      "members": [{"value": "5f0375c4cdc1927a3c5ed102"}]
    })},
    {"update-group-membership", ic_groups_update, "Admins", 200, JSON({
      "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
      "Operations": [{"op": "remove", "path": "members[value eq \"5f0375c4cdc1927a3c5ed102\"]"}]
    })},
    {"create-a-webhook", ic_webhooks_create, NULL, 200, JSON({
      "events": ["workflow_launched"], "targetURL": "https://b.example/", "status": "disabled"
    })},
    {"update-a-webhook", ic_webhooks_update, "https://a.example/", 200, JSON({
      "events": ["workflow_paused"], "targetURL": "https://c.example/", "status": "disabled"
    })},
    {"create-an-entity", ic_entities_create, NULL, 200, JSON({
      "name": "Acme Europe", "relationshipTypeKey": ["customer"], "parent": {"recordId": "ENTITY-1"},
      "properties": {"entity_address": {"type": "address", "value": "elsewhere"}}
    })},
    {"update-an-entity", ic_entities_update, "ENTITY-1", 200, JSON({
      "name": "Acme Ltd", "status": "INACTIVE", "addProperties": {
        "entity_address": {"type": "address", "value": {"country": "Chile"}}}
    })},
    {"create-an-obligation", ic_obligations_create, NULL, 201, JSON({
      "name": "Pay more", "obligationTypeKey": ["payment"], "parentId": "OB-1",
      "properties": {"note": {"type": "string", "value": "y"}}
    })},
    {"update-an-obligation", ic_obligations_update, "OB-1", 200, JSON({
      "name": "Paid", "removeProperties": ["note"]
    })},
    {"run-conversational-search", ic_search_conversational, NULL, 200, JSON({
      "query": "anything on acme?", "userTimezone": "Europe/Berlin"
    })},
    {"get-all-entity-relationship-types", ic_entities_types, NULL, 200, "{}"},
    {"list-all-schemas", ic_scim_schemas_list, NULL, 200, "{}"},
    {"delete-an-entity", ic_entities_delete, "ENTITY-1", 204, "{}"},
    {"delete-a-user", ic_users_delete, OMAR, 204, "{}"},
};
// clang-format on

/* --- the company --- */

static ic_company *load(long failing) {
    ic_company *company = ic_company_new(ic_service_ends);
    if (!CHECK(company != NULL)) return NULL;
    company->url = ic_strdup("https://sandbox");
    company->clock.fixed = 0;
    ic_alloc_fail_at(failing);
    bool loaded = company_fixture_load(company, fixtures);
    ic_alloc_fail_at(0);
    if (loaded) return company;
    ic_company_free(company);
    return NULL;
}

/* The path's id: of what the request names otherwise. */
static const char *id_of(const ic_company *company, const char *named) {
    const ic_group *group = named ? ic_company_group(company, named) : NULL;
    for (size_t i = 0; named && i < company->webhooks.count; i++) {
        const ic_webhook *webhook = company->webhooks.items[i];
        if (strcmp(webhook->target, named) == 0) return webhook->id;
    }
    return group ? group->id : named;
}

/* Runs a handler -> the status; with `text`, the answer's text is appended to it. */
static unsigned run(ic_company *company, const struct request *request, long failing, ic_buf *text) {
    static const ic_token token = {0};
    ic_exchange x = {.company = company, .token = &token, .user = ic_company_user(company, JANE)};
    x.path = ic_strdup("/");
    x.operation = ic_operation_by_id(request->operation);
    x.values[0] = ic_strdup(id_of(company, request->id));
    x.body = ic_json_parse(request->body, strlen(request->body), NULL);
    ic_alloc_fail_at(failing);
    request->handler(&x);
    ic_alloc_fail_at(0);
    if (text) ic_buf_puts(text, x.text ? x.text : "");
    unsigned status = x.status;
    ic_exchange_clear(&x);
    return status;
}

/* All that the lists show. The caller's. */
static char *picture(ic_company *company) {
    static const struct request lists[] = {
        {"retrieve-all-users", ic_users_list, NULL, 200, "{}"},
        {"retrieve-all-groups", ic_groups_list, NULL, 200, "{}"},
        {"list-all-webhooks", ic_webhooks_list, NULL, 200, "{}"},
        {"list-all-entities", ic_entities_list, NULL, 200, "{}"},
        {"list-all-obligations", ic_obligations_list, NULL, 200, "{}"},
    };
    ic_buf text = {0};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        CHECK(run(company, &lists[i], 0, &text) == 200);
    return ic_buf_take(&text, NULL);
}

/* --- the tests --- */

static void test_loading(void) {
    for (long nth = 1; nth < 100000; nth++) {
        long before = ic_alloc_live();
        ic_company *company = load(nth);
        if (company) {
            ic_company_free(company);
            return;
        }
        if (!CHECK(ic_alloc_live() == before)) return;
    }
    CHECK(!"loading ends");
}

/* Repeats a request, its nth allocation failing, until nothing fails. What has not been answered with success
 * may have been done all the same, when only the answer could not be made; but whole, and then it is the end.
 */
static void test_request(ic_company *company, const struct request *request) {
    char *before = picture(company);
    bool done = false;
    for (long nth = 1; !done && nth < 100000; nth++) {
        long live = ic_alloc_live();
        unsigned status = run(company, request, nth, NULL);
        char *after = picture(company);
        done = status == request->status;
        if (!done && !CHECK(status == 500))
            printf("    %s: status %u at allocation %ld\n", request->operation, status, nth);
        if (!done && strcmp(before, after) == 0 && !CHECK(ic_alloc_live() == live + 1))
            printf("    %s: %ld blocks are lost at allocation %ld\n", request->operation,
                   ic_alloc_live() - live - 1, nth);
        done = done || strcmp(before, after) != 0;
        ic_free(after);
    }
    CHECK(done);
    ic_free(before);
}

static void test_requests(void) {
    long before = ic_alloc_live();
    ic_company *company = load(0);
    for (size_t i = 0; company && i < sizeof requests / sizeof requests[0]; i++)
        test_request(company, &requests[i]);
    if (company) ic_company_free(company);
    CHECK(ic_alloc_live() == before);
}

static void test_filter(void) {
    static const char text[] =
        "not (emails[type eq \"work\" and value co \"x\"]) or (title pr and active eq true)";
    char error[256];
    for (long nth = 1; nth < 1000; nth++) {
        long before = ic_alloc_live();
        ic_alloc_fail_at(nth);
        ic_scim_filter *filter = ic_scim_filter_parse(&ic_scim_users, text, error, sizeof error);
        ic_alloc_fail_at(0);
        bool done = filter != NULL;
        CHECK(done || !*error);
        ic_scim_filter_free(filter);
        if (!CHECK(ic_alloc_live() == before) || done) return;
    }
    CHECK(!"parsing ends");
}

int main(void) {
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = ic_malloc, .free_fn = ic_free});
    test_loading();
    test_requests();
    test_filter();
    return check_done("directory");
}
