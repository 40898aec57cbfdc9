/* The catalog: every operation of Ironclad's APIs, once, as data (operations.def). Methods, checks of
 * arguments, iterators, waits for jobs and the reference pages are made from it, and the sandbox finds its
 * handlers by it. */
#ifndef IC_CATALOG_H
#define IC_CATALOG_H

#include <stdbool.h>
#include <stddef.h>

/* The services, and what all paths of each begin with. */
typedef enum ic_service { IC_SERVICE_PUBLIC, IC_SERVICE_SCIM, IC_SERVICE_OAUTH } ic_service;
#define IC_ROOT_PUBLIC "/public/api/v1"
#define IC_ROOT_SCIM   "/scim/v2"
#define IC_ROOT_OAUTH  "/oauth"

typedef enum ic_method { IC_GET, IC_POST, IC_PUT, IC_PATCH, IC_DELETE } ic_method;

typedef enum ic_body {
    IC_BODY_NONE,
    IC_BODY_JSON,
    /* JSON; with files in it, multipart: a part `data` with the JSON, where each file is {"file": name of its
     * part}, and a part for each file. */
    IC_BODY_LAUNCH,
    /* multipart/form-data: a part for each top-level field. */
    IC_BODY_FORM
} ic_body;

typedef enum ic_answer {
    IC_ANSWER_JSON,
    IC_ANSWER_NOTHING, /* 204, or any empty 2xx */
    IC_ANSWER_BYTES,
    IC_ANSWER_TEXT,
    IC_ANSWER_ANY /* of a raw request, never in the catalog: the Content-Type decides between JSON and bytes
                   */
} ic_answer;

/* What a JSON answer has in it, and where. */
typedef enum ic_content_type { IC_CONTENT_PLAIN, IC_CONTENT_ONE, IC_CONTENT_ITEMS } ic_content_type;
typedef struct ic_content {
    ic_content_type type;
    const char
        *kind; /* of the resource or of each item: "workflow"; NULL: none that has methods of its own */
    const char *field; /* the answer's field that holds it; NULL: the whole answer */
} ic_content;

typedef enum ic_paging {
    IC_PAGING_NONE,
    IC_PAGING_COUNT,    /* page (0-based), pageSize; the answer's `count` is the total over all pages */
    IC_PAGING_NO_COUNT, /* the same without `count`: a short page is the last */
    IC_PAGING_SCIM      /* startIndex (1-based), count; totalResults */
} ic_paging;

/* X(constant, name, requests per minute): Ironclad's rate limits, from its rate-limits page (2026-08-18).
 * Rows that are missing there are from the page's older version. */
#define IC_BUCKETS(X)                                                                                        \
    X(WORKFLOWS_READ, "workflows:read", 400)                                                                 \
    X(WORKFLOWS_WRITE, "workflows:write", 40)                                                                \
    X(SIGN_STATUS, "workflows:sign-status", 50)                                                              \
    X(SIGNATURES, "workflows:signatures", 50)                                                                \
    X(RECORDS_READ, "records:read", 600)                                                                     \
    X(RECORDS_WRITE, "records:write", 200)                                                                   \
    X(SCIM_USERS, "scim:users", 600)                                                                         \
    X(SCIM_USERS_WRITE, "scim:users:write", 50)                                                              \
    X(SCIM_GROUPS, "scim:groups", 600)                                                                       \
    X(WEBHOOKS, "webhooks", 600)                                                                             \
    X(OTHER, "other", 800)                                                                                   \
    X(NONE, "none", 0) /* not counted: the token endpoint */
typedef enum ic_bucket {
#define X(constant, name, per_minute) IC_BUCKET_##constant,
    IC_BUCKETS(X)
#undef X
        IC_BUCKET_COUNT
} ic_bucket;
#define IC_COMPANY_PER_MINUTE 4500

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
    IC_COMMENTED = 1024  /* an object; its `comment` is {message=…}, and a plain string is wrapped */
};

/* A query parameter or a top-level field of a body. */
typedef struct ic_field {
    const char *name; /* NULL ends a list */
    ic_type type;
    unsigned flags;
    const char *value;   /* the service's default, or with IC_FILL what is sent; NULL when there is none */
    const char *choices; /* allowed values, separated by spaces; NULL when any. Documented, not enforced */
} ic_field;

typedef struct ic_operation {
    const char *id;       /* Ironclad's operationId */
    const char *resource; /* "workflows", "scim.users"; NULL: by call() only */
    const char *name;     /* Lua name of the method; NULL: by call() only */
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
    ic_bucket bucket;
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
/* The values of the {placeholders} in a path: pointers into it, not terminated, still percent-encoded. */
typedef struct ic_path_values {
    const char *value[4];
    size_t length[4];
    size_t count;
} ic_path_values;
/* The operation of a request, or NULL. Literal segments win over placeholders: "/records/export" over
 * "/records/{id}". `path` has no query and is percent-encoded. `values` may be NULL. */
const ic_operation *ic_operation_by_path(ic_method method, const char *path, ic_path_values *values);
/* The bucket of any request, even of one that is not in the catalog. */
ic_bucket ic_bucket_of(ic_method method, const char *path);
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
