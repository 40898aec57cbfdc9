/* What the sandbox holds: one company. Only the thread that holds the sandbox's lock may look. */
#ifndef IC_SANDBOX_COMPANY_H
#define IC_SANDBOX_COMPANY_H

#include "core/json/json.h"
#include "sandbox/base/blob.h"
#include "sandbox/base/dates.h"
#include "sandbox/base/table.h"
#include "sandbox/control/limits.h"
#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ids are kept as their text. */
typedef char ic_object_id[25];   /* 24 hex digits: users, workflows, templates */
typedef char ic_uuid[37];        /* records */
typedef char ic_readable_id[16]; /* IC-12 */
typedef char ic_short_id[10];    /* comments, documents, versions */

/* Bits of ic_user.rights. */
enum { IC_MAY_LAUNCH = 1, IC_MAY_EDIT_RECORDS = 2 };

typedef struct ic_user {
    ic_object_id id;
    char *email, *first_name, *last_name, *display_name, *title; /* none is NULL */
    cJSON *
        profile; /* what only SCIM shows, as SCIM shows it: nickName, externalId, extensions; NULL: nothing */
    ic_time created, updated;
    unsigned rights;
} ic_user;

/* --- workflow designs --- */

typedef struct ic_role_design {
    char *id, *display_name;
    ic_array assignees; /* ic_user */
} ic_role_design;

typedef struct ic_review_design {
    size_t role; /* index among the design's roles */
    int group;   /* from 1; groups review one after the other */
} ic_review_design;

typedef struct ic_template {
    ic_object_id id;
    char *name, *title; /* title: of a workflow, with [attribute] for its values */
    cJSON *form;        /* the launch form: attribute -> {type, displayName, required, …} */
    char *shown;        /* the form as a workflow shows it, as JSON text */
    ic_role_design *roles;
    size_t role_count;
    ic_review_design *reviews;
    size_t review_count;
    struct ic_signing_design *signing; /* signing.h; owned; NULL: nobody signs */
} ic_template;

/* --- workflows --- */

/* X(constant, name) */
#define IC_STEPS(X) X(REVIEW, "Review") X(SIGN, "Sign") X(ARCHIVE, "Archive") X(COMPLETE, "Complete")
#define IC_STATUSES(X)                                                                                       \
    X(ACTIVE, "active") X(PAUSED, "paused") X(COMPLETED, "completed") X(CANCELLED, "cancelled")
#define X(constant, name) IC_STEP_##constant,
typedef enum ic_step { IC_STEPS(X) IC_STEP_COUNT } ic_step;
#undef X
#define X(constant, name) IC_STATUS_##constant,
typedef enum ic_status { IC_STATUSES(X) IC_STATUS_COUNT } ic_status;
#undef X
extern const char *const ic_step_names[IC_STEP_COUNT], *const ic_status_names[IC_STATUS_COUNT];

typedef struct ic_document {
    ic_short_id key, version;
    int number;            /* of the version, from 1 */
    const char *attribute; /* the design's; NULL: it is a signed copy */
    unsigned packet_place; /* in the signature packet, from 1; 0: not in it */
    char *filename;
    ic_blob *bytes;
    ic_time modified;
    const ic_user *author;
} ic_document;

typedef struct ic_comment {
    ic_short_id id;
    char *message;
    ic_time created;
    const ic_user *author;
    const struct ic_comment *replied_to;
    ic_array mentioned, added; /* ic_user */
} ic_comment;

typedef struct ic_workflow {
    ic_object_id id;
    ic_readable_id readable;
    char *title;
    const ic_template *template;
    ic_step step;
    ic_status status;
    cJSON *attributes; /* without documents */
    ic_user *creator;
    ic_time created, updated;
    ic_array *assignees; /* of each role of the design: ic_user */
    bool *approved;      /* each review of the design */
    ic_array participants;
    ic_array documents, comments; /* owned */
    ic_array turns, requests;     /* ic_turn (turns.h), ic_review_request (reviews.h); owned */
    ic_array emails;              /* ic_email (emails.h); owned */
    struct ic_packet *packet;     /* signing.h; owned; NULL before the Sign step */
    ic_array records;             /* made by it */
    ic_time ended;                /* completed or cancelled; IC_TIME_NONE before */
} ic_workflow;

/* --- records --- */

typedef struct ic_record_type {
    char *key, *display_name;
} ic_record_type;

typedef struct ic_record {
    ic_uuid id;
    ic_readable_id readable;
    unsigned number; /* of `readable`: the order of making */
    const ic_record_type *type;
    char *name;
    char *properties;                 /* JSON text: a tree would take six times the memory */
    char *amends;                     /* likewise: what it amends of its parent; NULL: nothing */
    ic_time updated, agreed, expires; /* the latter two from the properties */
    ic_uuid *links;                   /* records, some of which may be gone; owned */
    size_t link_count;
    struct ic_record *parent, *first_child, *next_sibling;
    struct ic_obligation *obligations;  /* the first; NULL: none */
    const char *parent_link_type;       /* static; NULL: none */
    struct ic_attachment *attachments;  /* owned */
    struct ic_contract_action *actions; /* the last one; owned */
    ic_workflow *workflow;              /* that made it; NULL: none */
    struct ic_import *import;           /* likewise */
} ic_record;

/* --- apps, consents, tokens --- */

/* Bits of ic_app.grants. */
enum { IC_BY_CLIENT_CREDENTIALS = 1, IC_BY_AUTHORIZATION_CODE = 2 };

typedef struct ic_app {
    char *name, *id, *secret;
    unsigned grants;
} ic_app;

typedef char ic_secret[65]; /* "sandbox-token-" and the like, then digits at random; "": there is none */

/* A person's consent to an app: from the page that asks for it to the refresh token that is left of it. */
typedef struct ic_consent {
    unsigned number; /* from 1 */
    const ic_app *app;
    char *redirect_uri;
    char *state, *scope; /* as asked; NULL: not given */
    uint64_t scopes[2];  /* bits by ic_company.scopes */
    ic_user *user;       /* NULL: has not answered yet */
    ic_secret nonce;     /* of the page; good for one answer */
    ic_secret code;
    ic_time code_expires;
    bool code_used;
    ic_secret refresh; /* the one refresh token that is good */
} ic_consent;

typedef struct ic_token {
    ic_secret text;
    ic_time expires;
    bool revoked;
    uint64_t scopes[2];
    ic_user *user;    /* as whom it acts; NULL: it is the company's */
    unsigned consent; /* the number of the one that it came of; 0: none */
} ic_token;

#define IC_SCOPES_MAX   128
#define IC_TOKENS_MAX   10000 /* the oldest are forgotten beyond */
#define IC_CONSENTS_MAX 10000 /* likewise */

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

typedef struct ic_company {
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
} ic_company;

/* An empty company with a running clock, or NULL without memory. */
ic_company *ic_company_new(void);
void ic_company_free(ic_company *company);
/* Fills an empty company from a fixture document (fixtures.c shows its form). false: `error` says why not,
 * and where in what `name` names. */
bool ic_company_load(ic_company *company, const char *name, const char *text, size_t length, char *error,
                     size_t size);
/* The pieces of the fixture document that is built in; NULL ends them. */
extern const char *const ic_fixtures[];

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
ic_app *ic_company_app(const ic_company *company, const char *id);
ic_user *ic_company_user(const ic_company *company, const char *id_or_email);
ic_template *ic_company_template(const ic_company *company, const char *id);
ic_record_type *ic_company_record_type(const ic_company *company, const char *key);
ic_workflow *ic_company_workflow(const ic_company *company, const char *id);
ic_record *ic_company_record(const ic_company *company, const char *id);

/* A new active workflow in Review with the design's roles, not yet in the company. NULL: no memory. */
ic_workflow *ic_workflow_new(ic_company *company, const ic_template *template, ic_user *creator);
void ic_workflow_free(ic_workflow *workflow);
/* Gives it its readable id and takes it over; false: no memory, and it stays the caller's. */
bool ic_company_add_workflow(ic_company *company, ic_workflow *workflow);
/* Makes the user a participant. */
bool ic_workflow_join(ic_workflow *workflow, ic_user *user);
/* The index of a role in the design; role_count when there is none. */
size_t ic_template_role(const ic_template *template, const char *id);
/* Whether all of the group's reviews are approved. */
bool ic_group_approved(const ic_workflow *workflow, int group);
/* The group whose turn it is; 0 when all are approved. */
int ic_group_active(const ic_workflow *workflow);
/* Its title by the design, from its attributes. false: no memory. */
bool ic_workflow_set_title(ic_workflow *workflow);
/* Adds a document; takes the bytes over, also when it fails. NULL: no memory. `attribute` is the design's. */
ic_document *ic_workflow_add_document(ic_company *company, ic_workflow *workflow, const char *attribute,
                                      const char *filename, ic_blob *bytes, const ic_user *author,
                                      ic_time time);
/* Takes nothing over. */
ic_comment *ic_workflow_add_comment(ic_company *company, ic_workflow *workflow, const char *message,
                                    const ic_user *author, ic_time time);

/* A record with an id but not yet in the company. NULL: no memory. */
ic_record *ic_record_new(ic_company *company, const ic_record_type *type, const char *name);
void ic_record_free(ic_record *record);
/* Keeps the properties as text, and the dates that follow from them. false: no memory, nothing changed. */
bool ic_record_set_properties(ic_record *record, const cJSON *properties);
/* Gives it its readable id and takes it over; false: no memory, and it stays the caller's. */
bool ic_company_add_record(ic_company *company, ic_record *record);
void ic_company_remove_record(ic_company *company, ic_record *record); /* and frees it */
/* Before and after a change of a record's name, properties or time. Sorting in again what has been taken out
 * cannot fail: the lists keep their room. */
void ic_record_unsort(ic_company *company, ic_record *record);
bool ic_record_sort(ic_company *company, ic_record *record);
/* It has changed now: other than in its name or properties. */
void ic_record_touch(ic_company *company, ic_record *record);
/* A NULL parent parts them. `link_type` is static. The record must not be among the parent's ancestors. */
void ic_record_set_parent(ic_record *record, ic_record *parent, const char *link_type);
/* Whether `from` is the record or one of its ancestors. */
bool ic_record_descends(const ic_record *record, const ic_record *from);

#endif
