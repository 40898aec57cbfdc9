/* Controls for the sandbox's time. */
#include "sandbox/control/control.h"

static void control_answer_now(ic_control *control) {
    control->answer = cJSON_CreateObject();
    ic_put_text(control->answer, "now", ic_time_print(ic_company_now(control->company)).text);
    ic_put_bool(control->answer, "runs", control->company->clock.fixed == IC_TIME_NONE);
}

static void control_advance(ic_control *control) {
    double seconds = ic_control_number(control, "seconds", 0);
    if (!(seconds >= 0 && seconds <= 1e9)) {
        ic_control_refuse(control, 400, "'seconds' must be 0 or more");
        return;
    }
    ic_company_advance(control->company, seconds);
    control_answer_now(control);
}

static void control_clock(ic_control *control) {
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
    control_answer_now(control);
}

/* --- the table --- */

// clang-format off
const ic_action ic_time_actions[] = {
    {"advance", control_advance, {IC_ACTION_REQUIRED("seconds", NUMBER)},
     "Moves the sandbox's time forward, whether it runs or is stopped: tokens and codes expire, and jobs finish. "
     "Answers `now`.", false},
    {"clock", control_clock, {IC_ACTION_OPTIONAL("time", STRING)},
     "Answers `now`, and `runs`. With a time (ISO 8601, not before now) it first sets the clock, which then stops.",
     true},
    IC_ACTION_END,
};
// clang-format on
