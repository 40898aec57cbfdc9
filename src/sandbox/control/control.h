/* What is asked of the sandbox itself, beside Ironclad's API: time passes, a token expires, a signer signs.
 * One table of actions serves Lua (sandbox:NAME{…}) and HTTP (POST /_sandbox/NAME, from this machine only);
 * both pass a JSON object and get one. */
#ifndef IC_SANDBOX_CONTROL_H
#define IC_SANDBOX_CONTROL_H

#include "core/base/buf.h"
#include "core/catalog/catalog.h"
#include "sandbox/http/exchange.h"
#include "sandbox/http/log.h"

/* One asking, which runs alone. */
typedef struct ic_control {
    ic_company *company;
    ic_log *log;
    const cJSON *arguments; /* an object that agrees with the action's fields */
    cJSON *answer;          /* an object; NULL: nothing to say. Whoever ran the action owns it */
    unsigned status;        /* of a refusal; 0: there is none */
    char message[512];
} ic_control;

typedef struct ic_action {
    const char *name;
    void (*run)(ic_control *control);
    ic_field fields[12]; /* NULL-name-terminated. A value from Lua that is no table is the first of them */
    const char *help;    /* what it does and answers: a sentence or two, for people */
    bool reads;          /* GET does too */
} ic_action;

extern const ic_action ic_actions[]; /* a NULL name ends them */

/* Refuses: `status` is HTTP's, in Lua the message is raised. */
void ic_control_refuse(ic_control *control, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The members of the arguments; NULL or `otherwise` for what was not given. */
const char *ic_control_text(const ic_control *control, const char *name);
double ic_control_number(const ic_control *control, const char *name, double otherwise);
bool ic_control_true(const ic_control *control, const char *name, bool otherwise);

/* Runs an action; false: refused. The caller holds the sandbox's lock, and deletes control->answer. */
bool ic_control_run(ic_control *control, const char *name);
/* Answers a request below /_sandbox. */
#define IC_CONTROL_PATH "/_sandbox"
bool ic_is_control(const char *path);
void ic_control_answer(ic_exchange *x);
/* "seconds (number), user (string, optional)"; appended. */
void ic_action_parameters(const ic_action *action, ic_buf *out);

/* --- the actions, by file --- */

/* control_basics.c */
void ic_control_expire_tokens(ic_control *control);
void ic_control_revoke_tokens(ic_control *control);
void ic_control_revoke_refresh_tokens(ic_control *control);
void ic_control_consent(ic_control *control);
void ic_control_advance(ic_control *control);
void ic_control_clock(ic_control *control);
void ic_control_requests(ic_control *control);
void ic_control_clear_requests(ic_control *control);
void ic_control_latency(ic_control *control);
void ic_control_max_page_size(ic_control *control);
/* events.c */
void ic_control_deliveries(ic_control *control);
void ic_control_clear_deliveries(ic_control *control);
/* limits.c */
void ic_control_rate_limits(ic_control *control);
/* faults.c */
void ic_control_fail(ic_control *control);
void ic_control_faults(ic_control *control);
void ic_control_clear_faults(ic_control *control);
/* control_people.c */
void ic_control_approve(ic_control *control);
void ic_control_sign(ic_control *control);

#endif
