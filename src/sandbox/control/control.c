#include "sandbox/control/control.h"
#include "core/base/text.h"
#include "listener/html.h"
#include "sandbox/webhooks/outbox.h"
#include "sandbox/workflows/archive.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* In the order in which they are listed. */
static const ic_action *const control_tables[] = {
    ic_token_actions, ic_time_actions,  ic_request_actions,   ic_delivery_actions,
    ic_limit_actions, ic_fault_actions, ic_clickwrap_actions, ic_people_actions,
};

const ic_action *ic_action_at(size_t index) {
    for (size_t i = 0; i < sizeof control_tables / sizeof control_tables[0]; i++)
        for (const ic_action *action = control_tables[i]; action->name; action++)
            if (!index--) return action;
    return NULL;
}

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

static const ic_action *control_find_action(ic_control *control, const char *name) {
    ic_nearest nearest = {.wanted = name};
    const ic_action *action;
    for (size_t i = 0; (action = ic_action_at(i)) != NULL; i++) {
        if (strcmp(action->name, name) == 0) return action;
        ic_nearest_offer(&nearest, action->name);
    }
    if (nearest.best)
        ic_control_refuse(control, 404, "there is no '%s'; did you mean '%s'?", name, nearest.best);
    else
        ic_control_refuse(control, 404, "there is no '%s'", name);
    return NULL;
}

static void control_refuse_parameter(ic_control *control, const ic_action *action, const char *name,
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

static bool control_is_known(ic_control *control, const ic_action *action, const char *name) {
    ic_nearest nearest = {.wanted = name};
    for (const ic_field *field = action->fields; field->name; field++) {
        if (strcmp(field->name, name) == 0) return true;
        ic_nearest_offer(&nearest, field->name);
    }
    control_refuse_parameter(control, action, name, nearest.best);
    return false;
}

static bool control_check(ic_control *control, const ic_action *action) {
    const cJSON *argument;
    ic_field_fault fault;
    cJSON_ArrayForEach(argument, control->arguments) {
        if (!control_is_known(control, action, argument->string)) return false;
    }
    if (!ic_fields_fault(action->fields, control->arguments, &fault)) return true;
    ic_control_refuse(control, 400, "%s", fault.message);
    return false;
}

bool ic_control_run(ic_control *control, const char *name) {
    const ic_action *action = control_find_action(control, name);
    if (action && control_check(control, action)) {
        ic_company_settle(control->company);
        action->run(control);
        ic_company_settle(control->company); /* the action may have moved the time */
        ic_outbox_wake(control->company);
    }
    return !control->status;
}

/* --- what there is, for people and programs --- */

static const char *control_type_name(ic_type type) {
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
                      control_type_name(field->type), field->flags & IC_REQUIRED ? "" : ", optional");
}

static void control_answer_list(ic_exchange *x) {
    cJSON *answer = cJSON_CreateObject(), *list = ic_put(answer, "list", cJSON_CreateArray());
    const ic_action *action;
    for (size_t i = 0; (action = ic_action_at(i)) != NULL; i++) {
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

static void control_answer_page(ic_exchange *x) {
    ic_buf page = {0};
    ic_html_begin(&page, "The sandbox's controls");
    ic_buf_puts(&page, "<p>POST a JSON object to <code>" IC_CONTROL_PATH
                       "/</code> and one of these names; from Lua, "
                       "<code>sandbox:name{…}</code>.</p>\n<dl>\n");
    const ic_action *action;
    for (size_t i = 0; (action = ic_action_at(i)) != NULL; i++) {
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

static bool control_reads(const char *name) {
    const ic_action *action;
    for (size_t i = 0; (action = ic_action_at(i)) != NULL; i++)
        if (strcmp(action->name, name) == 0) return action->reads;
    return false;
}

static void control_run_over_http(ic_exchange *x, const char *name) {
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

void ic_control_answer(ic_exchange *x) {
    const char *name = x->path + strlen(IC_CONTROL_PATH), *accept = ic_exchange_header(x, "Accept");
    bool get = strcmp(x->verb, "GET") == 0;
    name += *name == '/';
    if (!ic_exchange_is_local(x))
        ic_reply_error(x, 403, "FORBIDDEN", NULL, "the sandbox's controls are for its own machine only");
    else if (get && !*name)
        accept &&strstr(accept, "text/html") ? control_answer_page(x) : control_answer_list(x);
    else if (strcmp(x->verb, "POST") == 0 || (get && control_reads(name)))
        control_run_over_http(x, name);
    else
        ic_reply_error(x, 404, "NOT_FOUND", NULL, "the sandbox's controls are asked by POST");
}
