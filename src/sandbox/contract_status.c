#include "contract_status.h"
#include "build.h"
#include "records.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY ((ic_time)24 * 60 * 60 * 1000)

/* What the status follows from. */
typedef struct terms {
    ic_time begins, expires, terminated, superseded; /* IC_TIME_NONE: not said */
    ic_time extended;                                /* until when it ran before the last extension */
    cJSON *renewal, *renewal_term, *renewals;        /* NULL: not said; owned */
} terms;

static ic_time date_of(const ic_record *record, const char *property) {
    ic_time time;
    cJSON *value = ic_record_value(record, property);
    bool read = ic_time_parse(cJSON_GetStringValue(value), &time);
    cJSON_Delete(value);
    return read ? time : IC_TIME_NONE;
}

/* An expiration date that is not said follows from the initial term. */
static ic_time expiration_of(const ic_record *record, ic_time begins) {
    ic_time expires = date_of(record, "expirationDate");
    if (expires != IC_TIME_NONE || begins == IC_TIME_NONE) return expires;
    cJSON *term = ic_record_value(record, "standard_initialTermLength");
    bool added = ic_time_add_duration(&begins, cJSON_GetStringValue(term));
    cJSON_Delete(term);
    return added ? begins : IC_TIME_NONE;
}

static void read_terms(const ic_record *record, terms *terms) {
    terms->begins = date_of(record, "effectiveDate");
    if (terms->begins == IC_TIME_NONE) terms->begins = date_of(record, "agreementDate");
    terms->expires = expiration_of(record, terms->begins);
    terms->terminated = date_of(record, "standard_terminationEffectiveDate");
    terms->superseded = date_of(record, "standard_supersessionEffectiveDate");
    terms->extended = ic_contract_extended(record);
    terms->renewal = ic_record_value(record, "standard_renewalType");
    terms->renewal_term = ic_record_value(record, "standard_renewalTermLength");
    terms->renewals = ic_record_value(record, "standard_renewalsRemaining");
}

static void free_terms(terms *terms) {
    cJSON_Delete(terms->renewal);
    cJSON_Delete(terms->renewal_term);
    cJSON_Delete(terms->renewals);
}

static bool renews_by(const terms *terms, const char *type) {
    return cJSON_IsString(terms->renewal) && strcmp(terms->renewal->valuestring, type) == 0;
}

/* Moves the expiration over the renewals that have happened by themselves. false: there is no further one. */
static bool renew(terms *terms, ic_time now) {
    const int most = cJSON_IsNumber(terms->renewals) ? terms->renewals->valueint : 10000;
    for (int i = 0; i < most; i++) {
        ic_time next = terms->expires;
        if (terms->expires > now) return true;
        if (!ic_time_add_duration(&next, cJSON_GetStringValue(terms->renewal_term)) || next <= terms->expires)
            return false;
        terms->expires = next;
    }
    return false;
}

static ic_contract_status status_of(terms *terms, ic_time now) {
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
    if (renews_by(terms, "Evergreen"))
        return (ic_contract_status){IC_CONTRACT_EVERGREEN, terms->begins, IC_TIME_NONE};
    if (terms->expires == IC_TIME_NONE)
        return (ic_contract_status){terms->begins == IC_TIME_NONE ? IC_CONTRACT_UNKNOWN : IC_CONTRACT_ACTIVE,
                                    terms->begins, IC_TIME_NONE};
    bool renews = renews_by(terms, "Auto-Renew") && renew(terms, now);
    ic_contract_state state = terms->expires <= now   ? IC_CONTRACT_EXPIRED
                              : renews                ? IC_CONTRACT_AUTO_RENEWING
                              : terms->extended > now ? IC_CONTRACT_EXTENDING
                                                      : IC_CONTRACT_EXPIRING;
    return (ic_contract_status){state, state == IC_CONTRACT_EXTENDING ? terms->extended : terms->expires,
                                terms->expires};
}

ic_contract_status ic_contract_status_of(const ic_world *world, const ic_record *record) {
    terms terms;
    read_terms(record, &terms);
    ic_contract_status status = status_of(&terms, ic_world_now(world));
    free_terms(&terms);
    return status;
}

/* --- as text --- */

static const struct state {
    const char *base, *enhanced;
} states[] = {
#define X(constant, base, enhanced) {base, enhanced},
    IC_CONTRACT_STATES(X)
#undef X
};

/* "Auto-renewing on" and so on; NULL: nothing to announce. */
static const char *const announcements[IC_CONTRACT_STATE_COUNT] = {
    [IC_CONTRACT_NUMBER_ACTIVATING] = "Activating",   [IC_CONTRACT_NUMBER_AUTO_RENEWING] = "Auto-renewing",
    [IC_CONTRACT_NUMBER_EXPIRING] = "Expiring",       [IC_CONTRACT_NUMBER_EXTENDING] = "Extending",
    [IC_CONTRACT_NUMBER_TERMINATING] = "Terminating", [IC_CONTRACT_NUMBER_SUPERSEDING] = "Superseding",
    [IC_CONTRACT_NUMBER_EXPIRED] = "Expired",         [IC_CONTRACT_NUMBER_TERMINATED] = "Terminated",
    [IC_CONTRACT_NUMBER_SUPERSEDED] = "Superseded",
};

static size_t number_of(ic_contract_state state) {
    size_t number = 0;
    while ((1 << number) != (int)state)
        number++;
    return number;
}

const char *ic_contract_state_name(ic_contract_state state) {
    return states[number_of(state)].enhanced;
}

/* "Auto-renewing on Jul 2, 2024": the month by its English name, whatever the locale. */
static void put_message(cJSON *view, const char *announcement, ic_time time) {
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int year, month, day;
    char message[64];
    if (sscanf(ic_time_print(time).text, "%d-%d-%d", &year, &month, &day) != 3) return;
    snprintf(message, sizeof message, "%s on %s %d, %d", announcement, months[month - 1], day, year);
    ic_put_text(view, "message", message);
}

cJSON *ic_contract_status_view(const ic_world *world, const ic_record *record) {
    ic_contract_status status = ic_contract_status_of(world, record);
    size_t number = number_of(status.state);
    ic_time now = ic_world_now(world);
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "status", states[number].base);
    ic_put_text(view, "enhancedStatus", states[number].enhanced);
    if (status.event == IC_TIME_NONE) return view;
    if (status.event > now) {
        char remaining[32];
        snprintf(remaining, sizeof remaining, "P%" PRId64 "D", (status.event - now + DAY - 1) / DAY);
        ic_put_text(view, "remainingDuration", remaining);
    }
    ic_put_text(view, "eventDate", ic_time_print(status.event).text);
    if (announcements[number]) put_message(view, announcements[number], status.event);
    return view;
}
