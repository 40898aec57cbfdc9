/* Everything that the sandbox stores: one company. Only the thread that holds the sandbox's lock may use it.
 */
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
    ic_time fixed;  /* the time at which it is stopped; IC_TIME_NONE: it follows the machine's clock */
    ic_time offset; /* how far it has been advanced */
} ic_clock;

/* Where ids, codes and secrets come from: the system, or a generator that gives the same sequence for the
 * same seed. */
typedef struct ic_random {
    bool seeded;
    uint64_t state;
} ic_random;

typedef struct ic_company ic_company;
typedef struct ic_clickwrap ic_clickwrap;
/* Frees what a higher file stores in the company. */
typedef void ic_company_end(ic_company *company);

struct ic_company {
    ic_company_end *const *ends; /* ended by NULL */
    ic_clock clock;
    ic_random random;
    ic_spool *spool;     /* for data too large for memory */
    char *url;           /* https://127.0.0.1:8443 */
    ic_array apps;       /* the first may use both grants; the second only client credentials */
    char *redirect_uris; /* registered besides those of this machine; separated by spaces; NULL: none */
    ic_limits limits;
    ic_array faults;      /* ic_fault */
    double latency;       /* seconds of real time before each answer */
    size_t max_page_size; /* the most items in a page, whatever the request asks for; 0: no limit */
    double token_seconds, code_seconds;
    double job_seconds; /* how long an export, an import or an asynchronous launch takes */
    ic_object_id id;
    char *name, *display_name;
    cJSON *entitlements;
    ic_array scopes; /* char *: those that the company's apps may request */
    ic_array users, templates, record_types;
    cJSON *record_properties; /* key -> {displayName, type, visible} */
    cJSON *record_attachments;
    ic_array tokens;
    ic_index tokens_by_text;
    ic_array consents;
    unsigned last_consent;
    unsigned last_readable;   /* IC-n: one sequence for workflows and records */
    ic_array workflows;       /* in the order of their launch */
    ic_index workflows_by_id; /* by either id */
    ic_array awaited;         /* workflows with something due later (archive.h) */
    ic_array sign_links;      /* ic_sign_link (sign_links.h), in the order of creation; owned */
    ic_array launches;        /* asynchronous, in the order of their requests (launches.h); owned */
    size_t launches_begun;    /* how many of them, the first ones, have taken effect */
    ic_array records_by_agreement, records_by_name, records_by_update;
    ic_index records_by_id;                        /* by either id */
    ic_array jobs;                                 /* ic_job, in the order of their start */
    ic_array imports;                              /* ic_import, in the order of their requests */
    size_t predicted;                              /* how many of them have their predictions */
    int64_t import_credits;                        /* how many more imports the company has paid for */
    ic_array audit;                                /* entries of audit.c */
    char *storage_url;                             /* the origin that serves files behind signed links */
    char *clickwrap_url;                           /* the origin of both of Clickwrap's APIs */
    ic_clickwrap *clickwrap;                       /* NULL until first needed (clickwrap/clickwrap.h) */
    ic_secret storage_key;                         /* signs the links to those files */
    ic_array former_users;                         /* deleted users; history still refers to them */
    ic_array groups;                               /* ic_group */
    ic_array relationship_types, obligation_types; /* ic_item_type */
    ic_array entities, obligations;                /* ic_entity, ic_obligation: in the order of creation */
    unsigned last_entity, last_obligation;         /* ENTITY-n, OB-n */
    ic_array integrations;    /* ic_webhook: those of Clickwrap, in the order of creation */
    ic_array webhooks;        /* ic_webhook, by target */
    struct ic_outbox *outbox; /* of outbox.h; owned; NULL: no events are delivered */
    EVP_PKEY *webhook_key;    /* NULL until first needed */
};

/* An empty company with a running clock; `ends` (static, ended by NULL) are called in their order when it is
 * freed. NULL: no memory. */
ic_company *ic_company_new(ic_company_end *const *ends);
void ic_company_free(ic_company *company); /* or NULL */

/* Whether the company has a paid feature. It has every one that its entitlements do not exclude. */
bool ic_company_entitled(const ic_company *company, const char *name);

/* --- its clock, and its new ids, codes and secrets (company_ids.c) --- */

/* The sandbox's time. The sandbox reads no other clock for it. */
ic_time ic_company_now(const ic_company *company);
void ic_company_advance(ic_company *company, double seconds);
/* The only source of ids, codes and secrets. */
void ic_company_seed(ic_company *company, uint64_t seed);
void ic_new_object_id(ic_company *company, ic_object_id id);
void ic_new_uuid(ic_company *company, ic_uuid id);
void ic_new_short_id(ic_company *company, ic_short_id id);
void ic_new_readable_id(ic_company *company, ic_readable_id id);
void ic_random_hex(ic_company *company, char *text, size_t digits); /* writes digits + 1 bytes */
/* A new "sandbox-<kind>-<48 digits>": recognizable wherever it appears. */
void ic_new_secret(ic_company *company, const char *kind, ic_secret secret);

#endif
