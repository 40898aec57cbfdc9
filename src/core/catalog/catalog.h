/* The catalog: every operation of Ironclad's APIs, once, as data (operations.def). Methods, checks of
 * arguments, iterators, waits for jobs and the reference pages are made from it, and the sandbox finds its
 * handlers by it. */
#ifndef IC_CATALOG_H
#define IC_CATALOG_H

#include <stdbool.h>
#include <stddef.h>

/* Ironclad's products: contract lifecycle management, and Clickwrap. A connection belongs to one. */
typedef enum ic_product { IC_PRODUCT_CLM, IC_PRODUCT_CLICKWRAP } ic_product;

/* What messages call it. */
const char *ic_product_name(ic_product product);

/* The hosts of a connection. CLM has one. Clickwrap has one for its REST API, and one for the Activity API,
 * which is public and never gets a token. */
typedef enum ic_host { IC_HOST_MAIN, IC_HOST_ACTIVITY, IC_HOST_COUNT } ic_host;

/* X(constant, name, product, host, whether a bearer is sent): the services. CLICKWRAP_SERVICE has the
 * endpoints on the REST API's host that are not part of that API. */
#define IC_SERVICES(X)                                                                                       \
    X(PUBLIC, "public", CLM, MAIN, true)                                                                     \
    X(SCIM, "scim", CLM, MAIN, true)                                                                         \
    X(OAUTH, "oauth", CLM, MAIN, true)                                                                       \
    X(CLICKWRAP_REST, "clickwrap_rest", CLICKWRAP, MAIN, true)                                               \
    X(CLICKWRAP_SERVICE, "clickwrap_service", CLICKWRAP, MAIN, false)                                        \
    X(CLICKWRAP_ACTIVITY, "clickwrap_activity", CLICKWRAP, ACTIVITY, false)
typedef enum ic_service {
#define X(constant, name, product, host, bearer) IC_SERVICE_##constant,
    IC_SERVICES(X)
#undef X
        IC_SERVICE_COUNT
} ic_service;
typedef struct ic_service_facts {
    const char *name;
    ic_product product;
    ic_host host;
    bool bearer;
} ic_service_facts;
extern const ic_service_facts ic_services[IC_SERVICE_COUNT];

/* What all paths of each service begin with. */
#define IC_ROOT_PUBLIC             "/public/api/v1"
#define IC_ROOT_SCIM               "/scim/v2"
#define IC_ROOT_OAUTH              "/oauth"
#define IC_ROOT_CLICKWRAP_REST     "/v1.1"
#define IC_ROOT_CLICKWRAP_SERVICE  ""
#define IC_ROOT_CLICKWRAP_ACTIVITY ""

typedef enum ic_method { IC_GET, IC_POST, IC_PUT, IC_PATCH, IC_DELETE } ic_method;

typedef enum ic_body {
    IC_BODY_NONE,
    IC_BODY_JSON,
    /* JSON; with files in it, multipart: a part `data` with the JSON, where each file is {"file": name of its
     * part}, and a part for each file. */
    IC_BODY_LAUNCH,
    /* multipart/form-data: a part for each top-level field. */
    IC_BODY_FORM,
    /* application/x-www-form-urlencoded: a parameter for each top-level field. */
    IC_BODY_URLENCODED
} ic_body;

typedef enum ic_answer {
    IC_ANSWER_JSON,
    IC_ANSWER_NOTHING, /* 204, or any empty 2xx */
    IC_ANSWER_BYTES,
    IC_ANSWER_TEXT,
    IC_ANSWER_KEY, /* a text that is neither HTML nor JSON */
    IC_ANSWER_ANY  /* of a raw request, never in the catalog: the Content-Type decides between JSON and bytes
                    */
} ic_answer;

/* What a JSON answer has in it, and where. */
typedef enum ic_content_type {
    IC_CONTENT_PLAIN, /* an object or an array */
    IC_CONTENT_ONE,
    IC_CONTENT_ITEMS,
    IC_CONTENT_ANY /* any value */
} ic_content_type;
typedef struct ic_content {
    ic_content_type type;
    const char *kind;  /* of the resource or of each item: "workflow"; NULL: no kind that has methods */
    const char *field; /* the answer's field that holds it; NULL: the whole answer */
} ic_content;

typedef enum ic_paging {
    IC_PAGING_NONE,     /* the answer has all items, or is no list */
    IC_PAGING_COUNT,    /* page (0-based), pageSize; the answer's `count` is the total over all pages */
    IC_PAGING_NO_COUNT, /* page and pageSize, no `count`: a short page is the last */
    IC_PAGING_SCIM,     /* startIndex (1-based), count; totalResults */
    IC_PAGING_CLICKWRAP /* page (1-based), per_page; has_more, total_count */
} ic_paging;

/* X(constant, name, requests, seconds, kind of window, whose requests are counted together): the rate limits.
 * A SLIDING window is always the last `seconds`, and its requests also count towards the company's limit:
 * from Ironclad's rate-limits page (2026-08-18); rows that are missing there are from the page's older
 * version. A FIXED window opens with the first request and closes after that time: from the rate-limits page
 * of Clickwrap, whose limits are for a token, for a site, and for an IP address that sends neither. */
#define IC_BUCKETS(X)                                                                                        \
    X(WORKFLOWS_READ, "workflows:read", 400, 60, SLIDING, CLIENT)                                            \
    X(WORKFLOWS_WRITE, "workflows:write", 40, 60, SLIDING, CLIENT)                                           \
    X(SIGN_STATUS, "workflows:sign-status", 50, 60, SLIDING, CLIENT)                                         \
    X(SIGNATURES, "workflows:signatures", 50, 60, SLIDING, CLIENT)                                           \
    X(RECORDS_READ, "records:read", 600, 60, SLIDING, CLIENT)                                                \
    X(RECORDS_WRITE, "records:write", 200, 60, SLIDING, CLIENT)                                              \
    X(SCIM_USERS, "scim:users", 600, 60, SLIDING, CLIENT)                                                    \
    X(SCIM_USERS_WRITE, "scim:users:write", 50, 60, SLIDING, CLIENT)                                         \
    X(SCIM_GROUPS, "scim:groups", 600, 60, SLIDING, CLIENT)                                                  \
    X(WEBHOOKS, "webhooks", 600, 60, SLIDING, CLIENT)                                                        \
    X(OTHER, "other", 800, 60, SLIDING, CLIENT)                                                              \
    X(NONE, "none", 0, 60, SLIDING, CLIENT) /* not counted: the token endpoint */                            \
    X(CLICKWRAP_REST, "clickwrap:rest", 2000, 60, FIXED, CLIENT)                                             \
    X(CLICKWRAP_ACTIVITY, "clickwrap:activity", 10000, 300, FIXED, SITE)                                     \
    X(CLICKWRAP_SERVICE, "clickwrap:service", 60, 60, FIXED, ADDRESS)
typedef enum ic_window_kind { IC_WINDOW_SLIDING, IC_WINDOW_FIXED } ic_window_kind;
/* A client is an app of a company, or a token. */
typedef enum ic_counted {
    IC_COUNTED_CLIENT,
    IC_COUNTED_SITE,
    IC_COUNTED_ADDRESS,
    IC_COUNTED_COUNT
} ic_counted;
typedef enum ic_bucket {
#define X(constant, ...) IC_BUCKET_##constant,
    IC_BUCKETS(X)
#undef X
        IC_BUCKET_COUNT
} ic_bucket;
#define IC_COMPANY_PER_MINUTE 4500
typedef struct ic_rate_limit {
    const char *bucket; /* its name: "workflows:read" */
    double requests;    /* 0: no limit */
    double seconds;
    ic_window_kind kind;
    ic_counted by;
} ic_rate_limit;
extern const ic_rate_limit ic_rate_limits[IC_BUCKET_COUNT];

typedef enum ic_type {
    IC_TYPE_STRING,
    IC_TYPE_INTEGER,
    IC_TYPE_NUMBER,
    IC_TYPE_BOOLEAN,
    IC_TYPE_OBJECT,
    IC_TYPE_ARRAY,
    IC_TYPE_FILE,
    IC_TYPE_COMMENT, /* {message=…}; a plain string is accepted and wrapped */
    IC_TYPE_ANY      /* one of several shapes */
} ic_type;

/* Bits of ic_field.flags. */
enum {
    IC_REQUIRED = 1, /* the caller must give it, unless IC_FILL does */
    IC_LIST = 2,     /* query: several values, joined by commas */
    IC_FILL = 4,     /* when the caller leaves it out, `value` is sent (JSON text for a body field) */
    /* Of a form: */
    IC_NAMES_FILE = 8, /* an object; its `filename` defaults to the name of the form's file */
    IC_SIGNERS = 16,   /* an object; `signerRoleNames` in it is not empty, unless the IC_OWN field is true */
    IC_OWN = 32,       /* true or false for this module; not sent */
    /* References to a resource. The caller may give the resource's table instead. A field that has the
     * type given below is one reference. A field of another type holds any number of them, by index or by
     * name. */
    IC_RECORD_LINK = 64, /* object {recordId=…}, of a record or an entity */
    IC_RECORD_ID = 128,  /* string: the id of a record or an entity */
    IC_SCHEMA_ID = 256,  /* string: the id of a workflow schema */
    IC_PROPERTIES = 512, /* an object: properties of a record, entity or obligation by name */
    IC_COMMENTED = 1024, /* an object; its `comment` is {message=…}, and a plain string is wrapped */
    IC_SITE = 2048,      /* the site access id; when the caller leaves it out, the connection's is sent */
    IC_ONE_OF = 4096,    /* the caller must give one of the fields that have this flag */
    IC_SECRET = 8192     /* no message may show it */
};

/* A query parameter or a top-level field of a body. */
typedef struct ic_field {
    const char *name; /* NULL ends a list */
    ic_type type;
    unsigned flags;
    const char *value;   /* the service's default, or with IC_FILL what is sent; NULL when there is none */
    const char *choices; /* allowed values, separated by spaces; NULL when any. Documented, not enforced */
} ic_field;

/* What documents that an operation exists: an OpenAPI document of Ironclad's, its guides, one of its SDKs,
 * the shipped code of another client, or nothing but a title in the navigation of the reference. The last
 * ones are unconfirmed: their paths are guesses. */
typedef enum ic_source {
    IC_SOURCE_DOCUMENT,
    IC_SOURCE_GUIDE,
    IC_SOURCE_SDK,
    IC_SOURCE_PEER,
    IC_SOURCE_NAVIGATION
} ic_source;

typedef struct ic_operation {
    const char *id;       /* Ironclad's operationId */
    const char *resource; /* "workflows", "scim.users"; NULL: by call() only */
    const char *name;     /* Lua name of the method; NULL: by call() only */
    const char *text;     /* one sentence: what it does */
    ic_service service;
    ic_method method;
    const char *path;      /* with {placeholders} */
    const ic_field *query; /* ends with a NULL name; never NULL */
    ic_body body;
    const ic_field *fields; /* of the body; ends like `query` */
    ic_answer answer;
    ic_content content;
    ic_paging paging;
    const char *scopes; /* separated by spaces: all of them; by '|': one of them; "" none */
    bool repeatable;    /* may be sent again although Ironclad may have received it */
    bool reads;         /* changes nothing, so that its outcome is always known */
    ic_source source;
} ic_operation;

extern const ic_operation ic_operations[];
extern const size_t ic_operation_count;

/* What Ironclad does in the background. Words are separated by spaces. */
typedef struct ic_job_entry {
    const char *start, *status; /* operationIds: what starts it, and what answers its state */
    const char *both, *wait;    /* Lua names of the methods that start it and wait, and that wait */
    const char *ids;            /* fields that identify it; the first is in the answer to the start */
    const char *state;          /* field of its state in the answer of `status` */
    const char *running, *done, *failed; /* its values */
    const char *result;                  /* field of the result in that answer; NULL: the whole answer */
} ic_job_entry;

extern const ic_job_entry ic_job_entries[]; /* an entry whose `start` is NULL ends it */

/* The operation with that operationId, or NULL. */
const ic_operation *ic_operation_by_id(const char *id);
/* How messages name an operation: "workflows:launch", or the operationId when it has no Lua name. Writes into
 * `name` (of `size` bytes) and returns it. */
const char *ic_operation_label(const ic_operation *operation, char *name, size_t size);
/* The field of that name in a list of an operation (`query` or `fields`); NULL: there is none. */
const ic_field *ic_field_find(const ic_field *fields, const char *name);
/* The values of the {placeholders} in a path: pointers into it, not terminated, still percent-encoded. */
typedef struct ic_path_values {
    const char *value[4];
    size_t length[4];
    size_t count;
} ic_path_values;
/* The operation of a request, or NULL. Literal segments win over placeholders: "/records/export" over
 * "/records/{id}". `path` has no query and is percent-encoded. `values` may be NULL. */
const ic_operation *ic_operation_by_path(ic_product product, ic_method method, const char *path,
                                         ic_path_values *values);
/* The service and the bucket of any request, even of one that is not in the catalog. The path may have a
 * query. */
ic_service ic_service_of(ic_product product, ic_method method, const char *path);
ic_bucket ic_bucket_of(ic_product product, ic_method method, const char *path);
ic_bucket ic_operation_bucket(const ic_operation *operation);
/* "workflows:read" */
const char *ic_bucket_name(ic_bucket bucket);
const char *ic_method_name(ic_method method);
/* "GET" -> IC_GET; false when it is none of the five. */
bool ic_method_parse(const char *name, ic_method *method);
/* The number of {placeholders} in a path, and the name of one by its index: not terminated; NULL beyond the
 * last. */
size_t ic_path_parameters(const char *path);
const char *ic_path_parameter(const char *path, size_t index, size_t *length);

#endif
