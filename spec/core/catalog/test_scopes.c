/* scopes. */
#include "core/base/alloc.h"
#include "core/catalog/catalog.h"
#include "core/catalog/scopes.h"
#include "spec/core/check.h"

static void test_find(void) {
    CHECK(ic_scope_count == 71);
    CHECK(ic_scope_find("public.workflows.readWorkflows") != NULL &&
          ic_scope_find("scim.users.readUsers") != NULL);
    CHECK(ic_scope_find("") == NULL && ic_scope_find("public.workflows.readworkflows") == NULL &&
          ic_scope_find("public.workflows.readWorkflows ") == NULL);
    CHECK(ic_scope_find("public.workflows.cancel")->client_credentials);
    CHECK(!ic_scope_find("public.workflows.readSignStatus")->client_credentials);
    CHECK(!ic_scope_find("public.search.conversational")->client_credentials);
}

static void test_table(void) {
    size_t bound = 0;
    for (size_t i = 0; i < ic_scope_count; i++) {
        const ic_scope *scope = &ic_scopes[i];
        if (!CHECK(ic_scope_find(scope->name) == scope)) printf("    %s is there twice\n", scope->name);
        if (!CHECK(scope->label[0] && strchr(scope->name, '.'))) printf("    %s\n", scope->name);
        CHECK_TEXT(ic_scope_nearest(scope->name), scope->name);
        bound += !scope->client_credentials;
    }
    CHECK(bound == 2);
}

static void test_nearest(void) {
    static const struct {
        const char *wanted, *nearest;
    } cases[] = {
        {"public.records.applyContractActions", "public.records.applyContractAction"},
        {"public.workflows.readworkflows", "public.workflows.readWorkflows"},
        {"public.workflow.readWorkflow", "public.workflows.readWorkflows"},
        {"workflows.readWorkflows", "public.workflows.readWorkflows"},
        {"users.readUser", "scim.users.readUsers"},
        {"scim.user.readUsers", "scim.users.readUsers"},
        {"openid", NULL},
        {"", NULL},
        {".", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (!CHECK_TEXT(ic_scope_nearest(cases[i].wanted), cases[i].nearest))
            printf("    for %s\n", cases[i].wanted);
}

static const struct {
    const char *needed, *granted;
    const char *missing; /* NULL: nothing is missing, or nothing can be said */
} missing_cases[] = {
    {"a", "a", NULL},
    {"a", "b a c", NULL},
    {"a", "b", "a"},
    {"a", "aa ba", "a"},
    {"aa", "a", "aa"},
    {"a b", "a", "b"},
    {"a b", "c", "a and b"},
    {"a b", "b  a", NULL},
    {"a|b", "b", NULL},
    {"a|b", "a", NULL},
    {"a|b", "c", "a or b"},
    {"a b|c", "c", "a"},
    {"a b|c d", "a", "b or c and d"},
    {"", "a", NULL},
    {"a", NULL, NULL},
    {"a", "", NULL},
    {"a", " ", NULL},
    {"", NULL, NULL},
};

static void test_missing(void) {
    for (size_t i = 0; i < sizeof missing_cases / sizeof *missing_cases; i++) {
        const char *wanted = missing_cases[i].missing;
        ic_buf out = {0};
        bool some = ic_scopes_missing(missing_cases[i].needed, missing_cases[i].granted, &out);
        if (!CHECK(some == (wanted != NULL)) || !CHECK_TEXT(ic_buf_text(&out), wanted ? wanted : ""))
            printf("    for case %zu\n", i);
        ic_buf_free(&out);
    }
}

static void test_describe(void) {
    static const struct {
        const char *needed, *words;
    } cases[] = {{"", ""}, {"a", "a"}, {"a b c", "a and b and c"}, {"a|b|c", "a or b or c"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ic_buf out = {0};
        ic_buf_puts(&out, "needs: ");
        ic_scopes_describe(cases[i].needed, &out);
        CHECK_TEXT(ic_buf_text(&out) + strlen("needs: "), cases[i].words);
        ic_buf_free(&out);
    }
}

/* What the catalog asks for is known, and granting all of it leaves nothing missing. */
static void test_catalog(void) {
    ic_buf all = {0}, out = {0};
    for (size_t i = 0; i < ic_scope_count; i++)
        ic_buf_printf(&all, "%s%s", i ? " " : "", ic_scopes[i].name);
    for (size_t i = 0; i < ic_operation_count; i++) {
        const ic_operation *operation = &ic_operations[i];
        if (!CHECK(!ic_scopes_missing(operation->scopes, ic_buf_text(&all), &out)))
            printf("    %s: %s\n", operation->id, ic_buf_text(&out));
    }
    ic_buf_free(&all);
    ic_buf_free(&out);
}

static void test_memory(void) {
    static const char needed[] = "public.workflows.readWorkflows public.records.createComments|"
                                 "public.workflows.createComments public.workflows.pauseAndResume";
    long before = ic_alloc_live(), nth = 0;
    for (bool failed = true; failed;) {
        ic_buf out = {0};
        ic_alloc_fail_at(++nth);
        CHECK(ic_scopes_missing(needed, "x", &out));
        ic_alloc_fail_at(0);
        failed = out.failed;
        ic_buf_free(&out);
        CHECK(ic_alloc_live() == before);
    }
    CHECK(nth > 1);
}

int main(void) {
    test_find();
    test_table();
    test_nearest();
    test_missing();
    test_describe();
    test_catalog();
    test_memory();
    return check_done("scopes");
}
