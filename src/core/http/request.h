/* A request as it is sent. request_build.h makes it. */
#ifndef IC_REQUEST_H
#define IC_REQUEST_H

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/http/parts.h"
#include "core/json/json.h"

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
    ic_product product;       /* whose service it is; with `absolute` it does not count */
    ic_host host;             /* of the connection; with `absolute` it does not count */
    bool no_bearer;           /* the service takes no token */
    bool absolute;            /* `target` is a whole URL, on any host */
    bool secret;              /* the body holds a secret and is overwritten when it is freed */
    ic_answer answer;
    ic_bucket bucket;
    bool repeatable;
    bool reads; /* changes nothing */
} ic_request;

void ic_request_free(ic_request *request);
/* The value of a header that the caller gives, its name compared without case; NULL: there is none. */
const char *ic_request_header(const ic_request *request, const char *name);

#endif
