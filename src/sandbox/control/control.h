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

/* For tables of actions. */
#define IC_ACTION_REQUIRED(name, type)                                                                       \
    { name, IC_TYPE_##type, IC_REQUIRED, NULL, NULL }
#define IC_ACTION_OPTIONAL(name, type)                                                                       \
    { name, IC_TYPE_##type, 0, NULL, NULL }

#define IC_ACTION_NO_FIELDS                                                                                  \
    { NULL, IC_TYPE_ANY, 0, NULL, NULL }
#define IC_ACTION_END                                                                                        \
    { NULL, NULL, {IC_ACTION_NO_FIELDS}, NULL, false }

/* All of them in order; NULL behind the last. */
const ic_action *ic_action_at(size_t index);

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
void ic_control_answer(ic_exchange *x);
/* "seconds (number), user (string, optional)"; appended. */
void ic_action_parameters(const ic_action *action, ic_buf *out);

/* --- the actions, by file; an action without name ends each table --- */

extern const ic_action ic_token_actions[];   /* control_tokens.c */
extern const ic_action ic_time_actions[];    /* control_time.c */
extern const ic_action ic_request_actions[]; /* control_requests.c */
extern const ic_action ic_limit_actions[];   /* control_limits.c */
extern const ic_action ic_fault_actions[];   /* faults.c */
extern const ic_action ic_people_actions[];  /* control_contracts.c */

#endif
