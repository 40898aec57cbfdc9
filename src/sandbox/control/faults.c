#include "sandbox/control/faults.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "sandbox/control/control.h"
#include <stdio.h>
#include <string.h>

#define TIMES_MOST   1000000
#define SECONDS_MOST 3600

static const struct kind {
    const char *name;
    bool done;
} kinds[] = {
#define X(constant, name, done) {name, done},
    IC_FAULT_KINDS(X)
#undef X
};

static void fault_free(ic_fault *fault) {
    ic_free(fault->method);
    ic_free(fault->path);
    ic_free(fault->message);
    ic_free(fault);
}

/* --- applying a fault --- */

/* A fault without an operation or path does not apply to token requests: the request it is meant for needs a
 * token first. */
static bool fault_matches(const ic_fault *fault, const ic_exchange *x) {
    bool any = !fault->operation && !fault->path;
    if (any && (!x->operation || ic_operation_bucket(x->operation) == IC_BUCKET_NONE)) return false;
    if (fault->operation && fault->operation != x->operation) return false;
    if (fault->method && strcmp(fault->method, x->verb) != 0) return false;
    return !fault->path || ic_text_starts(x->path, fault->path);
}

ic_fault *ic_fault_of(const ic_exchange *x) {
    for (size_t i = 0; i < x->company->faults.count; i++) {
        ic_fault *fault = x->company->faults.items[i];
        if (!fault->times || !fault_matches(fault, x)) continue;
        if (fault->skip) {
            fault->skip--;
            continue;
        }
        fault->times--;
        return fault;
    }
    return NULL;
}

/* Ironclad's error code and message for each status. */
static const struct saying {
    unsigned status;
    const char *code, *message;
} sayings[] = {
    {400, "INVALID_PARAM", "invalid parameter"},
    {401, "UNAUTHORIZED", "token has expired"},
    {403, "FORBIDDEN", "access forbidden"},
    {404, "NOT_FOUND", "not found"},
    {409, "CONFLICT", "conflict"},
    {422, "INVALID_STATE", "invalid state"},
    {429, "TOO_MANY_REQUESTS", "too many requests"},
    {501, "NOT_IMPLEMENTED", "not implemented"},
    {502, "BAD_GATEWAY", "bad gateway"},
    {0, "SERVER_ERROR", "something went wrong"},
};

static void fault_reply_status(ic_exchange *x, const ic_fault *fault) {
    const struct saying *saying = sayings;
    while (saying->status && saying->status != fault->status)
        saying++;
    ic_reply_error(x, fault->status, saying->code, NULL, "%s",
                   fault->message ? fault->message : saying->message);
}

static void fault_reply_page(ic_exchange *x, const ic_fault *fault) {
    ic_buf page = {0};
    const char *message = fault->message ? fault->message : "The server is not available.";
    ic_buf_printf(&page, "<html>\r\n<head><title>%u</title></head>\r\n<body>\r\n<h1>%u</h1><hr>%s\r\n",
                  fault->status, fault->status, message);
    ic_buf_puts(&page, "</body>\r\n</html>\r\n");
    ic_reply_html(x, &page);
    if (x->html) x->status = fault->status;
    ic_buf_free(&page);
}

void ic_fault_meet(ic_exchange *x, ic_fault *fault) {
    switch (fault->kind) {
    case IC_FAULT_STATUS: fault_reply_status(x, fault); break;
    case IC_FAULT_HTML: fault_reply_page(x, fault); break;
    case IC_FAULT_CLOSE: x->ending = IC_ENDING_NONE; break;
    case IC_FAULT_CUT: x->ending = IC_ENDING_CUT; break;
    case IC_FAULT_MALFORMED:
        if (x->text) x->text[strlen(x->text) / 2] = '\0';
        break;
    case IC_FAULT_EMPTY: ic_reply_empty(x); break;
    case IC_FAULT_DELAY: break;
    }
    x->delay += fault->seconds;
    x->retry_after = fault->retry_after;
    if (fault->times) return;
    ic_array_drop(&x->company->faults, fault);
    fault_free(fault);
}

/* --- the actions --- */

static bool fault_read_number(ic_control *control, const char *name, double otherwise, double least,
                              double most, double *number) {
    *number = ic_control_number(control, name, otherwise);
    if (*number >= least && *number <= most) return true;
    ic_control_refuse(control, 400, "'%s' must be from %g to %g", name, least, most);
    return false;
}

static bool fault_read_numbers(ic_control *control, ic_fault *fault) {
    double status = fault->kind == IC_FAULT_HTML ? 502 : 500, times, skip, retry_after, seconds;
    if (!fault_read_number(control, "status", status, 400, 599, &status) ||
        !fault_read_number(control, "times", 1, 1, TIMES_MOST, &times) ||
        !fault_read_number(control, "after", 0, 0, TIMES_MOST, &skip) ||
        !fault_read_number(control, "retry_after", 0, 0, SECONDS_MOST, &retry_after) ||
        !fault_read_number(control, "seconds", fault->kind == IC_FAULT_DELAY, 0, SECONDS_MOST, &seconds))
        return false;
    fault->status = (unsigned)status;
    fault->times = (size_t)times;
    fault->skip = (size_t)skip;
    fault->retry_after = (unsigned)retry_after;
    fault->seconds = seconds;
    return true;
}

static bool fault_read_kind(ic_control *control, ic_fault *fault) {
    const char *how = ic_control_text(control, "how");
    size_t i = 0, count = sizeof kinds / sizeof kinds[0];
    while (how && i < count && strcmp(kinds[i].name, how) != 0)
        i++;
    if (i == count) {
        ic_control_refuse(control, 400,
                          "'how' must be one of status, html, close, cut, malformed, empty, delay");
        return false;
    }
    fault->kind = (ic_fault_kind)i;
    fault->done = ic_control_true(control, "done", kinds[i].done) || kinds[i].done;
    return true;
}

/* Whether `name` is the operation's name in Lua, "workflows:list". */
static bool fault_names_operation(const ic_operation *operation, const char *name) {
    const char *colon = strchr(name, ':');
    if (!colon || !operation->name || strcmp(operation->name, colon + 1) != 0) return false;
    size_t length = (size_t)(colon - name);
    return strncmp(operation->resource, name, length) == 0 && !operation->resource[length];
}

static bool fault_read_operation(ic_control *control, ic_fault *fault) {
    const char *name = ic_control_text(control, "operation");
    ic_nearest nearest = {.wanted = name};
    for (size_t i = 0; name && i < ic_operation_count; i++) {
        const ic_operation *operation = &ic_operations[i];
        if (strcmp(operation->id, name) == 0 || fault_names_operation(operation, name))
            fault->operation = operation;
        ic_nearest_offer(&nearest, operation->id);
    }
    if (!name || fault->operation) return true;
    if (nearest.best)
        ic_control_refuse(control, 400, "there is no operation '%s'; did you mean '%s'?", name, nearest.best);
    else
        ic_control_refuse(
            control, 400,
            "there is no operation '%s'; it is named by its operationId or as in Lua, workflows:list", name);
    return false;
}

static bool fault_read_method(ic_control *control) {
    const char *name = ic_control_text(control, "method");
    ic_method method;
    if (!name || ic_method_parse(name, &method)) return true;
    ic_control_refuse(control, 400, "there is no method '%s': they are written GET, POST, PUT, PATCH, DELETE",
                      name);
    return false;
}

static bool fault_read_texts(ic_control *control, ic_fault *fault) {
    const struct text {
        const char *name;
        char **place;
    } texts[] = {{"method", &fault->method}, {"path", &fault->path}, {"message", &fault->message}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *text = ic_control_text(control, texts[i].name);
        *texts[i].place = ic_strdup(text);
        if (text && !*texts[i].place) {
            ic_control_refuse(control, 500, "no memory");
            return false;
        }
    }
    return true;
}

static void faults_add(ic_control *control) {
    ic_fault *fault = ic_calloc(1, sizeof *fault);
    if (!fault) {
        ic_control_refuse(control, 500, "no memory");
        return;
    }
    if (fault_read_kind(control, fault) && fault_read_numbers(control, fault) &&
        fault_read_operation(control, fault) && fault_read_method(control) &&
        fault_read_texts(control, fault)) {
        if (ic_array_push(&control->company->faults, fault)) return;
        ic_control_refuse(control, 500, "no memory");
    }
    fault_free(fault);
}

static void faults_list(ic_control *control) {
    control->answer = cJSON_CreateObject();
    cJSON *list = ic_put(control->answer, "list", cJSON_CreateArray());
    for (size_t i = 0; i < control->company->faults.count; i++) {
        const ic_fault *fault = control->company->faults.items[i];
        cJSON *entry = ic_append(list, cJSON_CreateObject());
        ic_put_text(entry, "how", kinds[fault->kind].name);
        ic_put_number(entry, "times", (double)fault->times);
        if (fault->operation) ic_put_text(entry, "operation", fault->operation->id);
        if (fault->method) ic_put_text(entry, "method", fault->method);
        if (fault->path) ic_put_text(entry, "path", fault->path);
    }
}

void ic_faults_free(ic_company *company) {
    IC_ARRAY_FREE_ALL(&company->faults, ic_fault *, fault_free);
}

static void faults_clear(ic_control *control) {
    ic_faults_free(control->company);
}

/* --- the table --- */

// clang-format off
const ic_action ic_fault_actions[] = {
    {"fail", faults_add,
     {IC_ACTION_OPTIONAL("how", STRING), IC_ACTION_OPTIONAL("status", INTEGER),
      IC_ACTION_OPTIONAL("times", INTEGER), IC_ACTION_OPTIONAL("after", INTEGER),
      IC_ACTION_OPTIONAL("operation", STRING), IC_ACTION_OPTIONAL("method", STRING),
      IC_ACTION_OPTIONAL("path", STRING), IC_ACTION_OPTIONAL("message", STRING),
      IC_ACTION_OPTIONAL("retry_after", INTEGER), IC_ACTION_OPTIONAL("seconds", NUMBER),
      IC_ACTION_OPTIONAL("done", BOOLEAN)},
     "Makes the next answers fail: `times` of them (default: 1), after the first `after` (default: 0), for an "
     "operation (operationId, or as in Lua, workflows:list), a method, or paths with that prefix. Without an "
     "operation or path, token requests do not fail. `how`: \"status\" (default: an Ironclad error with `status`, "
     "default 500, and `message`), \"html\" (an HTML page, default 502), \"close\" (no answer), \"cut\" (half an "
     "answer), \"malformed\" (truncated JSON), \"empty\" (no body), \"delay\" (1 second late, or `seconds`; `seconds` "
     "also delays the other kinds). `retry_after` adds that header. The operation is done for the last four kinds, "
     "and for the others with `done`.", false},
    {"faults", faults_list, {IC_ACTION_NO_FIELDS},
     "Answers `list`: the faults that are still to come.", true},
    {"clear_faults", faults_clear, {IC_ACTION_NO_FIELDS},
     "Removes all faults.", false},
    IC_ACTION_END,
};
// clang-format on
