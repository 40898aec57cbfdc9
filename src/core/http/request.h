/* Builds the request that is sent from an operation and its arguments. Pure functions without sockets. */
#ifndef IC_REQUEST_H
#define IC_REQUEST_H

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/http/parts.h"
#include "core/json/json.h"

/* What the caller gives. All trees are objects. They are borrowed, and building may change them; the parts
 * are moved to the request. Members of `body` may be raw JSON (body.h), and so may the whole body of a raw
 * request. */
typedef struct ic_arguments {
    const char *path[4];
    size_t path_length[4];
    size_t path_count;
    cJSON *query, *body, *files;     /* NULL: not given; files: name of a part -> file */
    cJSON *extra_query, *extra_body; /* sent unchecked */
    cJSON *headers;                  /* name -> text */
    ic_parts *parts;                 /* the files that the trees refer to */
} ic_arguments;

/* A part of a multipart body. `file` is an index of the request's parts; -1: `text` is the value. */
typedef struct ic_form_field {
    char *name, *text;
    const char *content_type; /* static; NULL: none is sent */
    long file;
} ic_form_field;

typedef struct ic_request {
    const ic_operation *operation; /* static */
    ic_method method;
    char *target; /* path and query, percent-encoded, beginning with "/"; a whole URL if `absolute` */
    char *body;   /* freed with ic_json_text_free; NULL: none */
    ic_parts parts;
    ic_form_field *form; /* NULL: not multipart */
    size_t form_count;
    char **headers; /* the caller's, as "Name: value" */
    size_t header_count;
    const char *content_type; /* of the body; static; NULL: JSON */
    char *authorization;      /* a secret: sent to the token endpoint instead of a bearer; NULL: none */
    char *sensitive;          /* a secret in the body that no message may show; NULL: none */
    bool anonymous;           /* sent without bearer and actor: to the token endpoint, or `absolute` */
    ic_host host;             /* of the connection; with `absolute` it does not count */
    bool no_bearer;           /* the service takes no token */
    bool absolute;            /* `target` is a whole URL, on any host */
    bool secret;              /* the body holds a secret and is overwritten when it is freed */
    ic_answer answer;
    ic_bucket bucket;
    bool repeatable;
    bool reads; /* changes nothing */
} ic_request;

/* Checks the arguments against the catalog and builds the request. False with ARGUMENT (the message names the
 * argument, what was expected and the nearest right name) or MEMORY. The request must be zeroed before, and
 * freed afterwards in either case. */
bool ic_request_build(const ic_operation *operation, ic_arguments *arguments, ic_request *request,
                      ic_error *error);
/* The same for a request that is not in the catalog. `path` begins with "/", may hold a query, and is sent
 * unchanged. GET, PUT and DELETE count as repeatable, unless the catalog knows the path and says otherwise.
 * The answer is read as JSON or as bytes, by its Content-Type. */
bool ic_request_raw(ic_product product, ic_method method, const char *path, ic_arguments *arguments,
                    ic_request *request, ic_error *error);
/* A download from any URL, such as a signed link. It is sent without bearer and actor. False with MEMORY, or
 * with ARGUMENT when ic_url_objection refuses the URL. */
bool ic_request_download(const char *url, bool allow_http, ic_request *request, ic_error *error);
/* A POST of JSON to any URL, without bearer and actor, and with these headers only (name -> text; NULL:
 * none). False as for a download. */
bool ic_request_forward(const char *url, bool allow_http, const cJSON *headers, const char *body,
                        ic_request *request, ic_error *error);
/* For a call that sends nothing and only sleeps, and for one to the shared Redis. */
void ic_request_pause(ic_request *request);
void ic_request_shared(ic_request *request);
void ic_request_free(ic_request *request);
/* The value of a header that the caller gives, its name compared without case; NULL: there is none. */
const char *ic_request_header(const ic_request *request, const char *name);

#endif
