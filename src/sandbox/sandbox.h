/* A local Ironclad, as the Lua binding uses it. All functions may be called from any thread of the process
 * that started the sandbox; ic_sandbox_owned says whether it is this process. */
#ifndef IC_SANDBOX_H
#define IC_SANDBOX_H

#include "core/base/buf.h"
#include "sandbox/base/dates.h"
#include "sandbox/webhooks/outbox.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct ic_sandbox ic_sandbox;

typedef struct ic_sandbox_options {
    const char *host; /* name or address to listen on */
    int port;         /* 0: any free one */
    bool tls;
    ic_time clock;             /* the time at which its clock is stopped; IC_TIME_NONE: it runs from now */
    int64_t seed;              /* of all ids, codes and secrets; negative: none, and they are random */
    double token_seconds;      /* lifetime of a token */
    double code_seconds;       /* lifetime of a code */
    double job_seconds;        /* duration of a job */
    int64_t import_credits;    /* how many smart imports are paid for */
    const char *redirect_uris; /* registered besides http on this machine; separated by spaces; NULL: none */
    const char *scopes;        /* licensed ones, separated by spaces; NULL: all known ones */
    size_t max_body;           /* largest request body in bytes */
    const char *fixtures;      /* file with the company to start with; NULL: the built-in one */
    const char *log;           /* file to which a line for each request is appended; NULL: none */
    const char *client_id, *client_secret; /* of the first app; NULL: those of the fixtures */
    int clickwrap_port;                    /* of Clickwrap's APIs; 0: any free one */
    ic_delivery_targets deliver_to;        /* which webhooks' targets are sent to */
    const char *deliver_ca_file;           /* verifies https targets; PEM; NULL: the system's */
} ic_sandbox_options;

/* Defaults to start from. */
extern const ic_sandbox_options ic_sandbox_defaults;

/* The built-in company as a fixture document, to be edited. Free it with ic_json_text_free. NULL: no memory.
 */
char *ic_sandbox_fixtures(void);

/* Starts a server on its own thread. NULL: failed, and `error` (of `size` bytes) says why. */
ic_sandbox *ic_sandbox_start(const ic_sandbox_options *options, char *error, size_t size);
/* Closes all connections, joins the thread, and removes the certificate. It may be called again. It does
 * nothing in a process that did not start the sandbox. Its data can be read until ic_sandbox_free. */
void ic_sandbox_stop(ic_sandbox *sandbox);
void ic_sandbox_free(ic_sandbox *sandbox); /* stops it first */
/* Whether this process started it: false after a fork. */
bool ic_sandbox_owned(const ic_sandbox *sandbox);

/* These never change. */
int ic_sandbox_port(const ic_sandbox *sandbox);
const char *ic_sandbox_url(const ic_sandbox *sandbox);
const char *ic_sandbox_client_id(const ic_sandbox *sandbox);
const char *ic_sandbox_client_secret(const ic_sandbox *sandbox);
/* Of a second app, which may only use the client credentials grant. */
const char *ic_sandbox_other_client_id(const ic_sandbox *sandbox);
const char *ic_sandbox_other_client_secret(const ic_sandbox *sandbox);
const char *ic_sandbox_as_user(const ic_sandbox *sandbox); /* the e-mail address of a user with all rights */
const char *ic_sandbox_ca_file(const ic_sandbox *sandbox); /* PEM; NULL without TLS */
const char *ic_sandbox_clickwrap_url(const ic_sandbox *sandbox);

/* Runs an action of control.h, with its arguments as JSON text. `out` gets its answer as JSON text, or
 * nothing. false: refused, and `out` gets the reason. The caller checks out->failed. */
bool ic_sandbox_control(ic_sandbox *sandbox, const char *name, const char *text, size_t length, ic_buf *out);
/* Appends a description in lines of text. */
void ic_sandbox_info(ic_sandbox *sandbox, ic_buf *out);

#endif
