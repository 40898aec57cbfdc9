/* Actions on tokens, consents, time and the log of requests. */
#include "sandbox/control/control.h"
#include "sandbox/oauth/consent.h"
#include "sandbox/sandbox.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- tokens --- */

void ic_control_expire_tokens(ic_control *control) {
    for (size_t i = 0; i < control->company->tokens.count; i++)
        ((ic_token *)control->company->tokens.items[i])->expires = IC_TIME_NONE;
}

void ic_control_revoke_tokens(ic_control *control) {
    for (size_t i = 0; i < control->company->tokens.count; i++)
        ((ic_token *)control->company->tokens.items[i])->revoked = true;
}

void ic_control_revoke_refresh_tokens(ic_control *control) {
    for (size_t i = 0; i < control->company->consents.count; i++)
        ((ic_consent *)control->company->consents.items[i])->refresh[0] = '\0';
}

/* --- a person's consent --- */

/* The query of an authorize URL of this sandbox; NULL: it is another URL. */
static const char *authorize_query(const ic_company *company, const char *url) {
    size_t length = strlen(company->url);
    const char *query = url + strcspn(url, "?");
    if (strncmp(url, company->url, length) != 0 ||
        (size_t)(query - url) != length + strlen(IC_AUTHORIZE_PATH) ||
        strncmp(url + length, IC_AUTHORIZE_PATH, strlen(IC_AUTHORIZE_PATH)) != 0)
        return NULL;
    return *query ? query + 1 : query;
}

static void answer_consent(ic_control *control, ic_consent *asked, ic_user *user, const char *error) {
    ic_buf location = {0};
    control->answer = cJSON_CreateObject();
    if (ic_consent_answer(control->company, asked, user, error, &location))
        ic_put_text(control->answer, "location", ic_buf_text(&location));
    else
        ic_control_refuse(control, 500, "no memory");
    ic_buf_free(&location);
}

static void refuse_consent(ic_control *control, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void refuse_consent(ic_control *control, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    control->answer = cJSON_CreateObject();
    ic_put_text(control->answer, "refused", text);
}

void ic_control_consent(ic_control *control) {
    ic_company *company = control->company;
    const char *query = authorize_query(company, ic_control_text(control, "url"));
    const char *person = ic_control_text(control, "user");
    ic_user *user = person ? ic_company_user(company, person) : company->users.items[0];
    ic_refusal refusal = {0};
    if (!query || !user) {
        if (!query)
            refuse_consent(control, "this is no URL of %s" IC_AUTHORIZE_PATH, company->url);
        else
            refuse_consent(control, "no such user in this company: '%s'", person);
        return;
    }
    ic_consent *asked = ic_consent_ask(company, query, &refusal);
    bool granted = ic_control_true(control, "allow", true) && !refusal.error;
    if (asked)
        answer_consent(control, asked, granted ? user : NULL,
                       refusal.error ? refusal.error : "access_denied");
    else if (refusal.error)
        refuse_consent(control, "%s: %s", refusal.error, refusal.description);
    else
        ic_control_refuse(control, 500, "no memory");
}

/* --- time --- */

static void answer_now(ic_control *control) {
    control->answer = cJSON_CreateObject();
    ic_put_text(control->answer, "now", ic_time_print(ic_company_now(control->company)).text);
    ic_put_bool(control->answer, "runs", control->company->clock.fixed == IC_TIME_NONE);
}

void ic_control_advance(ic_control *control) {
    double seconds = ic_control_number(control, "seconds", 0);
    if (!(seconds >= 0 && seconds <= 1e9)) {
        ic_control_refuse(control, 400, "'seconds' must be 0 or more");
        return;
    }
    ic_company_advance(control->company, seconds);
    answer_now(control);
}

void ic_control_clock(ic_control *control) {
    const char *text = ic_control_text(control, "time");
    ic_time time, now = ic_company_now(control->company);
    if (text && !ic_time_parse(text, &time)) {
        ic_control_refuse(control, 400, "'time' must be a time like 2026-01-31T09:00:00Z");
        return;
    }
    if (text && time < now) {
        ic_control_refuse(control, 400, "time only goes forward: it is %s", ic_time_print(now).text);
        return;
    }
    if (text) control->company->clock = (ic_clock){.fixed = time};
    answer_now(control);
}

/* --- answers in general --- */

void ic_control_latency(ic_control *control) {
    double seconds = ic_control_number(control, "seconds", control->company->latency);
    if (!(seconds >= 0 && seconds <= 3600)) {
        ic_control_refuse(control, 400, "'seconds' must be from 0 to 3600");
        return;
    }
    control->company->latency = seconds;
    control->answer = cJSON_CreateObject();
    ic_put_number(control->answer, "seconds", seconds);
}

void ic_control_max_page_size(ic_control *control) {
    double size = ic_control_number(control, "size", (double)control->company->max_page_size);
    if (!(size >= 0 && size <= 1000000)) {
        ic_control_refuse(control, 400, "'size' must be from 0 to 1000000");
        return;
    }
    control->company->max_page_size = (size_t)size;
    control->answer = cJSON_CreateObject();
    ic_put_number(control->answer, "size", (double)control->company->max_page_size);
}

/* --- the log --- */

static const char *put_request(cJSON *list, const char *at) {
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

void ic_control_requests(ic_control *control) {
    ic_buf texts = {0};
    ic_log_copy(control->log, &texts);
    control->answer = cJSON_CreateObject();
    cJSON *list = ic_put(control->answer, "list", cJSON_CreateArray());
    for (const char *at = texts.data, *end = at + texts.length; at < end && list;)
        at = put_request(list, at);
    if (texts.failed) ic_control_refuse(control, 500, "no memory");
    ic_buf_free(&texts);
}

void ic_control_clear_requests(ic_control *control) {
    ic_log_clear(control->log);
}
