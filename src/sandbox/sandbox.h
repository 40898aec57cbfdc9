/* A local Ironclad: what the Lua binding sees of it. Everything here may be called from any thread of the
 * process that started the sandbox; ic_sandbox_owned says whether that is this one. */
#ifndef IC_SANDBOX_H
#define IC_SANDBOX_H

#include "../core/buf.h"
#include "dates.h"
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
    const char *redirect_uris; /* registered beside http at this machine; parted by spaces; NULL: none */
    const char *scopes;        /* licensed ones, parted by spaces; NULL: all known ones */
    size_t max_body;           /* bytes of a request's body */
    const char *log;           /* file to which a line for each request is appended; NULL: none */
    const char *client_id, *client_secret; /* of the first app; NULL: those of the fixtures */
} ic_sandbox_options;

/* To start from: what holds where nothing else is said. */
extern const ic_sandbox_options ic_sandbox_defaults;

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

/* Every access token handed out so far is from now on refused, as expired or as revoked. */
void ic_sandbox_expire_tokens(ic_sandbox *sandbox);
void ic_sandbox_revoke_tokens(ic_sandbox *sandbox);
/* Every refresh token handed out so far is from now on refused. */
void ic_sandbox_revoke_refresh_tokens(ic_sandbox *sandbox);
/* Moves the sandbox's time forward, whether it runs or stands still. */
void ic_sandbox_advance(ic_sandbox *sandbox, double seconds);
/* Does what a person does in a browser who opens the URL (of this sandbox's /oauth/authorize) and answers as
 * that user (e-mail or id; NULL: the first). `result` is the URL that the browser is sent to; with false, why
 * there is none. The caller looks at result->failed. */
bool ic_sandbox_consent(ic_sandbox *sandbox, const char *url, const char *user, bool allow, ic_buf *result);
/* The requests since the start or the last clearing, oldest first, at most IC_LOG_MAX: for each its status as
 * decimal digits, method, target, operationId and acting user ("" where there is none), each ended by a NUL.
 */
#define IC_LOG_MAX 100000
void ic_sandbox_requests(ic_sandbox *sandbox, ic_buf *out);
void ic_sandbox_clear_requests(ic_sandbox *sandbox);
/* Lines of text: what it holds. */
void ic_sandbox_info(ic_sandbox *sandbox, ic_buf *out);

#endif
