/* Answers that report an error: the kind, the fields and the message that are read from them. */
#include "core/http/answer.h"
#include "spec/core/check.h"

#define NOW 1769817600.0

/* `code` and `param`: NULL when the error has none. */
static const struct {
    long status;
    const char *body;
    ic_error_kind kind;
    const char *code, *param, *message;
} cases[] = {
    /* by status */
    {300, "", IC_ERR_PROTOCOL, NULL, NULL, "Ironclad answered 300"},
    {400, "", IC_ERR_INVALID_REQUEST, NULL, NULL, "Ironclad answered 400"},
    {401, "", IC_ERR_AUTH, NULL, NULL, "Ironclad answered 401; the access token was refused"},
    {403, "", IC_ERR_PERMISSION, NULL, NULL, "Ironclad answered 403"},
    {404, "", IC_ERR_NOT_FOUND, NULL, NULL, "Ironclad answered 404"},
    {408, "", IC_ERR_TIMEOUT, NULL, NULL, "Ironclad answered 408"},
    {409, "", IC_ERR_CONFLICT, NULL, NULL, "Ironclad answered 409"},
    {413, "", IC_ERR_TOO_LARGE, NULL, NULL, "Ironclad answered 413"},
    {418, "", IC_ERR_INVALID_REQUEST, NULL, NULL, "Ironclad answered 418"},
    {429, "", IC_ERR_RATE_LIMITED, NULL, NULL, "Ironclad answered 429"},
    {499, "", IC_ERR_INVALID_REQUEST, NULL, NULL, "Ironclad answered 499"},
    {500, "", IC_ERR_SERVER, NULL, NULL, "Ironclad answered 500"},
    {503, "", IC_ERR_SERVER, NULL, NULL, "Ironclad answered 503"},
    {999, "", IC_ERR_SERVER, NULL, NULL, "Ironclad answered 999"},
    /* by code, where that says more */
    {400, "{\"code\":\"NOT_FOUND\",\"message\":\"no such workflow\"}", IC_ERR_NOT_FOUND, "NOT_FOUND", NULL,
     "Ironclad answered 400 NOT_FOUND: no such workflow"},
    {422, "{\"code\":\"INVALID_STATE\"}", IC_ERR_INVALID_STATE, "INVALID_STATE", NULL,
     "Ironclad answered 422 INVALID_STATE"},
    {400, "{\"code\":\"CONFLICT\"}", IC_ERR_CONFLICT, "CONFLICT", NULL, "Ironclad answered 400 CONFLICT"},
    {400, "{\"code\":\"UNAUTHORIZED\"}", IC_ERR_AUTH, "UNAUTHORIZED", NULL,
     "Ironclad answered 400 UNAUTHORIZED"},
    {400, "{\"code\":\"TOO_MANY_REQUESTS\"}", IC_ERR_RATE_LIMITED, "TOO_MANY_REQUESTS", NULL,
     "Ironclad answered 400 TOO_MANY_REQUESTS"},
    {404, "{\"code\":\"FORBIDDEN\",\"message\":\"no more credits\"}", IC_ERR_PERMISSION, "FORBIDDEN", NULL,
     "Ironclad answered 404 FORBIDDEN: no more credits"},
    {403, "{\"error\":\"unauthorized_client\"}", IC_ERR_AUTH, "unauthorized_client", NULL,
     "Ironclad answered 403 unauthorized_client; check client_id, client_secret and instance (an app of one "
     "Ironclad environment does not work on another)"},
    {400, "{\"error\":\"unsupported_grant_type\"}", IC_ERR_AUTH, "unsupported_grant_type", NULL,
     "Ironclad answered 400 unsupported_grant_type"},
    {400, "{\"error\":\"invalid_request\",\"error_description\":\"bad id\"}", IC_ERR_AUTH, "invalid_request",
     NULL, "Ironclad answered 400 invalid_request: bad id"},
    {400, "{\"code\":\"INVALID_PARAM\",\"param\":\"page\",\"message\":\"too large\"}", IC_ERR_INVALID_REQUEST,
     "INVALID_PARAM", "page", "Ironclad answered 400 INVALID_PARAM: too large (param page)"},
    /* the code of a 5xx does not count */
    {500, "{\"code\":\"NOT_FOUND\"}", IC_ERR_SERVER, "NOT_FOUND", NULL, "Ironclad answered 500 NOT_FOUND"},
    {502, "{\"error\":\"access_denied\"}", IC_ERR_SERVER, "access_denied", NULL,
     "Ironclad answered 502 access_denied"},
    {503, "{\"code\":\"TOO_MANY_REQUESTS\"}", IC_ERR_SERVER, "TOO_MANY_REQUESTS", NULL,
     "Ironclad answered 503 TOO_MANY_REQUESTS"},
    /* the shapes of bodies */
    {400, "{\"error\":\"the export is not done\"}", IC_ERR_INVALID_REQUEST, NULL, NULL,
     "Ironclad answered 400: the export is not done"},
    {400, "{\"scimType\":\"invalidFilter\",\"detail\":\"bad filter\"}", IC_ERR_INVALID_REQUEST,
     "invalidFilter", NULL, "Ironclad answered 400 invalidFilter: bad filter"},
    {400, "{\"error\":{\"message\":\"inner\",\"code\":\"E1\"}}", IC_ERR_INVALID_REQUEST, "E1", NULL,
     "Ironclad answered 400 E1: inner"},
    {400, "\"just text\"", IC_ERR_INVALID_REQUEST, NULL, NULL, "Ironclad answered 400: just text"},
    {400, "{}", IC_ERR_INVALID_REQUEST, NULL, NULL, "Ironclad answered 400: {}"},
    {404, "<h1>\r\n Not  here", IC_ERR_NOT_FOUND, NULL, NULL, "Ironclad answered 404: <h1> Not here"},
    {400, "{\"message\":\"a\\u0007b\"}", IC_ERR_INVALID_REQUEST, NULL, NULL,
     "Ironclad answered 400: a\\x07b"},
    /* advice about scopes */
    {403, "{\"code\":\"FORBIDDEN\",\"message\":\"access forbidden\"}", IC_ERR_PERMISSION, "FORBIDDEN", NULL,
     "Ironclad answered 403 FORBIDDEN: access forbidden; this operation needs the scope "
     "public.workflows.readWorkflows, and a user (as_user) with the right to do it"},
};

static void read_error(long status, const char *header, const char *body, ic_error *error) {
    const ic_operation *operation = ic_operation_by_id("list-all-workflows");
    ic_request request = {.operation = operation, .method = operation->method, .answer = operation->answer};
    ic_response response = {.status = status};
    ic_buf bytes = {0};
    ic_buf_puts(&response.headers, header);
    ic_buf_puts(&bytes, body);
    ic_answer_error(&request, &response, &bytes, NOW, error);
    ic_buf_free(&bytes);
    ic_response_free(&response);
}

static void test_bodies(void) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ic_error error = {0};
        read_error(cases[i].status, "", cases[i].body, &error);
        if (!CHECK(error.kind == cases[i].kind))
            printf("    %ld %s is %s\n", cases[i].status, cases[i].body, ic_error_kind_name(error.kind));
        CHECK(error.status == cases[i].status);
        CHECK(error.retry_after < 0);
        CHECK_TEXT(error.code, cases[i].code);
        CHECK_TEXT(error.param, cases[i].param);
        CHECK_TEXT(ic_error_message(&error), cases[i].message);
        ic_error_clear(&error);
    }
}

static void test_headers(void) {
    static const struct {
        const char *header, *request_id;
        double retry_after;
    } headers[] = {
        {"X-Ironclad-RequestId: r-1\n", "r-1", -1},
        {"Retry-After: 7\nx-ironclad-requestid: r-2\n", "r-2", 7},
        {"Retry-After: soon\n", NULL, -1},
        {"Retry-After: Sat, 31 Jan 2026 00:01:00 GMT\n", NULL, 60}, /* after NOW */
        {"Date: Sat, 31 Jan 2026 00:00:50 GMT\nRetry-After: Sat, 31 Jan 2026 00:01:00 GMT\n", NULL, 10},
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        ic_error error = {0};
        read_error(503, headers[i].header, "", &error);
        CHECK(error.kind == IC_ERR_SERVER);
        CHECK_NEAR(error.retry_after, headers[i].retry_after);
        CHECK_TEXT(error.request_id, headers[i].request_id);
        ic_error_clear(&error);
    }
}

int main(void) {
    test_bodies();
    test_headers();
    return check_done("answer_error");
}
