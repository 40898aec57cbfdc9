/* Controls of Clickwrap: what people do in its web app, and faults. */
#include "core/base/text.h"
#include "sandbox/clickwrap/account.h"
#include "sandbox/clickwrap/contract.h"
#include "sandbox/clickwrap/events.h"
#include "sandbox/clickwrap/group.h"
#include "sandbox/clickwrap/requests.h"
#include "sandbox/clickwrap/version.h"
#include "sandbox/clickwrap/versions.h"
#include "sandbox/control/control.h"
#include "sandbox/webhooks/webhook.h"
#include <stdio.h>
#include <string.h>

/* The company's Clickwrap, up to date; NULL: refused. */
static ic_clickwrap *clickwrap_of(ic_control *control) {
    ic_clickwrap *clickwrap = ic_clickwrap_of(control->company);
    if (clickwrap)
        ic_clickwrap_settle(control->company);
    else
        ic_control_refuse(control, 500, "no memory");
    return clickwrap;
}

/* The thing that an argument names by key or id; NULL: refused. */
static cJSON *clickwrap_named(ic_control *control, ic_cw_kind kind, const char *argument) {
    char id[32];
    const cJSON *given = ic_json_member(control->arguments, argument);
    const char *text =
        cJSON_IsString(given) ? given->valuestring : ic_cw_text(control->arguments, argument, id, sizeof id);
    const ic_clickwrap *clickwrap = control->company->clickwrap;
    cJSON *thing = ic_cw_find(clickwrap, kind, "key", text);
    if (!thing) thing = ic_cw_by_id(clickwrap, kind, text);
    if (!thing) ic_control_refuse(control, 404, "there is no %s '%s'", argument, text);
    return thing;
}

/* Sets the members that the arguments give. */
static void clickwrap_set(const ic_control *control, cJSON *thing, const char *const *names) {
    for (; *names; names++) {
        const char *text = ic_control_text(control, *names);
        if (text) ic_cw_set_text(thing, *names, text);
    }
}

static void clickwrap_answer(ic_control *control, const cJSON *version) {
    control->answer = ic_cw_view(version);
}

static const char *const clickwrap_texts[] = {"title", "body", "change_summary", NULL};

/* The contract's draft, made if its latest version is published. NULL: no memory. */
static cJSON *clickwrap_draft(ic_control *control, cJSON *contract) {
    cJSON *latest = ic_cw_latest(control->company->clickwrap, contract);
    const char *status = ic_json_string(latest, "status");
    if (status && strcmp(status, "draft") == 0) return latest;
    cJSON *draft = ic_cw_draft(control->company, contract, ic_control_true(control, "major", false));
    const char *body = ic_json_string(latest, "body");
    if (body) ic_cw_set_text(draft, "body", body);
    return ic_cw_draft_keep(control->company, contract, draft);
}

/* Refuses when there was no memory. Returns whether there was. */
static bool clickwrap_done(ic_control *control, bool done) {
    if (!done) ic_control_refuse(control, 500, "no memory");
    return done;
}

/* The draft with the changes in the arguments; NULL: refused. */
static cJSON *clickwrap_edit(ic_control *control, cJSON **contract) {
    *contract = clickwrap_of(control) ? clickwrap_named(control, IC_CW_CONTRACT, "contract") : NULL;
    if (!*contract) return NULL;
    cJSON *draft = clickwrap_draft(control, *contract), *copy = draft ? ic_cw_edit(draft) : NULL;
    if (copy) clickwrap_set(control, copy, clickwrap_texts);
    return clickwrap_done(control, copy && ic_cw_commit(draft, copy)) ? draft : NULL;
}

static void control_clickwrap_edit(ic_control *control) {
    cJSON *contract, *draft = clickwrap_edit(control, &contract);
    if (draft) clickwrap_answer(control, draft);
}

static void control_clickwrap_publish(ic_control *control) {
    cJSON *contract, *draft = clickwrap_edit(control, &contract);
    if (draft && clickwrap_done(control, ic_cw_publish(control->company, contract, draft)))
        clickwrap_answer(control, draft);
}

/* Publishes a group, with one more contract if one is given. false: refused. */
static bool clickwrap_publish_group(ic_control *control, cJSON *group, const cJSON *contract) {
    cJSON *copy = ic_cw_edit(group);
    if (contract) ic_cw_group_add(copy, contract);
    ic_cw_group_publish(control->company, copy);
    if (!clickwrap_done(control, ic_cw_commit(group, copy))) return false;
    ic_cw_note_group(control->company, group);
    return true;
}

static void control_clickwrap_publish_group(ic_control *control) {
    cJSON *group = clickwrap_of(control) ? clickwrap_named(control, IC_CW_GROUP, "group") : NULL;
    if (group && clickwrap_publish_group(control, group, NULL)) clickwrap_answer(control, group);
}

static void control_clickwrap_add_contract(ic_control *control) {
    cJSON *group = clickwrap_of(control) ? clickwrap_named(control, IC_CW_GROUP, "group") : NULL;
    const char *body = ic_control_text(control, "body"), *key = ic_control_text(control, "key");
    ic_company *company = control->company;
    if (!group) return;
    if (ic_cw_find(control->company->clickwrap, IC_CW_CONTRACT, "key", key)) {
        ic_control_refuse(control, 409, "there is a contract '%s' already", key);
        return;
    }
    cJSON *contract = ic_cw_new_contract(company, key, ic_control_text(control, "title")),
          *version = ic_cw_draft(company, contract, true);
    ic_cw_set_text(version, "body", body ? body : "<p>…</p>");
    contract = ic_cw_keep_contract(company, contract, version);
    if (clickwrap_done(control, contract && ic_cw_publish(company, contract, version)) &&
        clickwrap_publish_group(control, group, contract))
        clickwrap_answer(control, contract);
}

static void control_clickwrap_webhook(ic_control *control) {
    const cJSON *events = ic_json_member(control->arguments, "events");
    const char *method = ic_control_text(control, "method");
    cJSON *all = cJSON_CreateArray();
    if (!clickwrap_of(control)) {
        cJSON_Delete(all);
        return;
    }
    ic_append(all, cJSON_CreateString("*"));
    const ic_webhook *made =
        ic_integration_new(control->company, ic_control_text(control, "url"), events ? events : all,
                           ic_control_text(control, "token"), method && strcmp(method, "GET") == 0);
    cJSON_Delete(all);
    if (!made) {
        ic_control_refuse(control, 500, "no memory");
        return;
    }
    control->answer = cJSON_CreateObject();
    ic_put_text(control->answer, "id", made->id);
}

/* The button that sends a test event. */
static void control_clickwrap_test_webhook(ic_control *control) {
    const char *id = ic_control_text(control, "id");
    if (!clickwrap_of(control)) return;
    const ic_webhook *integration = ic_webhook_find(control->company, id);
    if (!integration || !integration->clickwrap)
        ic_control_refuse(control, 404, "there is no integration '%s'", id);
    else if (clickwrap_done(control, ic_cw_send_test(control->company, integration)))
        control->answer = cJSON_CreateObject();
}

/* A signer of a request signs it, on the page that the request's link leads to. */
static void control_clickwrap_sign(ic_control *control) {
    const char *id = ic_control_text(control, "request"), *signer = ic_control_text(control, "signer");
    ic_clickwrap *clickwrap = clickwrap_of(control);
    cJSON *request = clickwrap ? ic_cw_by_id(clickwrap, IC_CW_REQUEST, id) : NULL;
    const char *objection = request ? ic_cw_request_objection(request, signer) : NULL;
    if (!clickwrap) return;
    if (!request) {
        ic_control_refuse(control, 404, "there is no request '%s'", id);
    } else if (objection) {
        ic_control_refuse(control, 409, "%s", objection);
    } else if (clickwrap_done(control, ic_cw_request_sign(control->company, request, signer))) {
        clickwrap_answer(control, request);
    }
}

/* --- settings --- */

static void clickwrap_behave(ic_control *control, ic_clickwrap *clickwrap) {
    clickwrap->has_sync = ic_control_true(control, "sync", clickwrap->has_sync);
    clickwrap->away = ic_control_true(control, "away", clickwrap->away);
    clickwrap->lose = (unsigned)ic_control_number(control, "lose", clickwrap->lose);
    clickwrap->store_seconds = ic_control_number(control, "store_seconds", clickwrap->store_seconds);
    clickwrap->request_seconds = ic_control_number(control, "request_seconds", clickwrap->request_seconds);
}

/* Sets the limits of the buckets that are named: {"clickwrap:rest": 10}. */
static bool clickwrap_set_limits(ic_control *control, ic_clickwrap *clickwrap) {
    const cJSON *item;
    cJSON_ArrayForEach(item, ic_json_member(control->arguments, "limits")) {
        int bucket = IC_BUCKET_NONE + 1;
        while (bucket < IC_BUCKET_COUNT && strcmp(ic_bucket_name((ic_bucket)bucket), item->string) != 0)
            bucket++;
        if (bucket == IC_BUCKET_COUNT || !cJSON_IsNumber(item) || !(item->valuedouble >= 0)) {
            ic_control_refuse(control, 400, "limits: '%s' is no bucket with a number", item->string);
            return false;
        }
        clickwrap->limits.buckets[bucket] = (ic_cw_window){.limit = (size_t)item->valuedouble};
    }
    return true;
}

static void control_clickwrap_settings(ic_control *control) {
    char site[64];
    ic_clickwrap *clickwrap = clickwrap_of(control);
    if (!clickwrap || !clickwrap_set_limits(control, clickwrap)) return;
    clickwrap_behave(control, clickwrap);
    ic_clickwrap_settle(control->company);
    cJSON *answer = control->answer = cJSON_CreateObject();
    ic_put_text(answer, "url", control->company->clickwrap_url);
    ic_put_text(answer, "site_access_id",
                ic_cw_text(clickwrap->lists[IC_CW_SITE]->child, "access_id", site, sizeof site));
    ic_put_text(answer, "api_token", clickwrap->token);
    ic_put_bool(answer, "sync", clickwrap->has_sync);
    ic_put_bool(answer, "away", clickwrap->away);
    ic_put_number(answer, "lose", clickwrap->lose);
    ic_put_number(answer, "store_seconds", clickwrap->store_seconds);
    ic_put_number(answer, "request_seconds", clickwrap->request_seconds);
    ic_put_number(answer, "waiting", cJSON_GetArraySize(clickwrap->waiting));
    ic_put_number(answer, "refused", (double)clickwrap->limits.refused);
}

/* --- the table --- */

// clang-format off
const ic_action ic_clickwrap_actions[] = {
    {"clickwrap_settings", control_clickwrap_settings,
     {IC_ACTION_OPTIONAL("store_seconds", NUMBER), IC_ACTION_OPTIONAL("sync", BOOLEAN),
      IC_ACTION_OPTIONAL("lose", INTEGER), IC_ACTION_OPTIONAL("away", BOOLEAN),
      IC_ACTION_OPTIONAL("request_seconds", NUMBER), IC_ACTION_OPTIONAL("limits", OBJECT)},
     "How Clickwrap behaves: seconds of the sandbox's time until what /send received is stored; whether there is a "
     "/send/sync; how many accepted requests are not stored; whether it answers at all; seconds for which a "
     "signature request can be signed after it was sent; its limits by bucket (\"clickwrap:rest\", …; 0: none). Answers its url, site_access_id, api_token and these settings, with `waiting` "
     "and `refused`.", true},
    {"clickwrap_publish", control_clickwrap_publish,
     {IC_ACTION_REQUIRED("contract", ANY), IC_ACTION_OPTIONAL("major", BOOLEAN), IC_ACTION_OPTIONAL("title", STRING),
      IC_ACTION_OPTIONAL("body", STRING), IC_ACTION_OPTIONAL("change_summary", STRING)},
     "Publishes a new version of a contract (its key or id), minor unless `major`; an existing draft first. Answers "
     "the version.", false},
    {"clickwrap_edit", control_clickwrap_edit,
     {IC_ACTION_REQUIRED("contract", ANY), IC_ACTION_OPTIONAL("major", BOOLEAN), IC_ACTION_OPTIONAL("title", STRING),
      IC_ACTION_OPTIONAL("body", STRING), IC_ACTION_OPTIONAL("change_summary", STRING)},
     "Changes a contract's draft, or begins one. Answers the version.", false},
    {"clickwrap_publish_group", control_clickwrap_publish_group, {IC_ACTION_REQUIRED("group", ANY)},
     "Publishes a group (its key or id). Answers it.", false},
    {"clickwrap_add_contract", control_clickwrap_add_contract,
     {IC_ACTION_REQUIRED("group", ANY), IC_ACTION_REQUIRED("key", STRING), IC_ACTION_REQUIRED("title", STRING),
      IC_ACTION_OPTIONAL("body", STRING)},
     "Adds a new contract with a published version to a group, and publishes the group. Answers the contract.", false},
    {"clickwrap_webhook", control_clickwrap_webhook,
     {IC_ACTION_REQUIRED("url", STRING), IC_ACTION_OPTIONAL("token", STRING), IC_ACTION_OPTIONAL("method", STRING),
      IC_ACTION_OPTIONAL("events", ARRAY)},
     "Sets up an integration that gets events of Clickwrap, by POST or GET, with a token in Pactsafe-Webhook-Token. "
     "Answers its id.", false},
    {"clickwrap_test_webhook", control_clickwrap_test_webhook, {IC_ACTION_REQUIRED("id", STRING)},
     "Sends a test event to an integration (the id that clickwrap_webhook answered).", false},
    {"clickwrap_sign", control_clickwrap_sign,
     {IC_ACTION_REQUIRED("request", STRING), IC_ACTION_REQUIRED("signer", STRING)},
     "A signer (signer_id) signs a signature request that was sent: accepts the published versions of its contracts. "
     "Answers the request.", false},
    IC_ACTION_END,
};
// clang-format on
