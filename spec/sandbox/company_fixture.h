/* What the C tests of the sandbox's handlers share: a small company, as the text of a fixture document. */
#ifndef IC_SPEC_COMPANY_FIXTURE_H
#define IC_SPEC_COMPANY_FIXTURE_H

#include "sandbox/fixtures/fixtures.h"
#include "spec/core/check.h"
#include <string.h>

/* JSON as it stands in the source, as a string. */
#define JSON(...) #__VA_ARGS__

#define JANE "5f0375c4cdc1927a3c5ed101"

// clang-format off
#define COMPANY_FIXTURE_MEMBERS                                                                           \
    JSON("company": {"id": "5f0375c4cdc1927a3c5ed001", "name": "C", "displayName": "C",                   \
                     "entitlements": {}},                                                                 \
         "apps": [                                                                                        \
             {"name": "A", "id": "a", "secret": "s", "grants": ["client_credentials"]},                   \
             {"name": "B", "id": "b", "secret": "t", "grants": ["client_credentials"]}                    \
         ])
#define COMPANY_FIXTURE_JANE                                                                              \
    JSON({"id": "5f0375c4cdc1927a3c5ed101", "email": "jane@example.com", "firstName": "Jane",             \
          "lastName": "Doe", "title": "Counsel", "rights": ["launch", "editRecords"]})
// clang-format on

/* A fixture document: that company with Jane, more users (text that begins with a comma, or ""), and further
 * members. */
#define COMPANY_FIXTURE(more_users, ...)                                                                     \
    "{" COMPANY_FIXTURE_MEMBERS ",\"users\":[" COMPANY_FIXTURE_JANE more_users "]," #__VA_ARGS__ "}"

/* Loads the document. Checks that it says why when it fails. */
static inline bool company_fixture_load(ic_company *company, const char *document) {
    char error[256] = "";
    bool loaded = ic_company_load(company, "fixtures", document, strlen(document), error, sizeof error);
    CHECK(loaded == !*error);
    return loaded;
}

#endif
