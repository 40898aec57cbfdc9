/* The sandbox's Ironclad Clickwrap: one account with its sites, groups, contracts, versions, signers and
 * activity. Each thing is a JSON object as the REST API shows it. Members whose names begin with a dot are
 * the sandbox's own. Everything here needs the sandbox's lock. */
#ifndef IC_SANDBOX_CLICKWRAP_H
#define IC_SANDBOX_CLICKWRAP_H

#include "sandbox/clickwrap/limits.h"
#include "sandbox/company/company.h"

typedef enum ic_cw_kind {
    IC_CW_SITE,
    IC_CW_GROUP,
    IC_CW_CONTRACT,
    IC_CW_VERSION,
    IC_CW_SIGNER,
    IC_CW_ACTIVITY,
    IC_CW_LOCATION,
    IC_CW_SNAPSHOT,
    IC_CW_EVIDENCE, /* exports of evidence */
    IC_CW_EXPORT,   /* exports as CSV */
    IC_CW_REQUEST,
    IC_CW_MEMBERSHIP,
    IC_CW_KIND_COUNT
} ic_cw_kind;

struct ic_clickwrap {
    cJSON *lists[IC_CW_KIND_COUNT]; /* arrays, in the order of creation */
    cJSON *account;
    cJSON *waiting;  /* array: what /send has received and not stored yet, oldest first */
    cJSON *webhooks; /* array: of the integrations that the web app sets up */
    ic_array files;  /* of exports (jobs.c) */
    double last_id;  /* of the things whose ids are numbers */
    ic_secret token; /* of an API key with all rights */
    ic_cw_limits limits;
    double store_seconds;   /* between the answer of /send and the storing, by the company's clock */
    double request_seconds; /* how long a signature request can be signed, by the company's clock */
    bool has_sync;          /* whether there is a /send/sync */
    unsigned lose;          /* how many more accepted requests are not stored */
    bool away;              /* no request is answered */
};

/* A new thing, with `id`, `account`, `site`, `created_by`, `created_time`, `updated_time`, owned by the
 * caller until ic_cw_keep. NULL or spoiled (build.h) when out of memory. */
cJSON *ic_cw_new(ic_company *company, ic_cw_kind kind);
/* Puts a complete thing at the end of its list, which owns it, and returns it. NULL: no memory; it is
 * freed. */
cJSON *ic_cw_keep(ic_clickwrap *clickwrap, ic_cw_kind kind, cJSON *thing);
/* A thing is changed in a copy, so that it is changed completely or not at all: ic_cw_edit makes the copy,
 * ic_cw_commit gives its members to the thing. The copy is freed in any case. NULL, false: no memory, and
 * nothing is changed. A copy that is not spoiled (ic_whole) is always committed. */
cJSON *ic_cw_edit(const cJSON *thing);
bool ic_cw_commit(cJSON *thing, cJSON *copy);
/* The thing whose member `name` is that text, or a number with those digits. Deleted ones do not count. */
cJSON *ic_cw_find(const ic_clickwrap *clickwrap, ic_cw_kind kind, const char *name, const char *text);
/* By `id`; a signer by `signer_id`. NULL: not found. */
cJSON *ic_cw_by_id(const ic_clickwrap *clickwrap, ic_cw_kind kind, const char *id);
/* The number or text of a member as text, in `text` of `size` bytes; "" when it has none. Returns it. */
const char *ic_cw_text(const cJSON *thing, const char *name, char *text, size_t size);
double ic_cw_number(const cJSON *thing, const char *name);
bool ic_cw_true(const cJSON *thing, const char *name);
/* Sets a member of a new thing or of a copy, replacing what was there. A failure spoils it. */
void ic_cw_set(cJSON *thing, const char *name, cJSON *item);
void ic_cw_set_text(cJSON *thing, const char *name, const char *text);
void ic_cw_set_number(cJSON *thing, const char *name, double number);
void ic_cw_set_bool(cJSON *thing, const char *name, bool value);
/* Sets `updated_time` and `updated_by`. */
void ic_cw_touch(ic_company *company, cJSON *thing);
/* A copy without the sandbox's own members. NULL or spoiled (build.h) when out of memory. */
cJSON *ic_cw_view(const cJSON *thing);

/* The site with this access id; NULL: there is none. */
cJSON *ic_cw_site_of(const ic_clickwrap *clickwrap, const char *access_id);

#endif
