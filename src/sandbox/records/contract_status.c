#include "sandbox/records/contract_status.h"
#include "sandbox/base/build.h"
#include "sandbox/records/record_properties.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RENEWALS_MAX 10000

/* The properties that the status follows from: X(constant, name). */
#define TERMS(X)                                                                                             \
    X(EFFECTIVE, "effectiveDate")                                                                            \
    X(AGREEMENT, "agreementDate")                                                                            \
    X(EXPIRATION, "expirationDate")                                                                          \
    X(INITIAL_TERM, "standard_initialTermLength")                                                            \
    X(TERMINATION, "standard_terminationEffectiveDate")                                                      \
    X(SUPERSESSION, "standard_supersessionEffectiveDate")                                                    \
    X(RENEWAL, "standard_renewalType")                                                                       \
    X(RENEWAL_TERM, "standard_renewalTermLength")                                                            \
    X(RENEWALS, "standard_renewalsRemaining")
#define X(constant, name) constant,
enum { TERMS(X) TERM_COUNT };
#undef X

typedef struct terms {
    cJSON *values[TERM_COUNT];                       /* NULL: not set */
    ic_time begins, expires, terminated, superseded; /* IC_TIME_NONE: not set */
    ic_time extended;                                /* the expiration before the last extension */
} terms;

static ic_time status_date(const cJSON *value) {
    ic_time time;
    return ic_time_parse(cJSON_GetStringValue(value), &time) ? time : IC_TIME_NONE;
}

/* Without an expiration date, it follows from the initial term. */
static ic_time status_expiration(const terms *terms) {
    ic_time expires = status_date(terms->values[EXPIRATION]), begins = terms->begins;
    if (expires != IC_TIME_NONE || begins == IC_TIME_NONE) return expires;
    return ic_time_add_duration(&begins, cJSON_GetStringValue(terms->values[INITIAL_TERM])) ? begins
                                                                                            : IC_TIME_NONE;
}

/* The expiration before the last action if that was `extend`; otherwise IC_TIME_NONE. */
static ic_time contract_extended(const ic_record *record) {
    ic_time time;
    if (!record->actions || strcmp(record->actions->name, "extend") != 0) return IC_TIME_NONE;
    const cJSON *before = ic_json_member(record->actions->before, "expirationDate");
    return ic_time_parse(ic_json_string(before, "value"), &time) ? time : IC_TIME_NONE;
}

static void status_read_terms(const ic_record *record, terms *terms) {
    static const char *const names[] = {
#define X(constant, name) [constant] = name,
        TERMS(X)
#undef X
    };
    ic_record_values(record, names, TERM_COUNT, terms->values);
    terms->begins = status_date(terms->values[EFFECTIVE]);
    if (terms->begins == IC_TIME_NONE) terms->begins = status_date(terms->values[AGREEMENT]);
    terms->expires = status_expiration(terms);
    terms->terminated = status_date(terms->values[TERMINATION]);
    terms->superseded = status_date(terms->values[SUPERSESSION]);
    terms->extended = contract_extended(record);
}

static void status_free_terms(terms *terms) {
    for (size_t i = 0; i < TERM_COUNT; i++)
        cJSON_Delete(terms->values[i]);
}

static bool status_renews_by(const terms *terms, const char *type) {
    const char *renewal = cJSON_GetStringValue(terms->values[RENEWAL]);
    return renewal && strcmp(renewal, type) == 0;
}

/* Moves the expiration past the automatic renewals up to `now`. false: no renewals are left. */
static bool status_renew(terms *terms, ic_time now) {
    const cJSON *renewals = terms->values[RENEWALS];
    const int most = cJSON_IsNumber(renewals) ? renewals->valueint : RENEWALS_MAX;
    for (int i = 0; i < most; i++) {
        ic_time next = terms->expires;
        if (terms->expires > now) return true;
        if (!ic_time_add_duration(&next, cJSON_GetStringValue(terms->values[RENEWAL_TERM])) ||
            next <= terms->expires)
            return false;
        terms->expires = next;
    }
    return false;
}

static ic_contract_status status_find(terms *terms, ic_time now) {
    if (terms->terminated != IC_TIME_NONE)
        return (ic_contract_status){terms->terminated <= now ? IC_CONTRACT_TERMINATED
                                                             : IC_CONTRACT_TERMINATING,
                                    terms->terminated, terms->expires};
    if (terms->superseded != IC_TIME_NONE)
        return (ic_contract_status){terms->superseded <= now ? IC_CONTRACT_SUPERSEDED
                                                             : IC_CONTRACT_SUPERSEDING,
                                    terms->superseded, terms->expires};
    if (terms->begins > now)
        return (ic_contract_status){IC_CONTRACT_ACTIVATING, terms->begins, terms->expires};
    if (status_renews_by(terms, "Evergreen"))
        return (ic_contract_status){IC_CONTRACT_EVERGREEN, terms->begins, IC_TIME_NONE};
    if (terms->expires == IC_TIME_NONE)
        return (ic_contract_status){terms->begins == IC_TIME_NONE ? IC_CONTRACT_UNKNOWN : IC_CONTRACT_ACTIVE,
                                    terms->begins, IC_TIME_NONE};
    bool renews = status_renews_by(terms, "Auto-Renew") && status_renew(terms, now);
    ic_contract_state state = terms->expires <= now   ? IC_CONTRACT_EXPIRED
                              : renews                ? IC_CONTRACT_AUTO_RENEWING
                              : terms->extended > now ? IC_CONTRACT_EXTENDING
                                                      : IC_CONTRACT_EXPIRING;
    return (ic_contract_status){state, state == IC_CONTRACT_EXTENDING ? terms->extended : terms->expires,
                                terms->expires};
}

ic_contract_status ic_contract_status_of(const ic_company *company, const ic_record *record) {
    terms terms;
    status_read_terms(record, &terms);
    ic_contract_status status = status_find(&terms, ic_company_now(company));
    status_free_terms(&terms);
    return status;
}

bool ic_contract_is_known(const ic_record *record) {
    terms terms;
    bool known = false;
    status_read_terms(record, &terms);
    for (size_t i = 0; i < TERM_COUNT; i++)
        known = known || terms.values[i];
    status_free_terms(&terms);
    return known;
}

/* --- as text --- */

static const struct state {
    const char *base, *enhanced;
} states[] = {
#define X(constant, base, enhanced) {base, enhanced},
    IC_CONTRACT_STATES(X)
#undef X
};

/* For the message "Auto-renewing on …". NULL: no message. */
static const char *const announcements[IC_CONTRACT_STATE_COUNT] = {
    [IC_CONTRACT_NUMBER_ACTIVATING] = "Activating",   [IC_CONTRACT_NUMBER_AUTO_RENEWING] = "Auto-renewing",
    [IC_CONTRACT_NUMBER_EXPIRING] = "Expiring",       [IC_CONTRACT_NUMBER_EXTENDING] = "Extending",
    [IC_CONTRACT_NUMBER_TERMINATING] = "Terminating", [IC_CONTRACT_NUMBER_SUPERSEDING] = "Superseding",
    [IC_CONTRACT_NUMBER_EXPIRED] = "Expired",         [IC_CONTRACT_NUMBER_TERMINATED] = "Terminated",
    [IC_CONTRACT_NUMBER_SUPERSEDED] = "Superseded",
};

static size_t status_number(ic_contract_state state) {
    size_t number = 0;
    while ((1 << number) != (int)state)
        number++;
    return number;
}

const char *ic_contract_state_name(ic_contract_state state) {
    return states[status_number(state)].enhanced;
}

/* "Auto-renewing on Jul 2, 2024". The month is English in every locale. */
static void status_put_message(cJSON *view, const char *announcement, const char *date) {
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char message[64];
    snprintf(message, sizeof message, "%s on %s %d, %d", announcement, months[atoi(date + 5) - 1],
             atoi(date + 8), atoi(date));
    ic_put_text(view, "message", message);
}

cJSON *ic_contract_status_view(const ic_company *company, const ic_record *record) {
    ic_contract_status status = ic_contract_status_of(company, record);
    size_t number = status_number(status.state);
    ic_time now = ic_company_now(company);
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "status", states[number].base);
    ic_put_text(view, "enhancedStatus", states[number].enhanced);
    if (status.event == IC_TIME_NONE) return view;
    if (status.event > now) {
        char remaining[32];
        snprintf(remaining, sizeof remaining, "P%" PRId64 "D", (status.event - now + IC_DAY - 1) / IC_DAY);
        ic_put_text(view, "remainingDuration", remaining);
    }
    ic_time_text date = ic_time_print(status.event);
    ic_put_text(view, "eventDate", date.text);
    if (announcements[number]) status_put_message(view, announcements[number], date.text);
    return view;
}
