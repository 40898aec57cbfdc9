/* A connection: what ironclad.connect was given, as checked settings that never change, and what is
 * derived from them. It is not a TCP connection: those belong to libcurl, and the connections of a process
 * share them. Reference-counted: a client and its calls share it. */
#ifndef IC_CONNECTION_H
#define IC_CONNECTION_H

#include "core/base/error.h"
#include "core/base/mailbox.h"
#include "core/base/redact.h"
#include "core/catalog/settings.h"
#include "core/shared/address.h"
#include <stdatomic.h>
#include <stdbool.h>

typedef struct ic_connection {
    atomic_int references;
    ic_settings settings;
    ic_mailbox *store_mailbox; /* of the Lua state whose store keeps the tokens; retained; NULL: none does */
    long store_id;             /* that state's number for the store */
    char *origin;          /* "https://na1.ironcladapp.com", no slash at the end; of Clickwrap's REST API */
    char *activity_origin; /* of Clickwrap's Activity API; NULL: the connection is not Clickwrap's */
    char *user_agent;      /* as sent */
    char *ca_file;         /* as used: given, or the system's bundle; NULL with ca_path */
    char *proxy, *proxy_user,
        *proxy_password;   /* the option's parts, so that no message shows the whole; NULL: none */
    ic_redactor *redactor; /* of its secrets; the engine's thread only (secrets.c); NULL: not made yet */
    /* Names of its budgets: host, and what counts there: client id or digest of the token; the site; nothing.
     * NULL where the connection has no such budget. */
    char *budget_keys[IC_COUNTED_COUNT];
    char *token_key;          /* names the token entry; holds no secret. NULL with a static token */
    char *store_key;          /* names the token in a store; holds no secret. NULL with a static token */
    ic_shared_address shared; /* its `name` is NULL: machines share nothing */
    bool shared_store;        /* tokens are kept there */
    char *shared_prefix;      /* prefix of the company's keys in the shared Redis; NULL without `shared` */
} ic_connection;

/* Checks the settings as a whole and takes them over, leaving them empty. `store_mailbox` (NULL: none) is
 * retained. NULL with ARGUMENT, naming the option, or MEMORY. */
ic_connection *ic_connection_new(ic_settings *settings, ic_mailbox *store_mailbox, long store_id,
                                 ic_error *error);
/* Whether the caller, who owns one count, is the only owner. */
bool ic_connection_has_one_owner(ic_connection *connection);
void ic_connection_retain(ic_connection *connection);
void ic_connection_release(ic_connection *connection); /* NULL is allowed */
/* The origin of one of its hosts. */
const char *ic_connection_origin(const ic_connection *connection, ic_host host);
/* Another connection with the same settings and this site access id. NULL with ARGUMENT or MEMORY. */
ic_connection *ic_connection_for_site(const ic_connection *connection, const char *site, ic_error *error);
/* Whether its tokens belong to a person, who has to log in to get the first one (the authorization code
 * grant). */
bool ic_connection_is_personal(const ic_connection *connection);
/* The prefix of the keys of a company, or of what `whose` names, in the shared Redis. The braces hold the
 * hash tag, by which Redis Cluster chooses a server, so that one server has all of these keys (Redis cluster
 * specification, "Hash tags"). NULL when out of memory; the caller frees it. */
char *ic_connection_shared_prefix_of(const ic_connection *connection, const char *whose);

#endif
