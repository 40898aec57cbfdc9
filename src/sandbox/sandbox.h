/* A local Ironclad: what the Lua binding sees of it. Everything here may be called from any thread of the
 * process that started the sandbox; ic_sandbox_owned says whether that is this one. */
#ifndef IC_SANDBOX_H
#define IC_SANDBOX_H

#include "core/base/buf.h"
#include "sandbox/base/dates.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct ic_sandbox ic_sandbox;

typedef struct ic_sandbox_options {
    const char *host; /* name or address to listen at */
    int port;         /* 0: any free one */
    bool tls;
    ic_time clock;             /* when its time begins, and stands still; IC_TIME_NONE: now, and it runs */
    int64_t seed;              /* of all ids, codes and secrets; negative: none, they never repeat */
    double token_seconds;      /* how long a token lives */
    double code_seconds;       /* how long a code is good */
    double job_seconds;        /* what a job takes */
    int64_t import_credits;    /* of smart import */
    const char *redirect_uris; /* registered beside http at this machine; parted by spaces; NULL: none */
    const char *scopes;        /* licensed ones, parted by spaces; NULL: all known ones */
    size_t max_body;           /* bytes of a request's body */
    const char *fixtures;      /* file with the company to start with; NULL: the one that is built in */
    const char *log;           /* file to which a line for each request is appended; NULL: none */
    const char *client_id, *client_secret; /* of the first app; NULL: those of the fixtures */
} ic_sandbox_options;

/* To start from: what holds where nothing else is said. */
extern const ic_sandbox_options ic_sandbox_defaults;

/* The company that is built in, as a fixture document to start one's own from; free with ic_json_text_free.
 * NULL: no memory. */
char *ic_sandbox_fixtures(void);

/* Starts listening on a thread of its own. NULL: it cannot, and `error` (of `size` bytes) says why. */
ic_sandbox *ic_sandbox_start(const ic_sandbox_options *options, char *error, size_t size);
/* Ends all connections, joins the thread, removes the certificate. May be called again; in another process
 * than the one that started it, does nothing. What it holds can be read until ic_sandbox_free. */
void ic_sandbox_stop(ic_sandbox *sandbox);
void ic_sandbox_free(ic_sandbox *sandbox); /* stops it first */
/* Whether this process started it: false after a fork. */
bool ic_sandbox_owned(const ic_sandbox *sandbox);

/* Facts that never change while it lives. */
int ic_sandbox_port(const ic_sandbox *sandbox);
const char *ic_sandbox_url(const ic_sandbox *sandbox);
const char *ic_sandbox_client_id(const ic_sandbox *sandbox);
const char *ic_sandbox_client_secret(const ic_sandbox *sandbox);
/* Of a second app, which may use the client credentials grant only. */
const char *ic_sandbox_other_client_id(const ic_sandbox *sandbox);
const char *ic_sandbox_other_client_secret(const ic_sandbox *sandbox);
const char *ic_sandbox_as_user(const ic_sandbox *sandbox); /* the e-mail of a user who may do everything */
const char *ic_sandbox_ca_file(const ic_sandbox *sandbox); /* PEM; NULL without TLS */

/* Runs an action of control.h with its arguments as JSON text. `out`: its answer as JSON text, or nothing;
 * with false, why it is refused. The caller looks at out->failed. */
bool ic_sandbox_control(ic_sandbox *sandbox, const char *name, const char *text, size_t length, ic_buf *out);
/* Lines of text: what it holds. */
void ic_sandbox_info(ic_sandbox *sandbox, ic_buf *out);

#endif
