#include "sandbox/control/control.h"
#include "core/base/text.h"
#include "listener/html.h"
#include "sandbox/workflows/lifecycle.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// clang-format off
#define REQUIRED(name, type) {name, IC_TYPE_##type, IC_REQUIRED, NULL, NULL}
#define OPTIONAL(name, type) {name, IC_TYPE_##type, 0, NULL, NULL}
#define NOTHING              {NULL, IC_TYPE_ANY, 0, NULL, NULL}
const ic_action ic_actions[] = {
    {"expire_tokens", ic_control_expire_tokens, {NOTHING},
     "Every access token handed out so far is from now on answered with 401 \"token has expired\".", false},
    {"revoke_tokens", ic_control_revoke_tokens, {NOTHING},
     "The same with \"token has been revoked\".", false},
    {"revoke_refresh_tokens", ic_control_revoke_refresh_tokens, {NOTHING},
     "Every refresh token handed out so far is from now on answered with 403 \"refresh token is invalid\".", false},
    {"consent", ic_control_consent,
     {REQUIRED("url", STRING), OPTIONAL("user", STRING), OPTIONAL("allow", BOOLEAN)},
     "Plays the person in a browser who opens an authorize URL of this sandbox and answers: as that user (e-mail or "
     "id; the first one), yes or no (yes). Answers `location`, where the browser is sent, with code and state or with "
     "error and state; `refused` when the page would show a refusal instead.", false},
    {"advance", ic_control_advance, {REQUIRED("seconds", NUMBER)},
     "Moves the sandbox's time forward, whether it runs or stands still: tokens and codes expire, jobs get done, dates "
     "pass. Answers `now`.", false},
    {"clock", ic_control_clock, {OPTIONAL("time", STRING)},
     "Answers `now`, and `runs`. With a time (ISO 8601, not before now) it is set to it first, and stands still.",
     true},
    {"requests", ic_control_requests, {NOTHING},
     "Answers `list`: the requests since the start or the last clear_requests, oldest first (the last 100,000, fewer "
     "when they are long), each with method, path (with the query), status, operation (operationId) and as_user, where "
     "there is one.", true},
    {"clear_requests", ic_control_clear_requests, {NOTHING}, "Forgets the requests so far.", false},
    {"deliveries", ic_control_deliveries, {NOTHING},
     "Answers `list`: what Ironclad would have sent to the enabled webhooks, oldest first (the last 5,000 at least), "
     "each with url, event, webhook (its id), headers (signed with the key that webhooks/verification-key shows) and "
     "body (text). The sandbox sends nothing itself.", true},
    {"clear_deliveries", ic_control_clear_deliveries, {NOTHING}, "Forgets the deliveries so far.", false},
    {"rate_limits", ic_control_rate_limits, {OPTIONAL("limits", ANY)},
     "Keeps rate limits from now on: true for Ironclad's published ones, false for none, or an object from buckets "
     "(and \"company\", over all of them) to requests a minute. Answers of a bucket with a limit carry X-RateLimit "
     "headers; beyond it, 429 with Retry-After. Answers the `limits` that hold.", true},
    {"latency", ic_control_latency, {OPTIONAL("seconds", NUMBER)},
     "Every answer waits so long from now on, by the machine's clock, and holds up no other. Answers `seconds`.", true},
    {"max_page_size", ic_control_max_page_size, {OPTIONAL("size", INTEGER)},
     "Pages of lists hold no more items than this, whatever is asked for (0: what is asked for). Answers `size`.", true},
    {"fail", ic_control_fail,
     {OPTIONAL("how", STRING), OPTIONAL("status", INTEGER), OPTIONAL("times", INTEGER), OPTIONAL("after", INTEGER),
      OPTIONAL("operation", STRING), OPTIONAL("method", STRING), OPTIONAL("path", STRING), OPTIONAL("message", STRING),
      OPTIONAL("retry_after", INTEGER), OPTIONAL("seconds", NUMBER), OPTIONAL("done", BOOLEAN)},
     "The next answers fail: so many `times` (1), after so many that do not (0), of an operation (operationId, or as "
     "in Lua, workflows:list), of a method, of paths that begin so; of all but the token endpoint when none is "
     "named. How: \"status\" (the default: `status`, 500, with Ironclad's error and perhaps a `message`), \"html\" "
     "(502 with a page), \"close\" (no answer), \"cut\" (half of it), \"malformed\" (JSON that ends half way), "
     "\"empty\" (no body), \"delay\" (1 second late, or `seconds`, which delays any other way too). With "
     "`retry_after`, that header. What was asked for is done for the last four, and for the others with `done`.", false},
    {"faults", ic_control_faults, {NOTHING}, "Answers `list`: the failures to come.", true},
    {"clear_faults", ic_control_clear_faults, {NOTHING}, "Forgets the failures to come.", false},
    {"approve", ic_control_approve, {REQUIRED("workflow", ANY), OPTIONAL("role", STRING), OPTIONAL("user", STRING)},
     "Plays the reviewers of a workflow (id, or its table) in a browser: the one with that role (id or name) approves, "
     "or all of them do, in their order. Of those who have a role it is that user (e-mail or id; the first one). "
     "Answers `step`, where the workflow is afterwards, and `roles` that have approved.", false},
    {"sign", ic_control_sign,
     {REQUIRED("workflow", ANY), OPTIONAL("role", STRING), OPTIONAL("all", BOOLEAN),
      {"status", IC_TYPE_STRING, 0, NULL, "signed viewed declined"}},
     "Plays the signers of a workflow (id, or its table) whose packet is out for signature: the one with that role "
     "(its name) signs, or with all = true all of them do, in their order; with a status they view or decline it "
     "instead. Answers `step`, where the workflow is afterwards, and `signers`, the names of their roles.", false},
    {NULL, NULL, {NOTHING}, NULL, false},
};
// clang-format on

/* --- for actions --- */

void ic_control_refuse(ic_control *control, unsigned status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(control->message, sizeof control->message, format, arguments);
    va_end(arguments);
    control->status = status;
}

const char *ic_control_text(const ic_control *control, const char *name) {
    return ic_json_string(control->arguments, name);
}

double ic_control_number(const ic_control *control, const char *name, double otherwise) {
    const cJSON *value = ic_json_member(control->arguments, name);
    return cJSON_IsNumber(value) ? value->valuedouble : otherwise;
}

bool ic_control_true(const ic_control *control, const char *name, bool otherwise) {
    const cJSON *value = ic_json_member(control->arguments, name);
    return cJSON_IsBool(value) ? cJSON_IsTrue(value) : otherwise;
}

/* --- the interpreter --- */

static const ic_action *find_action(ic_control *control, const char *name) {
    ic_nearest nearest = {.wanted = name};
    for (const ic_action *action = ic_actions; action->name; action++) {
        if (strcmp(action->name, name) == 0) return action;
        ic_nearest_offer(&nearest, action->name);
    }
    if (nearest.best)
        ic_control_refuse(control, 404, "there is no '%s'; did you mean '%s'?", name, nearest.best);
    else
        ic_control_refuse(control, 404, "there is no '%s'", name);
    return NULL;
}

static void refuse_parameter(ic_control *control, const ic_action *action, const char *name,
                             const char *nearest) {
    if (nearest) {
        ic_control_refuse(control, 400, "unknown parameter '%s'; did you mean '%s'?", name, nearest);
        return;
    }
    ic_buf known = {0};
    ic_action_parameters(action, &known);
    ic_control_refuse(control, 400, "unknown parameter '%s': %s takes %s", name, action->name,
                      known.failed || !known.length ? "none" : ic_buf_text(&known));
    ic_buf_free(&known);
}

static bool is_known(ic_control *control, const ic_action *action, const char *name) {
    ic_nearest nearest = {.wanted = name};
    for (const ic_field *field = action->fields; field->name; field++) {
        if (strcmp(field->name, name) == 0) return true;
        ic_nearest_offer(&nearest, field->name);
    }
    refuse_parameter(control, action, name, nearest.best);
    return false;
}

static bool check(ic_control *control, const ic_action *action) {
    const cJSON *argument;
    ic_field_fault fault;
    cJSON_ArrayForEach(argument, control->arguments) {
        if (!is_known(control, action, argument->string)) return false;
    }
    if (!ic_fields_fault(action->fields, control->arguments, &fault)) return true;
    ic_control_refuse(control, 400, "%s", fault.message);
    return false;
}

bool ic_control_run(ic_control *control, const char *name) {
    const ic_action *action = find_action(control, name);
    if (action && check(control, action)) {
        ic_company_settle(control->company);
        action->run(control);
        ic_company_settle(control->company); /* time may have passed */
    }
    return !control->status;
}

/* --- what there is, for people and programs --- */

static const char *short_type(ic_type type) {
    switch (type) {
    case IC_TYPE_STRING: return "string";
    case IC_TYPE_INTEGER: return "integer";
    case IC_TYPE_NUMBER: return "number";
    case IC_TYPE_BOOLEAN: return "boolean";
    case IC_TYPE_ARRAY: return "list";
    case IC_TYPE_OBJECT: return "object";
    default: return "any";
    }
}

void ic_action_parameters(const ic_action *action, ic_buf *out) {
    for (const ic_field *field = action->fields; field->name; field++)
        ic_buf_printf(out, "%s%s (%s%s)", field == action->fields ? "" : ", ", field->name,
                      short_type(field->type), field->flags & IC_REQUIRED ? "" : ", optional");
}

static void answer_list(ic_exchange *x) {
    cJSON *answer = cJSON_CreateObject(), *list = ic_put(answer, "list", cJSON_CreateArray());
    for (const ic_action *action = ic_actions; action->name; action++) {
        ic_buf parameters = {0};
        ic_action_parameters(action, &parameters);
        const char *text = ic_buf_text(&parameters);
        cJSON *entry = ic_append(list, cJSON_CreateObject());
        ic_put_text(entry, "name", action->name);
        ic_put_text(entry, "parameters", text ? text : "");
        ic_put_text(entry, "help", action->help);
        ic_buf_free(&parameters);
    }
    ic_reply_json(x, 200, answer);
}

static void answer_page(ic_exchange *x) {
    ic_buf page = {0};
    ic_html_begin(&page, "The sandbox's controls");
    ic_buf_puts(&page, "<p>POST a JSON object to <code>" IC_CONTROL_PATH
                       "/</code> and one of these names; from Lua, "
                       "<code>sandbox:name{…}</code>.</p>\n<dl>\n");
    for (const ic_action *action = ic_actions; action->name; action++) {
        ic_buf parameters = {0};
        ic_action_parameters(action, &parameters);
        const char *text = ic_buf_text(&parameters);
        ic_buf_printf(&page, "<dt><b>%s</b> ", action->name);
        ic_html_text(&page, text ? text : "");
        ic_buf_puts(&page, "</dt><dd>");
        ic_html_text(&page, action->help);
        ic_buf_puts(&page, "</dd>\n");
        ic_buf_free(&parameters);
    }
    ic_buf_puts(&page, "</dl>\n");
    ic_reply_html(x, &page);
    ic_buf_free(&page);
}

/* --- over HTTP --- */

static bool reads(const char *name) {
    for (const ic_action *action = ic_actions; action->name; action++)
        if (strcmp(action->name, name) == 0) return action->reads;
    return false;
}

static void run_action(ic_exchange *x, const char *name) {
    ic_control control = {.company = x->company, .log = x->log};
    if (!ic_exchange_parse(x)) return;
    control.arguments = x->body;
    if (!ic_control_run(&control, name)) {
        cJSON_Delete(control.answer);
        ic_reply_error(x, control.status, control.status == 404 ? "NOT_FOUND" : "INVALID_PARAM", NULL, "%s",
                       control.message);
    } else if (control.answer) {
        ic_reply_json(x, 200, control.answer);
    } else {
        ic_reply_nothing(x);
    }
}

bool ic_is_control(const char *path) {
    const char *rest = ic_text_starts(path, IC_CONTROL_PATH) ? path + strlen(IC_CONTROL_PATH) : NULL;
    return rest && (!*rest || *rest == '/');
}

void ic_control_answer(ic_exchange *x) {
    const char *name = x->path + strlen(IC_CONTROL_PATH), *accept = ic_exchange_header(x, "Accept");
    bool get = strcmp(x->verb, "GET") == 0;
    name += *name == '/';
    if (!ic_exchange_is_local(x))
        ic_reply_error(x, 403, "FORBIDDEN", NULL, "the sandbox's controls are for its own machine only");
    else if (get && !*name)
        accept &&strstr(accept, "text/html") ? answer_page(x) : answer_list(x);
    else if (strcmp(x->verb, "POST") == 0 || (get && reads(name)))
        run_action(x, name);
    else
        ic_reply_error(x, 404, "NOT_FOUND", NULL, "the sandbox's controls are asked by POST");
}
