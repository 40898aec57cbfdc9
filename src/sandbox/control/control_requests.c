/* Controls for requests and their answers. */
#include "sandbox/control/control.h"
#include <stdlib.h>
#include <string.h>

/* --- the log --- */

static const char *control_put_request(cJSON *list, const char *at) {
    static const char *const names[IC_LOG_TEXTS] = {"status", "method", "path", "operation", "as_user"};
    cJSON *request = ic_append(list, cJSON_CreateObject());
    for (size_t i = 0; i < IC_LOG_TEXTS; i++) {
        if (i == 0)
            ic_put_number(request, names[i], atoi(at));
        else if (*at)
            ic_put_text(request, names[i], at);
        at += strlen(at) + 1;
    }
    return at;
}

static void control_requests(ic_control *control) {
    ic_buf texts = {0};
    ic_log_copy(control->log, &texts);
    control->answer = cJSON_CreateObject();
    cJSON *list = ic_put(control->answer, "list", cJSON_CreateArray());
    for (const char *at = texts.data, *end = at + texts.length; at < end && list;)
        at = control_put_request(list, at);
    if (texts.failed) ic_control_refuse(control, 500, "no memory");
    ic_buf_free(&texts);
}

static void control_clear_requests(ic_control *control) {
    ic_log_clear(control->log);
}

/* --- all answers --- */

static void control_latency(ic_control *control) {
    double seconds = ic_control_number(control, "seconds", control->company->latency);
    if (!(seconds >= 0 && seconds <= 3600)) {
        ic_control_refuse(control, 400, "'seconds' must be from 0 to 3600");
        return;
    }
    control->company->latency = seconds;
    control->answer = cJSON_CreateObject();
    ic_put_number(control->answer, "seconds", seconds);
}

static void control_max_page_size(ic_control *control) {
    double size = ic_control_number(control, "size", (double)control->company->max_page_size);
    if (!(size >= 0 && size <= 1000000)) {
        ic_control_refuse(control, 400, "'size' must be from 0 to 1000000");
        return;
    }
    control->company->max_page_size = (size_t)size;
    control->answer = cJSON_CreateObject();
    ic_put_number(control->answer, "size", (double)control->company->max_page_size);
}

/* --- the table --- */

// clang-format off
const ic_action ic_request_actions[] = {
    {"requests", control_requests, {IC_ACTION_NO_FIELDS},
     "Answers `list`: the requests since the start or the last clear_requests, oldest first (the last 100,000, or "
     "fewer if they are long). Each has method, path (with the query), status, and, if known, operation (operationId) "
     "and as_user.", true},
    {"clear_requests", control_clear_requests, {IC_ACTION_NO_FIELDS},
     "Clears the list of requests.", false},
    {"latency", control_latency, {IC_ACTION_OPTIONAL("seconds", NUMBER)},
     "Delays every answer by `seconds` of real time, without delaying other requests. Answers `seconds`.", true},
    {"max_page_size", control_max_page_size, {IC_ACTION_OPTIONAL("size", INTEGER)},
     "Limits the number of items in a page of a list, whatever the request asks for (0: no limit). Answers `size`.",
     true},
    IC_ACTION_END,
};
// clang-format on
