/* What the sandbox holds: one company. Only the thread that holds the sandbox's lock may look. */
#ifndef IC_SANDBOX_COMPANY_H
#define IC_SANDBOX_COMPANY_H

#include "core/json/json.h"
#include "sandbox/base/blob.h"
#include "sandbox/base/dates.h"
#include "sandbox/base/table.h"
#include "sandbox/company/ids.h"
#include "sandbox/company/limits.h"
#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The company's time. */
typedef struct ic_clock {
    ic_time fixed;  /* where it stands still; IC_TIME_NONE: it runs with the machine's */
    ic_time offset; /* what it has been advanced since */
} ic_clock;

/* Where ids, codes and secrets come from: the system, or a generator that repeats its row for the same seed.
 */
typedef struct ic_random {
    bool seeded;
    uint64_t state;
} ic_random;

typedef struct ic_company ic_company;
/* Frees what a folder above this one keeps in the company. */
typedef void ic_company_end(ic_company *company);

struct ic_company {
    ic_company_end *const *ends; /* ended by NULL */
    ic_clock clock;
    ic_random random;
    ic_spool *spool;     /* for what is too large for memory */
    char *url;           /* https://127.0.0.1:8443 */
    ic_array apps;       /* the first is the sandbox's; the others show what that one may not */
    char *redirect_uris; /* registered beside this machine's own; parted by spaces; NULL: none */
    ic_limits limits;
    ic_array faults;      /* ic_fault */
    double latency;       /* seconds of the machine before each answer */
    size_t max_page_size; /* a page holds no more, whatever is asked for; 0: what is asked for */
    double token_seconds, code_seconds;
    double job_seconds; /* what an export, an import or a launch in the background takes */
    ic_object_id id;
    char *name, *display_name;
    cJSON *entitlements;
    ic_array scopes; /* char *: those that the company's apps may ask for */
    ic_array users, templates, record_types;
    cJSON *record_properties; /* key -> {displayName, type, visible} */
    cJSON *record_attachments;
    ic_array tokens;
    ic_index tokens_by_text;
    ic_array consents;
    unsigned last_consent;
    unsigned last_readable;   /* IC-n: one row of numbers for workflows and records */
    ic_array workflows;       /* as launched */
    ic_index workflows_by_id; /* by either id */
    ic_array awaited;         /* workflows with something to come by itself (lifecycle.h) */
    ic_array sign_links;      /* ic_sign_link (sign_links.h), as they were made; owned */
    ic_array launches;        /* in the background, as they came (launches.h); owned */
    size_t launches_begun;    /* how many of them are through */
    ic_array records_by_agreement, records_by_name, records_by_update;
    ic_index records_by_id;                        /* by either id */
    ic_array jobs;                                 /* ic_job, as started */
    ic_array imports;                              /* ic_import, as they came */
    size_t predicted;                              /* how many of them have their predictions */
    int64_t import_credits;                        /* for how many more the company has paid */
    ic_array audit;                                /* of audit.c */
    char *storage_url;                             /* of the origin that serves files behind signed links */
    ic_secret storage_key;                         /* which signs them */
    ic_array former_users;                         /* deleted ones, to whom the past still points */
    ic_array groups;                               /* ic_group */
    ic_array relationship_types, obligation_types; /* ic_item_type */
    ic_array entities, obligations;                /* ic_entity, ic_obligation: as made */
    unsigned last_entity, last_obligation;         /* ENTITY-n, OB-n */
    ic_array webhooks;                             /* ic_webhook, by target */
    ic_array deliveries;                           /* events.c: what webhooks have been told, oldest first */
    EVP_PKEY *webhook_key;                         /* NULL until somebody asks for it */
};

/* An empty company with a running clock; `ends` (static, ended by NULL) are called in their order when it is
 * freed. NULL: no memory. */
ic_company *ic_company_new(ic_company_end *const *ends);
void ic_company_free(ic_company *company); /* or NULL */

/* The only clock of all that the sandbox plays. */
ic_time ic_company_now(const ic_company *company);
void ic_company_advance(ic_company *company, double seconds);
/* The only source of ids, codes and secrets. */
void ic_company_seed(ic_company *company, uint64_t seed);
void ic_new_object_id(ic_company *company, ic_object_id id);
void ic_new_uuid(ic_company *company, ic_uuid id);
void ic_new_short_id(ic_company *company, ic_short_id id);
void ic_new_readable_id(ic_company *company, ic_readable_id id);
void ic_random_hex(ic_company *company, char *text, size_t digits); /* writes digits + 1 bytes */
/* A new "sandbox-<kind>-<48 digits>": what it is can be seen wherever it turns up. */
void ic_new_secret(ic_company *company, const char *kind, ic_secret secret);

/* Whether the company has what it would have to pay for: all but what its entitlements say it has not. */
bool ic_company_entitled(const ic_company *company, const char *name);

#endif
