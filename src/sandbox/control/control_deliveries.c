/* Controls for the deliveries of events to webhooks. */
#include "core/base/text.h"
#include "core/base/url.h"
#include "sandbox/control/control.h"
#include "sandbox/webhooks/events.h"
#include "sandbox/webhooks/outbox_view.h"
#include "sandbox/webhooks/provider.h"
#include "sandbox/webhooks/signature.h"
#include "sandbox/webhooks/webhook_key.h"
#include <math.h>
#include <string.h>

/* --- what there is --- */

static void control_deliveries(ic_control *control) {
    control->answer = cJSON_CreateObject();
    ic_put(control->answer, "list", ic_outbox_view(control->company));
}

static void control_delivery_status(ic_control *control) {
    control->answer = ic_outbox_status(control->company);
}

static void control_clear_deliveries(ic_control *control) {
    ic_outbox_clear(control->company);
}

/* --- rules for new deliveries --- */

/* A whole number in its range, or `otherwise` when it is not given. -1: refused. */
static double control_delivery_number(ic_control *control, const char *name, double most, double least,
                                      double otherwise, bool whole) {
    double number = ic_control_number(control, name, otherwise);
    if (number >= least && number <= most && (!whole || number == floor(number))) return number;
    ic_control_refuse(control, 400, "'%s' must be %s from %.0f to %.0f", name,
                      whole ? "a whole number" : "a number", least, most);
    return -1;
}

static void control_hold_deliveries(ic_control *control) {
    control->company->outbox->held = true;
}

static void control_release_deliveries(ic_control *control) {
    const cJSON *ids = ic_json_member(control->arguments, "ids"), *id;
    cJSON_ArrayForEach(id, ids) {
        if (!cJSON_IsString(id) || !ic_outbox_find(control->company, id->valuestring)) {
            ic_control_refuse(control, 404, "there is no delivery of the event '%s'",
                              cJSON_IsString(id) ? id->valuestring : "(no id)");
            return;
        }
    }
    size_t count = ic_outbox_release(control->company, ids, ic_control_true(control, "reverse", false));
    control->answer = cJSON_CreateObject();
    ic_put_number(control->answer, "released", (double)count);
}

static void control_delay_deliveries(ic_control *control) {
    ic_outbox *outbox = control->company->outbox;
    double seconds = control_delivery_number(control, "seconds", 1e9, 0, outbox->delay, false);
    if (seconds < 0) return;
    outbox->delay = seconds;
    control->answer = cJSON_CreateObject();
    ic_put_number(control->answer, "seconds", seconds);
}

static void control_duplicate_deliveries(ic_control *control) {
    ic_outbox *outbox = control->company->outbox;
    double copies = control_delivery_number(control, "copies", IC_COPIES_MAX, 1, outbox->copies, true);
    if (copies < 0) return;
    outbox->copies = (unsigned)copies;
    control->answer = cJSON_CreateObject();
    ic_put_number(control->answer, "copies", copies);
}

static void control_deliveries_at_once(ic_control *control) {
    ic_outbox *outbox = control->company->outbox;
    double count = control_delivery_number(control, "count", IC_AT_ONCE_MAX, 1, outbox->at_once, true);
    if (count < 0) return;
    outbox->at_once = (unsigned)count;
    control->answer = cJSON_CreateObject();
    ic_put_number(control->answer, "count", count);
}

/* --- sending again --- */

static void control_redeliver(ic_control *control) {
    const char *id = ic_control_text(control, "id");
    const ic_delivery *delivery = ic_outbox_find(control->company, id);
    double times = control_delivery_number(control, "times", IC_COPIES_MAX, 1, 1, true);
    if (times < 0) return;
    if (!delivery)
        ic_control_refuse(control, 404, "there is no delivery of the event '%s'", id);
    else if (!ic_outbox_repeat(control->company, delivery, (size_t)times,
                               ic_control_true(control, "at_once", false)))
        ic_control_refuse(control, 500, "no memory, or the outbox is full");
}

static void control_rotate_webhook_key(ic_control *control) {
    ic_company_rotate_webhook_key(control->company);
}

/* --- any event --- */

/* The webhook that the arguments name by id or as a table. NULL: none, or refused. */
static const ic_webhook *control_event_webhook(ic_control *control) {
    const cJSON *given = ic_json_member(control->arguments, "webhook");
    if (!given) return NULL;
    const char *id = cJSON_IsString(given) ? given->valuestring : ic_json_string(given, "id");
    const ic_webhook *webhook = id ? ic_webhook_find(control->company, id) : NULL;
    if (!webhook) ic_control_refuse(control, 404, "there is no webhook '%s'", id ? id : "(no id)");
    return webhook;
}

static void control_event_changes(ic_control *control, ic_event_changes *changes) {
    const char *algorithm = ic_control_text(control, "algorithm"),
               *encoding = ic_control_text(control, "encoding");
    *changes = (ic_event_changes){
        .id = ic_control_text(control, "id"),
        .body = ic_control_text(control, "body"),
        .company_id = ic_control_text(control, "companyID"),
        .webhook_id = ic_control_text(control, "webhookID"),
        .hex = encoding && strcmp(encoding, "hex") == 0,
        .pretty = ic_control_true(control, "pretty", false),
        .forgery = ic_control_text(control, "forge"),
    };
    if (algorithm && !(changes->algorithm = ic_signature_algorithm(algorithm)))
        ic_control_refuse(control, 400,
                          "'algorithm' must be sha256, sha384, sha512, sha1, or one of them after RSA-");
    else if (changes->id && (!*changes->id || !ic_header_safe(changes->id)))
        ic_control_refuse(control, 400, "'id' must be text for a header");
    else if (changes->body && strlen(changes->body) > IC_DELIVERY_BODY_MAX)
        ic_control_refuse(control, 400, "'body' must be at most %zu bytes", IC_DELIVERY_BODY_MAX);
}

static bool control_event_is_changed(const ic_event_changes *changes) {
    return changes->id || changes->body || changes->company_id || changes->webhook_id || changes->algorithm ||
           changes->hex || changes->pretty || changes->forgery;
}

static cJSON *control_event_payload(const ic_control *control) {
    const cJSON *given = ic_json_member(control->arguments, "payload");
    cJSON *payload = given ? cJSON_Duplicate(given, true) : cJSON_CreateObject();
    cJSON_DeleteItemFromObjectCaseSensitive(payload, "event");
    return payload;
}

/* To all webhooks that want it, as when something happens; or changed, to one. */
static void control_send_event(ic_control *control) {
    ic_event_changes changes;
    control_event_changes(control, &changes);
    const ic_webhook *webhook = control_event_webhook(control);
    if (control->status) return;
    if (!webhook && ic_json_member(control->arguments, "webhook")) return;
    bool changed = control_event_is_changed(&changes);
    if (changed && !webhook) {
        ic_control_refuse(control, 400, "an event that is unlike Ironclad's needs a 'webhook' to go to");
        return;
    }
    ic_event event = {ic_control_text(control, "event"), control_event_payload(control)};
    control->answer = cJSON_CreateObject();
    if (!changed) {
        ic_put_number(control->answer, "deliveries",
                      (double)ic_event_emit(control->company, &event, webhook));
        return;
    }
    const ic_delivery *delivery = ic_event_send(control->company, &event, webhook, &changes);
    if (delivery)
        ic_put_text(control->answer, "id", delivery->event_id);
    else
        ic_control_refuse(control, 500, "no memory, or the outbox is full");
}

/* --- requests to a signature provider --- */

static void control_call_provider(ic_control *control) {
    const char *id = ic_control_text(control, "id"), *role = ic_control_text(control, "roleName");
    ic_provider_request request = {
        .url = ic_control_text(control, "url"),
        .operation = ic_control_text(control, "operation"),
        .id = id ? id : "00000000-0000-4000-8000-000000000000",
        .role = role ? role : "Signer",
        .forgery = ic_control_text(control, "forge"),
    };
    const char *objection = ic_url_objection(request.url, false);
    if (objection) ic_control_refuse(control, 400, "'url' %s", objection);
    if (strpbrk(request.url, "?#"))
        ic_control_refuse(control, 400, "'url' must not have a query or fragment");
    if (!ic_header_safe(request.id) || strpbrk(request.id, "/?#% "))
        ic_control_refuse(control, 400, "'id' must be text for a path");
    if (control->status) return;
    const ic_delivery *delivery = ic_provider_send(control->company, &request);
    if (!delivery) {
        ic_control_refuse(control, 500, "no memory, or the outbox is full");
        return;
    }
    control->answer = cJSON_CreateObject();
    ic_put_text(control->answer, "id", delivery->event_id);
}

/* --- the table --- */

#define X(name, what) name ": " what "; "
#define FORGERIES     IC_FORGERIES(X)

// clang-format off
const ic_action ic_delivery_actions[] = {
    {"deliveries", control_deliveries, {IC_ACTION_NO_FIELDS},
     "Answers `list`: the deliveries of events to enabled webhooks, in the order in which they are sent (at least the "
     "last 5,000). Each has id (of the event), event, webhook (its id), url, headers, body (text), state, attempts, "
     "and, if known, status (of the last answer), error (why none came) and next (when it is sent again). The states "
     "are pending, held, sending, delivered, failed (after the last retry), dropped (its webhook was disabled or "
     "deleted) and not_sent (its target is not on this machine).", true},
    {"delivery_status", control_delivery_status, {IC_ACTION_NO_FIELDS},
     "Answers how many deliveries are in each state, `settled` (whether none is being sent or due), and, if any waits "
     "for its time, `next` and `next_in` (seconds).", true},
    {"clear_deliveries", control_clear_deliveries, {IC_ACTION_NO_FIELDS},
     "Clears the list of deliveries; those that are still to be sent are not sent.", false},
    {"hold_deliveries", control_hold_deliveries, {IC_ACTION_NO_FIELDS},
     "Holds all deliveries to come until release_deliveries.", false},
    {"release_deliveries", control_release_deliveries,
     {IC_ACTION_OPTIONAL("ids", ARRAY), IC_ACTION_OPTIONAL("reverse", BOOLEAN)},
     "Sends what is held, in its order or in reverse, and holds nothing any more. With `ids` (of events) it sends "
     "only these, in this order. Answers `released`, their number.", false},
    {"delay_deliveries", control_delay_deliveries, {IC_ACTION_OPTIONAL("seconds", NUMBER)},
     "Sends each delivery `seconds` after its event, by the sandbox's clock. Answers `seconds`.", true},
    {"duplicate_deliveries", control_duplicate_deliveries, {IC_ACTION_OPTIONAL("copies", INTEGER)},
     "Sends each delivery `copies` times (default: once). Answers `copies`.", true},
    {"deliveries_at_once", control_deliveries_at_once, {IC_ACTION_OPTIONAL("count", INTEGER)},
     "How many deliveries one webhook may get at the same time (default: 1, so that they arrive in order). Answers "
     "`count`.", true},
    {"redeliver", control_redeliver,
     {IC_ACTION_REQUIRED("id", STRING), IC_ACTION_OPTIONAL("times", INTEGER), IC_ACTION_OPTIONAL("at_once", BOOLEAN)},
     "Sends the delivery of that event again, unchanged, `times` times (default: once); with `at_once` without waiting "
     "for other deliveries.", false},
    {"send_event", control_send_event,
     {IC_ACTION_REQUIRED("event", STRING), IC_ACTION_OPTIONAL("payload", OBJECT), IC_ACTION_OPTIONAL("webhook", ANY),
      IC_ACTION_OPTIONAL("id", STRING), IC_ACTION_OPTIONAL("body", STRING), IC_ACTION_OPTIONAL("companyID", STRING),
      IC_ACTION_OPTIONAL("webhookID", STRING), IC_ACTION_OPTIONAL("algorithm", STRING),
      {"encoding", IC_TYPE_STRING, 0, NULL, "base64 hex"}, IC_ACTION_OPTIONAL("pretty", BOOLEAN),
      {"forge", IC_TYPE_STRING, 0, NULL, IC_FORGERY_NAMES}},
     "Sends an event of any name and payload to the webhooks that want it, or to one (id, or its table). Answers "
     "`deliveries`, their number. To one webhook it can differ from Ironclad's: `id` of the event; `body` instead of "
     "the envelope; `companyID`, `webhookID` in the envelope; `algorithm` (sha256) and `encoding` (base64) of the "
     "signature; `pretty`: the body has white space, which the signed text has not. `forge` says how it is forged: key "
     "(signed with another key), signature (one bit of it is changed), body, event_id, nonce (changed after signing), "
     "unsigned (no verification header). It then answers `id`.", false},
    {"rotate_webhook_key", control_rotate_webhook_key, {IC_ACTION_NO_FIELDS},
     "Replaces the key pair that signs deliveries. What has been delivered stays as it was.", false},
    {"call_provider", control_call_provider,
     {IC_ACTION_REQUIRED("url", STRING), {"operation", IC_TYPE_STRING, IC_REQUIRED, NULL, IC_PROVIDER_OPERATIONS},
      IC_ACTION_OPTIONAL("id", STRING), IC_ACTION_OPTIONAL("roleName", STRING),
      {"forge", IC_TYPE_STRING, 0, NULL, IC_PROVIDER_FORGERIES}},
     "Sends a request to a signature provider of one's own at `url`, once: initiate, status, cancel, remind or document, "
     "for the signature request `id`. Its header X-Ironclad-Request-Signature is a guess, because Ironclad's page on it "
     "is known in part only. `forge`: key (signed with another key), body, path (changed after signing), unsigned. "
     "Answers `id`, that of the delivery.", false},
    IC_ACTION_END,
};
// clang-format on
