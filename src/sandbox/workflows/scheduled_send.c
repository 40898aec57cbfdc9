/* Scheduled sending of a packet. */
#include "sandbox/workflows/archive_begin.h"
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/sign_status.h"

/* Reads the request; values that it does not give stay. */
typedef struct schedule {
    ic_time notify_at;
    int reminder_days;
} schedule;

static bool scheduled_send_refuse(ic_exchange *x, const char *param, const char *message) {
    ic_reply_error(x, 400, "INVALID_PARAM", param, "%s", message);
    return false;
}

static bool scheduled_send_read_notify_at(ic_exchange *x, schedule *wanted) {
    const char *text = ic_json_string(x->body, "notifyAt");
    if (!text) return true;
    if (!ic_time_parse(text, &wanted->notify_at))
        return scheduled_send_refuse(x, "notifyAt", "notifyAt must be an ISO 8601 timestamp");
    return wanted->notify_at > ic_company_now(x->company) ||
           scheduled_send_refuse(x, "notifyAt", "notifyAt must be in the future");
}

/* null removes the reminder. */
static bool scheduled_send_read_reminder(ic_exchange *x, schedule *wanted) {
    const cJSON *reminder = ic_json_member(x->body, "reminder");
    if (!reminder) return true;
    wanted->reminder_days = 0;
    if (cJSON_IsNull(reminder)) return true;
    const cJSON *days = ic_json_member(reminder, "daysBefore");
    if (!cJSON_IsNumber(days) || days->valuedouble != days->valueint || days->valueint < 1 ||
        days->valueint > 7)
        return scheduled_send_refuse(x, "reminder.daysBefore",
                                     "reminder.daysBefore must be an integer from 1 to 7");
    wanted->reminder_days = days->valueint;
    return true;
}

/* The workflow. Its packet must not have been sent, and must be scheduled or not, as `scheduled` says. NULL:
 * answered with an error. */
static ic_workflow *scheduled_send_find(ic_exchange *x, bool scheduled) {
    ic_workflow *workflow = ic_exchange_signing(x, true);
    if (!workflow) return NULL;
    const ic_packet *packet = workflow->packet;
    bool is_scheduled = packet->notify_at != IC_TIME_NONE;
    if (packet->sent)
        ic_reply_invalid_state(x, "The signature request has been sent already.");
    else if (is_scheduled && !scheduled)
        ic_reply_invalid_state(x, "The signature request is scheduled already.");
    else if (!is_scheduled && scheduled)
        ic_reply_invalid_state(x, "The signature request is not scheduled.");
    else
        return workflow;
    return NULL;
}

static void scheduled_send_apply(ic_exchange *x, ic_workflow *workflow) {
    ic_packet *packet = workflow->packet;
    schedule wanted = {.notify_at = packet->notify_at, .reminder_days = packet->reminder_days};
    if (!scheduled_send_read_notify_at(x, &wanted) || !scheduled_send_read_reminder(x, &wanted)) return;
    bool awaited = ic_company_await(x->company, workflow);
    if (awaited) {
        packet->notify_at = wanted.notify_at;
        packet->reminder_days = wanted.reminder_days;
        workflow->updated = ic_company_now(x->company);
    }
    ic_reply_sign_status(x, workflow, awaited);
}

void ic_scheduled_send_create(ic_exchange *x) {
    ic_workflow *workflow = scheduled_send_find(x, false);
    if (workflow) scheduled_send_apply(x, workflow);
}

void ic_scheduled_send_update(ic_exchange *x) {
    ic_workflow *workflow = scheduled_send_find(x, true);
    if (!workflow) return;
    if (ic_json_member(x->body, "notifyAt") || ic_json_member(x->body, "reminder"))
        scheduled_send_apply(x, workflow);
    else
        ic_reply_error(x, 400, "MISSING_PARAM", "notifyAt", "missing notifyAt or reminder");
}

void ic_scheduled_send_delete(ic_exchange *x) {
    ic_workflow *workflow = scheduled_send_find(x, true);
    if (!workflow) return;
    workflow->packet->notify_at = IC_TIME_NONE;
    workflow->packet->reminder_days = 0;
    workflow->updated = ic_company_now(x->company);
    ic_reply_sign_status(x, workflow, true);
}
