/* The sandbox's Clickwrap with every allocation failing in turn: a change is made whole or not at all,
 * nothing is lost, and what cannot be done is answered with 500. Events go to an integration whose deliveries
 * are held. */
#include "core/base/alloc.h"
#include "sandbox/clickwrap/account.h"
#include "sandbox/clickwrap/events.h"
#include "sandbox/clickwrap/handlers.h"
#include "sandbox/clickwrap/requests.h"
#include "sandbox/clickwrap/version.h"
#include "sandbox/service/service.h"
#include "sandbox/webhooks/outbox.h"
#include "spec/core/check.h"
#include "spec/sandbox/company_fixture.h"
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* What is asked for, in this order, of one company. Ids that begin with @ are found by id_of. A body of the
 * Activity API has the site's access id in the place of SITE, the versions of the first two contracts in that
 * of VERSIONS, and the one of the last contract in that of LAST. */
static const struct request {
    const char *operation;
    ic_handler *handler;
    const char *ids[2]; /* in the path */
    unsigned status;
    const char *body;
    bool activity; /* read by its handler, not before it */
} requests[] = {
    // clang-format off
    {"get-the-latest-published-versions-for-a-group-1", ic_cw_ask_published, {0}, 200, JSON({
      "sid": "SITE", "gkey": "terms"}), true},
    {"load-json-by-post", ic_cw_load_json, {0}, 200, JSON({
      "site_id": "SITE", "gkey": "terms", "rnd": {"CompanyName": "<b>Acme</b>"}}), true},
    {"retrieve-group-html", ic_cw_load_html, {0}, 200, JSON({"sid": "SITE", "gkey": "terms"}), true},
    {"send-sync", ic_cw_send_sync, {0}, 200, JSON({
      "sid": "SITE", "sig": "jane", "et": "agreed", "vid": "VERSIONS", "gkey": "terms", "addr": "203.0.113.7",
      "server_side": true, "cus": "{\"first_name\": \"Jane\", \"last_name\": \"Doe\", \"plan\": \"pro\"}"}), true},
    {"send-sync", ic_cw_send_sync, {0}, 200, JSON({
      "sid": "SITE", "sig": "jane", "et": "updated", "server_side": 1, "cus": {"title": "Ms"}}), true},
    {"send-contracts-signedaccepted-by-signer", ic_cw_send, {0}, 200, JSON({
      "sid": "SITE", "sig": 42, "et": "agreed", "vid": "VERSIONS"}), true},
    {"latest-by-form", ic_cw_ask_latest, {0}, 200, JSON({"sid": "SITE", "gkey": "terms", "sig": "jane"}), true},
    {"retrieve-by-form", ic_cw_ask_retrieve, {0}, 200, JSON({"sid": "SITE", "sig": "jane"}), true},
    {"get_sites", ic_cw_sites_list, {0}, 200, "{}", false},
    {"retrieve-a-site", ic_cw_sites_get, {"@site"}, 200, "{}", false},
    {"export-fields", ic_cw_sites_export_fields, {"@site"}, 200, "{}", false},
    {"list-all-site-memberships", ic_cw_members_of_site, {"@site"}, 200, "{}", false},
    {"update-a-user", ic_cw_members_update, {"@site", "2"}, 200, JSON({"role": "admin"}), false},
    {"retrieve-user-memberships-for-an-account", ic_cw_members_of_account, {"1"}, 200, "{}", false},
    {"update-your-account-details", ic_cw_account_update, {"1"}, 200, JSON({"name": "Larkspur"}), false},
    {"patch_groups-group-id", ic_cw_groups_update, {"@group"}, 200, JSON({
      "name": "Our terms", "contracts": [{"id": 283}, 284]}), false},
    {"post_groups-group-id-publish", ic_cw_groups_publish, {"@group"}, 200, "{}", false},
    {"post_sites-site-id-contract", ic_cw_contracts_create, {"@site"}, 201, JSON({
      "title": "Cookies", "key": "cookies", "body": "<p>Yes</p>",
      "fields": [{"name": "age", "type": "text", "assignment_value": "signer"}],
      "clm_record_sync": {"enabled": true, "record_type": "nda"}}), false},
    {"publish-latest-version", ic_cw_versions_publish_latest, {"@last"}, 200, "{}", false},
    {"send-sync", ic_cw_send_sync, {0}, 200, JSON({
      "sid": "SITE", "sig": "jane", "et": "agreed", "vid": "VERSIONS,LAST", "server_side": true}), true},
    {"get_contracts-contract-id", ic_cw_contracts_get, {"283"}, 200, "{}", false},
    {"post_contracts-contract-id-versions", ic_cw_versions_create, {"283"}, 200, JSON({
      "title": "Next", "body": "<p>{{Who}}</p>", "is_major_version": true,
      "fields": [{"name": "age", "type": "text", "assignment_value": "signer"}]}), false},
    {"patch_versions-version-id", ic_cw_versions_update, {"@version"}, 200, JSON({
      "title": "Nearly", "fields": [
      {"name": "age", "id": "f1", "type": "text", "assignment_value": "signer"}]}), false},
    {"delete_versions-version-id-fields-field-id", ic_cw_versions_delete_field, {"@version", "f1"}, 200, "{}", false},
    {"publish-latest-version", ic_cw_versions_publish_latest, {"283"}, 200, "{}", false},
    {"render-published-version", ic_cw_versions_render, {"283"}, 200, JSON({"render_data": {"Who": "you & me"}}), false},
    {"get_contracts-contract-id-versions-published", ic_cw_versions_published, {"283"}, 200, "{}", false},
    {"post_contracts-contract-id-restore", ic_cw_contracts_restore, {"283"}, 200, "{}", false},
    {"upsert-a-signer", ic_cw_signers_upsert, {"@site"}, 200, JSON({
      "signer_id": "joe", "name": "Joe", "additional_attributes": {"city": "Ulm"}}), false},
    {"update-a-signer-by-signer-id", ic_cw_signers_update, {"joe"}, 200, JSON({
      "title": "Mr", "first_name": "Joe", "last_name": "Roe"}), false},
    {"retrieve-a-signer-by-signer-id", ic_cw_signers_get, {"joe"}, 200, "{}", false},
    {"get_activity", ic_cw_activity_list, {0}, 200, "{}", false},
    {"get_activity-activity-id-record", ic_cw_activity_record, {"@activity"}, 200, "{}", false},
    {"post_extract-evidence", ic_cw_evidence_create, {0}, 201, JSON({
      "start_date": "2020-01-01T00:00:00Z", "end_date": "2099-01-01T00:00:00Z"}), false},
    {"get_extract-evidence-id", ic_cw_evidence_get, {"@evidence"}, 200, "{}", false},
    {"export-activity-to-csv", ic_cw_exports_create, {0}, 200, "{}", false},
    {"post_locations", ic_cw_locations_create, {0}, 201, JSON({
      "location_type": "web", "name": "Sign up", "key": "signup", "capture_url": "https://shop.example/"}), false},
    {"patch_locations-id", ic_cw_locations_update, {"@location"}, 200, JSON({"name": "Signing up"}), false},
    {"publish-location", ic_cw_locations_publish, {"@location"}, 200, "{}", false},
    {"clone-location", ic_cw_locations_clone, {"@location"}, 200, "{}", false},
    {"archive-location", ic_cw_locations_archive, {"@location"}, 200, "{}", false},
    {"post_locations-id-snapshots-capture", ic_cw_snapshots_capture, {"@location"}, 200, "{}", false},
    {"get_locations-id-snapshots-snapshotid", ic_cw_snapshots_get, {"@location", "@snapshot"}, 200, "{}", false},
    {"get_locations-id-snapshots-snapshotid-record", ic_cw_snapshots_record, {"@location", "@snapshot"}, 200, "{}",
      false},
    {"post_locations-id-snapshots-snapshotid-archive", ic_cw_snapshots_archive, {"@location", "@snapshot"}, 200, JSON({
      "archived_reason": "old"}), false},
    {"create-a-new-request-2", ic_cw_requests_create, {"@site"}, 200, JSON({
      "name": "NDA", "contracts": [283, 284], "signers": [{"signer_id": "ann"}]}), false},
    {"send-request", ic_cw_requests_send, {"@request"}, 200, "{}", false},
    {"createregenerate-access-token", ic_cw_service_token, {0}, 401, JSON({
      "client_id": "x", "client_secret": "y"}), true},
    {"delete-activity-by-signer-id", ic_cw_signers_delete_activity, {"jane"}, 200, "{}", false},
    {"delete-a-signer", ic_cw_signers_delete, {"jane"}, 200, "{}", false},
    {"delete-location", ic_cw_locations_delete, {"@location"}, 200, "{}", false},
    {"delete_groups-group-id", ic_cw_groups_delete, {"@group"}, 200, "{}", false},
    {"remove-a-site", ic_cw_sites_delete, {"@site"}, 200, "{}", false},
    // clang-format on
};

/* --- the company --- */

// clang-format off
static const char fixtures[] = COMPANY_FIXTURE("",
  "recordTypes": {"nda": {"displayName": "NDA"}}, "recordProperties": {}, "recordAttachments": {},
  "records": [{"type": "nda", "name": "The first, so that the lists have room", "properties": {}}]
);
// clang-format on

/* With the lock, and without a sender. NULL: no memory. */
static ic_company *new_company(void) {
    ic_company *company = ic_company_new(ic_service_ends);
    ic_company_seed(company, 7);
    company->clock.fixed = 0;
    company->url = ic_strdup("http://sandbox");
    company->clickwrap_url = ic_strdup("http://clickwrap");
    ic_outbox_open(company, &lock, IC_TARGETS_LOCAL, NULL);
    company->outbox->held = true;
    pthread_mutex_lock(&lock);
    CHECK(company_fixture_load(company, fixtures));
    cJSON *all = cJSON_CreateArray();
    cJSON_AddItemToArray(all, cJSON_CreateString("*"));
    CHECK(ic_clickwrap_of(company) &&
          ic_integration_new(company, "http://127.0.0.1:9/", all, "shared", false));
    cJSON_Delete(all);
    return company;
}

static void end_company(ic_company *company) {
    pthread_mutex_unlock(&lock);
    ic_company_free(company);
}

static const struct named {
    const char *name;
    ic_cw_kind kind;
} named[] = {
    {"@site", IC_CW_SITE},         {"@group", IC_CW_GROUP},       {"@activity", IC_CW_ACTIVITY},
    {"@version", IC_CW_VERSION},   {"@location", IC_CW_LOCATION}, {"@snapshot", IC_CW_SNAPSHOT},
    {"@evidence", IC_CW_EVIDENCE}, {"@request", IC_CW_REQUEST},
};

static const cJSON *last_contract(const ic_clickwrap *clickwrap) {
    const cJSON *contract = clickwrap->lists[IC_CW_CONTRACT]->child;
    while (contract->next)
        contract = contract->next;
    return contract;
}

/* "@version" is the latest of the first contract, "@last" the last contract, any other the first of its kind.
 */
static char *id_of(const ic_clickwrap *clickwrap, const char *id) {
    char text[64];
    if (id && strcmp(id, "@last") == 0)
        return ic_strdup(ic_cw_text(last_contract(clickwrap), "id", text, sizeof text));
    if (id && strcmp(id, "@version") == 0)
        return ic_strdup(ic_json_string(clickwrap->lists[IC_CW_CONTRACT]->child, "latest_version"));
    for (size_t i = 0; id && i < sizeof named / sizeof named[0]; i++)
        if (strcmp(named[i].name, id) == 0)
            return ic_strdup(ic_cw_text(clickwrap->lists[named[i].kind]->child, "id", text, sizeof text));
    return ic_strdup(id);
}

static void add_replaced(ic_buf *out, const char *body, const char *word, const char *with) {
    const char *at = strstr(body, word);
    ic_buf_add(out, body, at ? (size_t)(at - body) : strlen(body));
    if (at) ic_buf_printf(out, "%s%s", with, at + strlen(word));
}

/* The body with the ids in it. */
static char *body_of(const ic_clickwrap *clickwrap, const struct request *request) {
    const cJSON *contract = clickwrap->lists[IC_CW_CONTRACT]->child;
    const char *last = ic_json_string(last_contract(clickwrap), "published_version");
    ic_buf versions = {0}, first = {0}, second = {0}, text = {0};
    ic_buf_printf(&versions, "%s,%s", ic_json_string(contract, "published_version"),
                  ic_json_string(contract->next, "published_version"));
    add_replaced(&first, request->body, "SITE",
                 ic_json_string(clickwrap->lists[IC_CW_SITE]->child, "access_id"));
    add_replaced(&second, ic_buf_text(&first), "VERSIONS", ic_buf_text(&versions));
    add_replaced(&text, ic_buf_text(&second), "LAST", last ? last : "");
    ic_buf_free(&versions);
    ic_buf_free(&first);
    ic_buf_free(&second);
    return ic_buf_take(&text, NULL);
}

/* Runs a handler -> the status. */
static unsigned run(ic_company *company, const struct request *request, long nth, bool only) {
    ic_exchange x = {.company = company, .product = IC_PRODUCT_CLICKWRAP};
    char *body = body_of(company->clickwrap, request);
    x.path = ic_strdup("/");
    x.operation = ic_operation_by_id(request->operation);
    for (size_t i = 0; i < 2; i++)
        x.values[i] = id_of(company->clickwrap, request->ids[i]);
    ic_buf_puts(&x.raw, request->activity ? body : "");
    x.body = request->activity ? NULL : ic_json_parse(body, strlen(body), NULL);
    (only ? ic_alloc_fail_only : ic_alloc_fail_at)(nth);
    request->handler(&x);
    ic_alloc_fail_at(0);
    unsigned status = x.status;
    ic_exchange_clear(&x);
    ic_free(body);
    return status;
}

/* All that there is. Everything in it must be whole. The caller's. */
static char *picture(const ic_company *company) {
    const ic_clickwrap *clickwrap = company->clickwrap;
    const cJSON *const more[] = {clickwrap->account, clickwrap->waiting};
    ic_buf text = {0};
    for (size_t i = 0; i < IC_CW_KIND_COUNT + 2; i++) {
        char *list = ic_json_print(i < IC_CW_KIND_COUNT ? clickwrap->lists[i] : more[i - IC_CW_KIND_COUNT]);
        CHECK(list != NULL);
        ic_buf_puts(&text, list ? list : "");
        ic_json_text_free(list);
    }
    return ic_buf_take(&text, NULL);
}

/* --- the tests --- */

static void test_start(void) {
    for (long nth = 1; nth < 10000; nth++) {
        long before = ic_alloc_live();
        ic_company *company = ic_company_new(ic_service_ends);
        ic_company_seed(company, 7);
        ic_alloc_fail_at(nth);
        bool whole = ic_clickwrap_of(company) != NULL;
        ic_alloc_fail_at(0);
        ic_company_free(company);
        if (!CHECK(ic_alloc_live() == before) || whole) return;
    }
    CHECK(!"starting ends");
}

/* Repeats a request, its nth allocation failing, until nothing fails. One that was answered with 500 may have
 * been done all the same, when only its answer could not be made; then it is the end. */
static void test_request(ic_company *company, const struct request *request, bool only) {
    char *before = picture(company);
    bool done = false;
    for (long nth = 1; !done && nth < 100000; nth++) {
        ic_outbox_clear(company);
        long live = ic_alloc_live();
        unsigned status = run(company, request, nth, only);
        bool failed = ic_alloc_failures() > 0;
        ic_outbox_clear(company);
        long lost = ic_alloc_live() - live;
        char *after = picture(company);
        bool same = strcmp(before, after) == 0;
        if (!CHECK(status == request->status || (failed && status == 500)))
            printf("    %s: status %u at allocation %ld\n", request->operation, status, nth);
        /* The list of deliveries may keep its capacity. */
        if (same && status != request->status && !CHECK(lost <= 1))
            printf("    %s: %ld blocks are lost at allocation %ld\n", request->operation, lost, nth);
        done = status == request->status || !same;
        ic_free(after);
    }
    CHECK(done);
    ic_free(before);
}

static void test_requests(bool only) {
    long before = ic_alloc_live();
    ic_company *company = new_company();
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        test_request(company, &requests[i], only);
        ic_company_advance(company, 2);
    }
    end_company(company);
    CHECK(ic_alloc_live() == before);
}

/* What /send has received is not lost when it cannot be stored. */
static void test_settle(void) {
    static const struct request send = {"send-contracts-signedaccepted-by-signer",
                                        ic_cw_send,
                                        {0},
                                        200,
                                        JSON({
                                            "sid" : "SITE",
                                            "sig" : "jane",
                                            "et" : "agreed",
                                            "vid" : "VERSIONS",
                                            "server_side" : true,
                                            "cus" : {"plan" : "pro"}
                                        }),
                                        true};
    ic_company *company = new_company();
    const cJSON *stored = company->clickwrap->lists[IC_CW_ACTIVITY];
    CHECK(run(company, &send, 0, false) == 200);
    ic_company_advance(company, 2);
    long nth = 0;
    while (cJSON_GetArraySize(company->clickwrap->waiting) == 1 && nth < 10000) {
        CHECK(cJSON_GetArraySize(stored) == 0);
        ic_alloc_fail_at(++nth);
        ic_clickwrap_settle(company);
        ic_alloc_fail_at(0);
    }
    CHECK(cJSON_GetArraySize(stored) == 2 && cJSON_GetArraySize(company->clickwrap->waiting) == 0);
    end_company(company);
}

static cJSON *sent_request(ic_company *company) {
    static const struct request steps[] = {
        {"create-a-new-request-2",
         ic_cw_requests_create,
         {"@site"},
         200,
         JSON({"contracts" : [ 283, 284 ], "signers" : [ {"signer_id" : "ann"} ]}),
         false},
        {"send-request", ic_cw_requests_send, {"@request"}, 200, "{}", false},
    };
    for (size_t i = 0; i < 2; i++)
        CHECK(run(company, &steps[i], 0, false) == 200);
    return company->clickwrap->lists[IC_CW_REQUEST]->child;
}

/* A request is signed whole or not at all. */
static void test_signing(void) {
    ic_company *company = new_company();
    cJSON *request = sent_request(company);
    char *before = picture(company);
    bool done = false;
    for (long nth = 1; !done && nth < 10000; nth++) {
        ic_alloc_fail_at(nth);
        done = ic_cw_request_sign(company, request, "ann");
        ic_alloc_fail_at(0);
        char *after = picture(company);
        CHECK(done == (strcmp(before, after) != 0));
        ic_free(after);
    }
    CHECK(done && ic_cw_request_objection(request, "ann") != NULL);
    CHECK(cJSON_GetArraySize(company->clickwrap->lists[IC_CW_ACTIVITY]) == 2);
    ic_free(before);
    end_company(company);
}

/* A request expires once, however often its end cannot be noted. */
static void test_expiry(void) {
    ic_company *company = new_company();
    cJSON *request = sent_request(company);
    CHECK(ic_cw_request_objection(request, "ann") == NULL);
    ic_company_advance(company, 31.0 * 24 * 3600);
    for (long nth = 1; !ic_cw_request_objection(request, "ann") && nth < 1000; nth++) {
        ic_outbox_clear(company);
        ic_alloc_fail_at(nth);
        ic_clickwrap_settle(company);
        ic_alloc_fail_at(0);
    }
    CHECK(ic_cw_request_objection(request, "ann") != NULL);
    ic_outbox_clear(company);
    ic_clickwrap_settle(company);
    CHECK(company->outbox->items.count == 0);
    end_company(company);
}

/* --- events --- */

static void emit_events(ic_company *company) {
    const ic_clickwrap *clickwrap = company->clickwrap;
    const cJSON *contract = clickwrap->lists[IC_CW_CONTRACT]->child;
    ic_cw_note_version(company, contract, ic_cw_published(clickwrap, contract));
    ic_cw_note_group(company, clickwrap->lists[IC_CW_GROUP]->child);
    ic_cw_note_activity(company, clickwrap->lists[IC_CW_ACTIVITY]->child);
    ic_cw_note_request(company, "sent", clickwrap->lists[IC_CW_REQUEST]->child, NULL);
    ic_cw_note_request(company, "signed", clickwrap->lists[IC_CW_REQUEST]->child, "ann");
    ic_cw_send_test(company, company->integrations.items[0]);
}

/* The number of members in the body of each event in the outbox, by the event's name. The caller's. */
static cJSON *event_sizes(const ic_company *company) {
    cJSON *sizes = cJSON_CreateObject();
    for (size_t i = 0; i < company->outbox->items.count; i++) {
        const ic_delivery *delivery = company->outbox->items.items[i];
        cJSON *body = ic_json_parse(delivery->body, strlen(delivery->body), NULL);
        cJSON_AddNumberToObject(sizes, delivery->event, cJSON_GetArraySize(body));
        cJSON_Delete(body);
    }
    return sizes;
}

/* An event is sent with all its members or not at all. */
static void test_events(void) {
    ic_company *company = new_company();
    CHECK(ic_cw_request_sign(company, sent_request(company), "ann"));
    ic_outbox_clear(company);
    emit_events(company);
    cJSON *whole = event_sizes(company);
    CHECK(cJSON_GetArraySize(whole) == 6);
    bool failed = true;
    for (long nth = 1; failed && nth < 10000; nth++) {
        ic_outbox_clear(company);
        ic_alloc_fail_only(nth);
        emit_events(company);
        failed = ic_alloc_failures() > 0;
        ic_alloc_fail_at(0);
        cJSON *sizes = event_sizes(company);
        const cJSON *size;
        cJSON_ArrayForEach(size, sizes) {
            if (!CHECK(size->valuedouble == ic_cw_number(whole, size->string)))
                printf("    %s: %.0f members at allocation %ld\n", size->string, size->valuedouble, nth);
        }
        CHECK(cJSON_GetArraySize(sizes) >= 5);
        cJSON_Delete(sizes);
    }
    CHECK(!failed);
    cJSON_Delete(whole);
    end_company(company);
}

int main(void) {
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = ic_malloc, .free_fn = ic_free});
    test_start();
    test_requests(false);
    test_requests(true);
    test_settle();
    test_signing();
    test_expiry();
    test_events();
    return check_done("clickwrap");
}
