/* The options of a connection, as the table options.def describes them. */
#ifndef IC_SETTINGS_H
#define IC_SETTINGS_H

#include "core/base/error.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct ic_settings {
    char *instance, *client_id, *client_secret;
    char *scopes;        /* separated by spaces; NULL: none asked for */
    char *token_auth;    /* "json" (default), "form", "basic" */
    char *grant;         /* "client_credentials" (default), "authorization_code" */
    char *token;         /* a static bearer token */
    char *refresh_token; /* the first one, where the store has none; implies the authorization code grant */
    char *store;         /* path of a file store; NULL: memory */
    char *name;          /* tells apart connections that are else the same */
    char *as_user;       /* e-mail or user id; "" : explicitly none; NULL: not given */
    char *proxy;         /* "" : explicitly none; NULL: not given */
    char *no_proxy;
    char *ca_file, *ca_path;
    char *http_version; /* "1.1", "2"; NULL: the best both sides have */
    char *user_agent;   /* put before the module's own */
    double timeout, connect_timeout;
    double deadline; /* seconds a call; 0: none */
    double max_retries, max_in_flight;
    double max_body; /* bytes */
    double rate_share;
    bool rate_limit, allow_http, default_scope;
    bool watched; /* hooks or a log want to hear of its calls; no option of its own */
} ic_settings;

/* How an option is given. ACTOR: text, or false for explicitly none. LIMIT: a number, or false for none (0).
 * SCOPES: a list of texts, or one text with spaces. HANDLED: not a member. */
typedef enum ic_option_type {
    IC_OPTION_TEXT,
    IC_OPTION_SCOPES,
    IC_OPTION_ACTOR,
    IC_OPTION_NUMBER,
    IC_OPTION_INTEGER,
    IC_OPTION_LIMIT,
    IC_OPTION_BOOLEAN,
    IC_OPTION_HANDLED
} ic_option_type;

/* Bits: where an option may stand. */
enum { IC_SCOPE_CONNECT = 1, IC_SCOPE_CALL = 2, IC_SCOPE_BOTH = 3 };

typedef struct ic_option {
    const char *name; /* NULL ends the table */
    ic_option_type type;
    unsigned scope;
    size_t offset; /* in ic_settings */
    double smallest, largest;
} ic_option;

extern const ic_option ic_options[];
/* The option of that name that may stand in `scope`; NULL when there is none. */
const ic_option *ic_option_find(const char *name, unsigned scope);
/* The nearest option name of that scope, or NULL. */
const char *ic_option_nearest(const char *name, unsigned scope);

void ic_settings_default(ic_settings *settings);
/* Each copies what it is given and checks type and range; false with ARGUMENT or MEMORY in `error`. */
bool ic_settings_text(ic_settings *settings, const ic_option *option, const char *text, ic_error *error);
bool ic_settings_number(ic_settings *settings, const ic_option *option, double value, ic_error *error);
bool ic_settings_boolean(ic_settings *settings, const ic_option *option, bool value, ic_error *error);
/* The message for a value of the wrong kind: "timeout: expected a number, got a string". */
void ic_option_mismatch(const ic_option *option, const char *got, ic_error *error);
void ic_settings_clear(ic_settings *settings); /* frees; secrets are overwritten */

#endif
