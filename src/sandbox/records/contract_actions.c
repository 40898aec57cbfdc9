/* Actions on a contract: activate, terminate and so on. Each changes properties of the record; the contract
 * status follows from the properties. Actions are kept so that they can be undone. Source:
 * run-an-action-on-a-record in the public document. */
#include "core/base/alloc.h"
#include "sandbox/base/values.h"
#include "sandbox/records/contract_status.h"
#include "sandbox/records/handlers.h"
#include "sandbox/records/record_exchange.h"
#include "sandbox/records/record_properties.h"
#include "sandbox/webhooks/events.h"
#include <stdio.h>
#include <string.h>

/* --- the actions --- */

#define RENEWAL_TYPE "standard_renewalType otherRenewalType"
#define RENEWAL                                                                                              \
    "standard_renewalsRemaining standard_renewalOptOutDate standard_renewalOptOutPeriod "                    \
    "standard_renewalTermLength"
#define TERM "standard_initialTermLength expirationDate"
#define LIVE                                                                                                 \
    (IC_CONTRACT_ACTIVE | IC_CONTRACT_EVERGREEN | IC_CONTRACT_AUTO_RENEWING | IC_CONTRACT_EXPIRING |         \
     IC_CONTRACT_EXTENDING)

typedef struct action {
    const char *name, *required, *allowed; /* properties, separated by spaces */
    bool open;                             /* takes all other record properties too */
    unsigned from;                         /* bits: the states it can start from */
    /* Adds derived properties to `changes`. false: an error is set as the reply. NULL: nothing to derive. */
    bool (*derive)(ic_exchange *x, const ic_record *record, cJSON *changes);
} action;

#define UNDO   "undo"
#define UNDONE "standard_undoObligationAction"

/* The types of properties that actions take. Other properties have their type in the record schema. */
static const struct rule {
    const char *name, *type;
} rules[] = {
    {"effectiveDate", "date"},
    {"expirationDate", "date"},
    {"otherRenewalType", "string"},
    {"standard_initialTermLength", "duration"},
    {"standard_renewalOptOutDate", "date"},
    {"standard_renewalOptOutPeriod", "duration"},
    {"standard_renewalTermLength", "duration"},
    {"standard_renewalType", "string"},
    {"standard_renewalsRemaining", "number"},
    {"standard_supersededDate", "date"},
    {"standard_supersedingRecordId", "string"},
    {"standard_supersessionEffectiveDate", "date"},
    {"standard_terminatedDate", "date"},
    {"standard_terminatingRecordId", "string"},
    {"standard_terminationEffectiveDate", "date"},
    {"standard_terminationNoticePeriod", "duration"},
    {UNDONE, "string"},
};

/* --- derived properties --- */

static bool action_refuse(ic_exchange *x, const char *code, const char *name, const char *message) {
    char param[128];
    snprintf(param, sizeof param, "properties.%.100s", name);
    ic_reply_error(x, 400, code, param, "%s", message);
    return false;
}

static bool action_put_property(ic_exchange *x, cJSON *changes, const char *name, const char *type,
                                cJSON *value) {
    cJSON *property = cJSON_CreateObject();
    ic_put_text(property, "type", type);
    ic_put(property, "value", value);
    if (ic_set(changes, name, property)) return true;
    ic_reply_no_memory(x);
    return false;
}

static bool action_put_date(ic_exchange *x, cJSON *changes, const char *name, ic_time time) {
    return action_put_property(x, changes, name, "date", cJSON_CreateString(ic_time_print(time).text));
}

/* A contract without a date begins now. */
static bool action_derive_activation(ic_exchange *x, const ic_record *record, cJSON *changes) {
    static const char *const dates[] = {"effectiveDate", "agreementDate"};
    for (const ic_contract_action *done = record->actions; done; done = done->earlier)
        if (strcmp(done->name, "activate") == 0) {
            ic_reply_error(x, 400, "INVALID_STATE", "type", "the contract has been activated already");
            return false;
        }
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        cJSON *value = ic_record_value(record, dates[i]);
        bool said = value || ic_json_member(changes, dates[i]);
        cJSON_Delete(value);
        if (said) return true;
    }
    return action_put_date(x, changes, dates[0], ic_company_now(x->company));
}

/* Moves the expiration by the renewal term and uses up one renewal. */
static bool action_derive_extension(ic_exchange *x, const ic_record *record, cJSON *changes) {
    ic_time expires = ic_contract_status_of(x->company, record).expires;
    cJSON *kept = ic_record_value(record, "standard_renewalTermLength");
    cJSON *renewals = ic_record_value(record, "standard_renewalsRemaining");
    const char *given = ic_json_string(ic_json_member(changes, "standard_renewalTermLength"), "value");
    const char *term = given ? given : cJSON_GetStringValue(kept);
    bool done = false;
    if (!term)
        action_refuse(x, "MISSING_PARAM", "standard_renewalTermLength",
                      "the contract has no renewal term: say how long");
    else if (cJSON_IsNumber(renewals) && renewals->valuedouble < 1)
        ic_reply_error(x, 400, "INVALID_STATE", "type", "the contract has no renewals left");
    else if (!ic_time_add_duration(&expires, term))
        action_refuse(x, "INVALID_PARAM", "standard_renewalTermLength", "the term ends beyond the year 9999");
    else
        done = action_put_date(x, changes, "expirationDate", expires) &&
               (!cJSON_IsNumber(renewals) ||
                action_put_property(x, changes, "standard_renewalsRemaining", "number",
                                    cJSON_CreateNumber(renewals->valuedouble - 1)));
    cJSON_Delete(kept);
    cJSON_Delete(renewals);
    return done;
}

static bool action_derive_cancellation(ic_exchange *x, const ic_record *record, cJSON *changes) {
    ic_time expires = ic_contract_status_of(x->company, record).expires;
    return action_put_date(x, changes, "expirationDate", expires) &&
           action_put_property(x, changes, "standard_renewalType", "string", cJSON_CreateString("None"));
}

/* --- the table --- */

static const action actions[] = {
    {"activate", "standard_renewalType",
     "effectiveDate standard_terminationNoticePeriod " RENEWAL_TYPE " " RENEWAL " " TERM, true,
     LIVE | IC_CONTRACT_UNKNOWN | IC_CONTRACT_ACTIVATING | IC_CONTRACT_EXPIRED, action_derive_activation},
    {"terminate", "standard_terminatedDate standard_terminationEffectiveDate",
     "standard_terminatedDate standard_terminationEffectiveDate standard_terminatingRecordId", false,
     LIVE | IC_CONTRACT_ACTIVATING, NULL},
    {"supersede", "standard_supersededDate standard_supersessionEffectiveDate",
     "standard_supersededDate standard_supersessionEffectiveDate standard_supersedingRecordId", true, LIVE,
     NULL},
    {"extend", "", "standard_renewalTermLength", false,
     IC_CONTRACT_AUTO_RENEWING | IC_CONTRACT_EXPIRING | IC_CONTRACT_EXTENDING, action_derive_extension},
    {"cancelAutoRenewal", "", "", false, IC_CONTRACT_AUTO_RENEWING, action_derive_cancellation},
    {"editRenewal", "standard_renewalType", RENEWAL_TYPE " " RENEWAL " " TERM, false, LIVE, NULL},
};

/* --- reading --- */

static const char *action_value_type(const ic_exchange *x, const action *action, const char *name) {
    if (ic_is_choice(action->allowed, name))
        for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
            if (strcmp(rules[i].name, name) == 0) return rules[i].type;
    return action->open ? ic_json_string(ic_json_member(x->company->record_properties, name), "type") : NULL;
}

/* Checks of single properties beyond their type. */
static bool action_check_value(ic_exchange *x, const char *name, const char *value) {
    static const char *const renewals[] = {"Auto-Renew", "Optional Extension", "Evergreen", "None", "Other"};
    if (strcmp(name, "standard_renewalType") == 0) {
        for (size_t i = 0; i < sizeof renewals / sizeof renewals[0]; i++)
            if (strcmp(renewals[i], value) == 0) return true;
        return action_refuse(x, "INVALID_PARAM", name,
                             "value must be one of [Auto-Renew, Optional Extension, Evergreen, None, Other]");
    }
    if (strstr(name, "ingRecordId") && !ic_company_record(x->company, value))
        return action_refuse(x, "INVALID_PARAM", name, "couldn't find a record matching the id");
    return true;
}

static bool action_check_property(ic_exchange *x, const action *action, const cJSON *given) {
    const char *type = action_value_type(x, action, given->string), *said = ic_json_string(given, "type");
    const cJSON *value = ic_json_member(given, "value");
    if (!type)
        return action_refuse(x, "INVALID_PARAM", given->string, "the action does not take this property");
    if (!said || !value)
        return action_refuse(x, "MISSING_PARAM", given->string, "expected an object with a type and a value");
    if (strcmp(said, type) != 0 || !ic_value_fits(type, value)) {
        char message[64];
        snprintf(message, sizeof message, "expected a value of type %s", type);
        return action_refuse(x, "INVALID_PARAM", given->string, message);
    }
    return !cJSON_IsString(value) || action_check_value(x, given->string, value->valuestring);
}

static bool action_check_properties(ic_exchange *x, const action *action) {
    const cJSON *properties = ic_json_member(x->body, "properties"), *given;
    for (const char *at = action->required; *at;) {
        char name[64];
        size_t length = strcspn(at, " ");
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        if (!ic_json_member(properties, name))
            return action_refuse(x, "MISSING_PARAM", name, "missing required property");
        at += length + (at[length] == ' ');
    }
    cJSON_ArrayForEach(given, properties) {
        if (!action_check_property(x, action, given)) return false;
    }
    return true;
}

/* --- doing and undoing --- */

/* A copy of {type, value} in the form that records store. */
static cJSON *action_as_kept(const cJSON *property) {
    cJSON *kept = cJSON_Duplicate(property, true);
    const char *type = ic_json_string(kept, "type");
    const cJSON *given = ic_json_member(kept, "value");
    cJSON *value = type && given ? ic_value_as_kept(type, given) : NULL;
    if (value && !cJSON_ReplaceItemInObjectCaseSensitive(kept, "value", value)) cJSON_Delete(value);
    return kept;
}

/* Applies the changes to the record's properties (null removes one). Returns the old values. NULL: no memory,
 * and nothing has changed. */
static cJSON *action_swap_properties(ic_exchange *x, ic_record *record, const cJSON *changes) {
    cJSON *properties = ic_json_parse(record->properties, strlen(record->properties), NULL);
    cJSON *before = cJSON_CreateObject();
    const cJSON *change;
    bool good = properties && before;
    cJSON_ArrayForEach(change, changes) {
        cJSON *old = cJSON_DetachItemFromObjectCaseSensitive(properties, change->string);
        good = ic_set(before, change->string, old ? old : cJSON_CreateNull()) && good;
        if (!cJSON_IsNull(change)) good = ic_set(properties, change->string, action_as_kept(change)) && good;
    }
    good = good && ic_record_replace_properties(x->company, record, properties);
    cJSON_Delete(properties);
    if (good) return before;
    cJSON_Delete(before);
    return NULL;
}

static void action_emit_event(ic_exchange *x, const ic_record *record, ic_contract_state before) {
    if (ic_contract_status_of(x->company, record).state == before) return;
    cJSON *payload = cJSON_CreateObject();
    ic_put_text(payload, "recordID", record->id);
    ic_event_emit(x->company, &(ic_event){.name = "record_contract_status_changed", .payload = payload},
                  NULL);
}

/* Ironclad's reply is the request's body. */
static void action_reply_done(ic_exchange *x) {
    cJSON *answer = x->body;
    x->body = NULL;
    ic_reply_json(x, 200, answer);
}

static void action_apply(ic_exchange *x, ic_record *record, const char *name, const cJSON *changes) {
    ic_contract_action *done = ic_calloc(1, sizeof *done);
    ic_contract_state state = ic_contract_status_of(x->company, record).state;
    cJSON *before = done ? action_swap_properties(x, record, changes) : NULL;
    if (!before) {
        ic_free(done);
        ic_reply_no_memory(x);
        return;
    }
    *done = (ic_contract_action){.name = name, .before = before, .earlier = record->actions};
    record->actions = done;
    action_emit_event(x, record, state);
    action_reply_done(x);
}

static void action_run(ic_exchange *x, ic_record *record, const action *action) {
    const cJSON *properties = ic_json_member(x->body, "properties");
    ic_contract_state state = ic_contract_status_of(x->company, record).state;
    if (!action_check_properties(x, action)) return;
    if (!(action->from & state)) {
        ic_reply_error(x, 400, "INVALID_STATE", "type", "cannot %s a contract that is %s", action->name,
                       ic_contract_state_name(state));
        return;
    }
    cJSON *changes = properties ? cJSON_Duplicate(properties, true) : cJSON_CreateObject();
    if (!changes)
        ic_reply_no_memory(x);
    else if (!action->derive || action->derive(x, record, changes))
        action_apply(x, record, action->name, changes);
    cJSON_Delete(changes);
}

/* Undoes the last action. The undo itself can be undone. */
static void action_undo(ic_exchange *x, ic_record *record) {
    static const action undoing = {.name = UNDO, .required = UNDONE, .allowed = UNDONE};
    if (!action_check_properties(x, &undoing)) return;
    const cJSON *given = ic_json_member(ic_json_member(x->body, "properties"), UNDONE);
    const char *wanted = ic_json_string(given, "value");
    ic_contract_action *last = record->actions;
    if (last && strcmp(last->name, UNDO) == 0 && strcmp(wanted, UNDO) != 0) last = last->earlier;
    if (!last || strcmp(last->name, wanted) != 0) {
        ic_reply_error(x, 400, "INVALID_STATE", "properties." UNDONE,
                       "the last action on the contract is %s, not %s", last ? last->name : "none", wanted);
        return;
    }
    ic_contract_action *undone = ic_calloc(1, sizeof *undone);
    ic_contract_state state = ic_contract_status_of(x->company, record).state;
    cJSON *before = undone ? action_swap_properties(x, record, last->before) : NULL;
    if (!before) {
        ic_free(undone);
        ic_reply_no_memory(x);
        return;
    }
    *undone = (ic_contract_action){.name = UNDO, .before = before, .earlier = last->earlier};
    last->earlier = NULL;
    ic_contract_action *forgotten = record->actions; /* the undone action, and an undo before it */
    record->actions = undone;
    ic_contract_actions_free(forgotten);
    action_emit_event(x, record, state);
    action_reply_done(x);
}

/* Companies without obligations have no actions, and a record without contract data can only be activated. */
static bool action_has_obligations(ic_exchange *x, const ic_record *record, const char *type) {
    if (ic_company_entitled(x->company, "obligations") &&
        (!record || strcmp(type, "activate") == 0 || ic_contract_is_known(record)))
        return true;
    ic_reply_error(x, 404, "NOT_FOUND", NULL, "no obligations found");
    return false;
}

void ic_contract_actions_run(ic_exchange *x) {
    const char *type = ic_json_string(x->body, "type");
    const action *action = actions, *end = actions + sizeof actions / sizeof actions[0];
    if (!action_has_obligations(x, NULL, type) || (x->user && !ic_exchange_may_edit(x)))
        return; /* may come without an actor */
    ic_record *record = ic_exchange_record(x, 404);
    if (!record) return;
    while (action < end && strcmp(action->name, type) != 0)
        action++;
    if (action < end || strcmp(type, UNDO) == 0)
        if (!action_has_obligations(x, record, type)) return;
    if (action < end)
        action_run(x, record, action);
    else if (strcmp(type, UNDO) == 0)
        action_undo(x, record);
    else
        ic_reply_error(x, 400, "INVALID_PARAM", "type",
                       "invalid type; value must be one of [activate, terminate, supersede, extend, "
                       "cancelAutoRenewal, editRenewal, undo]");
}
