#include "core/engine/wait.h"
#include "core/engine/call_events.h"

/* A wait for a rate-limit permit that is as short as the shared Redis takes to answer is not noted. */
#define SHORT_WAIT 0.05 /* seconds */

static void wait_note(ic_call *call, const char *reason, double seconds) {
    ic_bucket bucket = call->request.bucket;
    ic_event_note(call, &(ic_event){.kind = IC_EVENT_WAIT,
                                    .seconds = seconds,
                                    .reason = reason,
                                    .bucket = bucket == IC_BUCKET_NONE ? NULL : ic_bucket_name(bucket)});
}

static void wait_begin(ic_call *call, ic_wait_reason reason, double seconds, double now) {
    call->waits = true;
    call->wait_reason = reason;
    call->wait_began = now;
    wait_note(call, ic_wait_reason_names[reason], seconds);
}

void ic_wait_for_in_flight(ic_call *call, double now) {
    wait_begin(call, IC_WAIT_IN_FLIGHT, -1, now);
}

void ic_wait_for_rate(ic_call *call, double seconds, double now) {
    if (!call->waits && seconds >= SHORT_WAIT) wait_begin(call, IC_WAIT_BUDGET, seconds, now);
}

void ic_wait_as_told(ic_call *call, double seconds, double now) {
    wait_begin(call, IC_WAIT_RETRY_AFTER, seconds, now);
}

void ic_wait_end(ic_call *call, double now) {
    if (!call->waits) return;
    call->waits = false;
    ic_stats_waited(call->wait_reason, call->request.bucket, now - call->wait_began);
}

void ic_wait_note_alone(ic_call *call) {
    wait_note(call, "shared", -1);
}
