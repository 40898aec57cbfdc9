/* Which connections share a token, and what a grant asks for. */
#include "core/auth/grant.h"
#include "core/base/alloc.h"
#include "spec/core/check.h"
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

typedef struct option {
    const char *name, *value;
} option;

static const option common[] = {{"instance", "https://ironclad.example"},
                                {"client_id", "an-id"},
                                {"client_secret", "SECRET-one"},
                                {"as_user", "a@b.example"},
                                {"scopes", "public.records.readRecords"},
                                {"name", "main"},
                                {"store", "/tmp/tokens.json"}};

/* A connection with the common options, except for `other`; its value NULL leaves the option out. */
static ic_connection *connect_with(const option *other) {
    ic_settings settings;
    ic_error error = {0};
    ic_settings_default(&settings);
    for (size_t i = 0; i < COUNT(common); i++) {
        if (other && strcmp(common[i].name, other->name) == 0) continue;
        ic_settings_text(&settings, ic_option_find(common[i].name, IC_FOR_CONNECT), common[i].value, &error);
    }
    if (other && other->value)
        ic_settings_text(&settings, ic_option_find(other->name, IC_FOR_CONNECT), other->value, &error);
    ic_connection *connection = ic_connection_new(&settings, NULL, 0, &error);
    if (!connection) printf("%s\n", ic_error_message(&error));
    ic_settings_clear(&settings);
    ic_error_clear(&error);
    return connection;
}

/* There is one token for each host, grant, client id, digest of the secret, scopes, store and name. The
 * actor, which may differ from call to call, does not matter. */
static const struct {
    option other;
    bool shared, kept_together;
} keys[] = {
    {{"instance", "https://other.example"}, false, false},
    {{"grant", "authorization_code"}, false, false},
    {{"client_id", "another-id"}, false, false},
    {{"client_secret", "SECRET-another"},
     false,
     true}, /* a secret may change: the store's token stays valid */
    {{"scopes", "public.records.createRecords"}, false, false},
    {{"scopes", NULL}, false, false},
    {{"store", "/tmp/other.json"}, false, true},
    {{"store", NULL}, false, true},
    {{"name", "other"}, false, false},
    {{"name", NULL}, false, false},
    {{"refresh_token", "SECRET-refresh"}, false, false},
    {{"instance", "ironclad.example"}, true, true},
    {{"instance", "https://IRONCLAD.example/"}, true, true},
    {{"as_user", "other@b.example"}, true, true},
    {{"user_agent", "recipe/1"}, true, true},
};

static void test_keys(void) {
    ic_connection *one = connect_with(NULL);
    for (size_t i = 0; i < COUNT(keys); i++) {
        ic_connection *other = connect_with(&keys[i].other);
        bool good = CHECK(other != NULL);
        good = good && CHECK((strcmp(one->token_key, other->token_key) == 0) == keys[i].shared);
        good = good && CHECK((strcmp(one->store_key, other->store_key) == 0) == keys[i].kept_together);
        if (!good) printf("    row %zu: %s\n", i, keys[i].other.name);
        if (other) {
            CHECK(!strstr(other->token_key, "SECRET") && !strstr(other->store_key, "SECRET"));
        }
        ic_connection_release(other);
    }
    ic_connection_release(one);
}

/* Line breaks separate the parts of the key, so no part may hold one. */
static void test_key_separators(void) {
    ic_settings settings;
    ic_settings_default(&settings);
    for (size_t i = 0; i < COUNT(common); i++) {
        const ic_option *option = ic_option_find(common[i].name, IC_FOR_CONNECT);
        CHECK(!ic_settings_text(&settings, option, "main\nmore", NULL));
    }
    ic_settings_clear(&settings);
}

/* Two people of one web site: without a name and a store each connection has a token of its own. */
static void test_people(void) {
    ic_settings settings;
    ic_connection *people[2];
    for (int i = 0; i < 2; i++) {
        ic_error error = {0};
        ic_settings_default(&settings);
        for (size_t k = 0; k < 3; k++)
            ic_settings_text(&settings, ic_option_find(common[k].name, IC_FOR_CONNECT), common[k].value,
                             &error);
        ic_settings_text(&settings, ic_option_find("grant", IC_FOR_CONNECT), "authorization_code", &error);
        people[i] = ic_connection_new(&settings, NULL, 0, &error);
        ic_settings_clear(&settings);
        ic_error_clear(&error);
    }
    if (CHECK(people[0] && people[1])) CHECK(strcmp(people[0]->token_key, people[1]->token_key) != 0);
    ic_connection_release(people[0]);
    ic_connection_release(people[1]);
}

static const struct {
    ic_grant grant;
    const char *body;
} grants[] = {
    {IC_GRANT_CLIENT_CREDENTIALS,
     "{\"grant_type\":\"client_credentials\",\"client_id\":\"an-id\",\"client_secret\":\"SECRET-one\","
     "\"scope\":\"public.records.readRecords scim.users.readUsers\"}"},
    /* A refresh names no scopes: they are those that the person agreed to. */
    {IC_GRANT_REFRESH,
     "{\"grant_type\":\"refresh_token\",\"client_id\":\"an-id\",\"client_secret\":\"SECRET-one\","
     "\"refresh_token\":\"SECRET-traded\"}"},
    {IC_GRANT_CODE,
     "{\"grant_type\":\"authorization_code\",\"client_id\":\"an-id\",\"client_secret\":\"SECRET-one\","
     "\"code\":\"SECRET-traded\",\"redirect_uri\":\"http://127.0.0.1/callback\"}"},
};

static void test_grants(void) {
    ic_connection *connection = connect_with(NULL);
    for (size_t i = 0; i < COUNT(grants); i++) {
        ic_request request = {0};
        ic_error error = {0};
        bool traded = grants[i].grant != IC_GRANT_CLIENT_CREDENTIALS;
        const char *callback = grants[i].grant == IC_GRANT_CODE ? "http://127.0.0.1/callback" : NULL;
        CHECK(ic_grant_request(connection, grants[i].grant, traded ? "SECRET-traded" : NULL, callback,
                               &request, &error));
        CHECK_TEXT(request.body, grants[i].body);
        CHECK(request.repeatable == !traded);
        ic_request_free(&request);
        ic_error_clear(&error);
    }
    ic_connection_release(connection);
}

int main(void) {
    test_keys();
    test_key_separators();
    test_people();
    test_grants();
    CHECK(ic_alloc_live() == 0);
    return check_done("token_key");
}
