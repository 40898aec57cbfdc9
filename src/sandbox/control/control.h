/* Controls: requests to the sandbox itself, outside Ironclad's API, such as "let a token expire" or "let a
 * signer sign". The same actions serve Lua (sandbox:NAME{…}) and HTTP (POST /_sandbox/NAME, from this machine
 * only). Both send a JSON object and receive one. */
#ifndef IC_SANDBOX_CONTROL_H
#define IC_SANDBOX_CONTROL_H

#include "core/base/buf.h"
#include "core/catalog/catalog.h"
#include "sandbox/http/exchange.h"
#include "sandbox/http/log.h"

/* One call of an action. Only one runs at a time. */
typedef struct ic_control {
    ic_company *company;
    ic_log *log;
    const cJSON *arguments; /* an object that was checked against the action's fields */
    cJSON *answer;          /* an object; NULL: no answer. Owned by the caller of the action */
    unsigned status;        /* HTTP status of a refusal; 0: none */
    char message[512];
} ic_control;

typedef struct ic_action {
    const char *name;
    void (*run)(ic_control *control);
    ic_field fields[12]; /* ended by a NULL name. A value from Lua that is not a table is the first of them */
    const char *help;    /* what it does and answers, for people */
    bool reads;          /* GET is allowed too */
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

/* All actions, by index; NULL: beyond the last. */
const ic_action *ic_action_at(size_t index);

/* Refuses with an HTTP status; in Lua the message is raised. */
void ic_control_refuse(ic_control *control, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Arguments by name; NULL or `otherwise` if not given. */
const char *ic_control_text(const ic_control *control, const char *name);
double ic_control_number(const ic_control *control, const char *name, double otherwise);
bool ic_control_true(const ic_control *control, const char *name, bool otherwise);

/* Runs an action. The caller holds the sandbox's lock, and frees control->answer. false: refused. */
bool ic_control_run(ic_control *control, const char *name);
/* Answers a request below /_sandbox. */
void ic_control_answer(ic_exchange *x);
/* Appends "seconds (number), user (string, optional)". */
void ic_action_parameters(const ic_action *action, ic_buf *out);

/* --- the actions, by file; an action without name ends each table --- */

extern const ic_action ic_token_actions[];     /* control_tokens.c */
extern const ic_action ic_clickwrap_actions[]; /* control_clickwrap.c */
extern const ic_action ic_time_actions[];      /* control_time.c */
extern const ic_action ic_request_actions[];   /* control_requests.c */
extern const ic_action ic_delivery_actions[];  /* control_deliveries.c */
extern const ic_action ic_limit_actions[];     /* control_limits.c */
extern const ic_action ic_fault_actions[];     /* faults.c */
extern const ic_action ic_people_actions[];    /* control_contracts.c */

#endif
