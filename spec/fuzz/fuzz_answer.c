/* Answers: the first byte chooses the operation and the second the status; then header lines up to an empty
 * line, and the body. */
#include "core/base/alloc.h"
#include "core/catalog/catalog.h"
#include "core/http/answer.h"
#include "core/http/retry_after.h"
#include "spec/fuzz/fuzz.h"
#include <math.h>

static void read_headers(const uint8_t **data, size_t *size, ic_response *response) {
    while (*size) {
        char *line = fuzz_line(data, size);
        bool end = !*line;
        if (!end) ic_buf_printf(&response->headers, "%s\n", line);
        free(line);
        if (end) break;
    }
}

static void look_at_headers(const ic_response *response, const ic_buf *body) {
    char value[256];
    if (ic_response_header(response, "Retry-After", value, sizeof value)) {
        double seconds = ic_retry_after(value, 1769817600);
        FUZZ_CHECK(isfinite(seconds));
    }
    (void)ic_answer_is_page(response, body->length ? body->data : "", body->length);
    (void)ic_answer_has_type(response);
    (void)ic_answer_is_json(response);
    (void)ic_answer_is_cut(response, (double)body->length);
}

static void look_at_links(const ic_buf *body) {
    cJSON *tree = ic_json_parse(body->length ? body->data : "", body->length, NULL);
    (void)ic_answer_link(tree);
    (void)ic_answer_is_error(IC_ANSWER_JSON, tree);
    cJSON_Delete(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const long statuses[] = {200, 201, 202, 204, 302, 400, 401, 403,
                                    404, 409, 412, 413, 422, 429, 500, 503};
    if (size < 2) return 0;
    const ic_operation *operation = &ic_operations[data[0] % ic_operation_count];
    ic_request request = {.operation = operation, .method = operation->method, .answer = operation->answer};
    ic_response response = {.status = statuses[data[1] % 16]};
    data += 2;
    size -= 2;
    read_headers(&data, &size, &response);
    ic_buf body = {0};
    if (size) ic_buf_add(&body, data, size);
    look_at_headers(&response, &body);
    look_at_links(&body);
    ic_error error = {0};
    ic_value value = {0};
    if (response.status < 300) {
        bool good = ic_answer_value(&request, &response, &body, &value, &error);
        FUZZ_CHECK(good == (error.kind == IC_OK));
    } else {
        ic_answer_error(&request, &response, &body, 1769817600, &error);
        FUZZ_CHECK(error.kind != IC_OK && *ic_error_message(&error));
    }
    ic_value_free(&value);
    ic_error_clear(&error);
    ic_response_free(&response);
    ic_buf_free(&body);
    return 0;
}
