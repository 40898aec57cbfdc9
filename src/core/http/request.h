/* From an operation and its arguments to the request that is sent: pure, no sockets. */
#ifndef IC_REQUEST_H
#define IC_REQUEST_H

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/http/parts.h"
#include "core/json/json.h"

/* What a caller gives. All trees are objects, borrowed, and may be changed; the parts are moved out. Members
 * of `body` may be raw JSON (body.h); a raw request's may as a whole. */
typedef struct ic_arguments {
    const char *path[4];
    size_t path_length[4];
    size_t path_count;
    cJSON *query, *body, *files;     /* NULL: not given; files: part name -> file */
    cJSON *extra_query, *extra_body; /* sent unchecked */
    cJSON *headers;                  /* name -> text */
    ic_parts *parts;                 /* the files that trees refer to */
} ic_arguments;

/* A part of a multipart body: `file` is an index of the request's parts, or -1 and `text` is the value. */
typedef struct ic_form_field {
    char *name, *text;
    const char *content_type; /* static; NULL: none said */
    long file;
} ic_form_field;

typedef struct ic_request {
    const ic_operation *operation; /* static */
    ic_method method;
    char *target; /* path and query, percent-encoded, beginning with "/" */
    char *body;   /* ic_json_print's, or NULL */
    ic_parts parts;
    ic_form_field *form; /* NULL: not multipart */
    size_t form_count;
    char **headers; /* "Name: value", of the caller's */
    size_t header_count;
    const char *content_type; /* of body; static; NULL: JSON */
    char *authorization;      /* sent instead of a bearer: of the token endpoint; a secret; NULL: none */
    char *sensitive;          /* a secret in the body that no message may show; NULL: none */
    bool anonymous;           /* without bearer and actor: the token endpoint, and: */
    bool absolute;            /* `target` is a whole URL, on whatever host */
    bool secret;              /* the body holds one: overwritten when freed */
    ic_answer answer;
    ic_bucket bucket;
    bool repeatable;
} ic_request;

/* Checks the arguments against the catalog and builds the request; false with ARGUMENT (naming the argument,
 * what was expected and the nearest right name) or MEMORY. The request must be zeroed before and freed after,
 * whatever came of it. */
bool ic_request_build(const ic_operation *operation, ic_arguments *arguments, ic_request *request,
                      ic_error *error);
/* The same for what the catalog does not know: `path` begins with "/", may hold a query of its own, and stays
 * as it is. Repeatable by method; JSON or bytes by the answer's Content-Type. */
bool ic_request_raw(ic_method method, const char *path, ic_arguments *arguments, ic_request *request,
                    ic_error *error);
/* A file somewhere: a signed link, say. Neither bearer nor actor go there. False with ARGUMENT (`url` is
 * none, or not https; allow_http as for a connection) or MEMORY. */
bool ic_request_download(const char *url, bool allow_http, ic_request *request, ic_error *error);
/* Of a call that sends nothing and only lets time pass. */
void ic_request_pause(ic_request *request);
void ic_request_free(ic_request *request);

/* "workflows:launch", or the operationId of what has no method: how messages name an operation. Writes into
 * `name` (of `size` bytes) and returns it. */
const char *ic_operation_label(const ic_operation *operation, char *name, size_t size);

#endif
