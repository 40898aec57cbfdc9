/* From the bytes of an answer to a value or an error: pure, no sockets. */
#ifndef IC_ANSWER_H
#define IC_ANSWER_H

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/http/request.h"
#include "core/json/json.h"
#include "core/json/json_tape.h"

typedef enum ic_value_kind {
    IC_VALUE_NOTHING, /* an empty 2xx: true */
    IC_VALUE_TAPE,    /* JSON of an answer, to be handed on */
    IC_VALUE_TREE,    /* JSON that the core itself made or reads */
    IC_VALUE_BYTES,
    IC_VALUE_PATH, /* the body is in the file that `bytes` names */
    IC_VALUE_SINK  /* the body went to the sink */
} ic_value_kind;

typedef struct ic_value {
    ic_value_kind kind;
    ic_tape tape; /* owned, as are: */
    cJSON *tree;
    char *bytes;
    size_t length;
} ic_value;

typedef struct ic_response {
    long status;    /* of the last answer; 0: there was none */
    ic_buf headers; /* its header lines, "Name: value\n" each */
    int attempts;
    double seconds;           /* from the start of the call to its end */
    const char *http_version; /* static: "1.1", "2"; NULL: no answer */
} ic_response;

/* The value of a header (case-insensitive), or NULL; copied into `value` of `size` bytes, cut to fit. */
const char *ic_response_header(const ic_response *response, const char *name, char *value, size_t size);
/* A 2xx that was to be a file: whether it is a page for people instead (a login, say), by its type or, where
 * it has none, by the first `length` bytes. One that says that it is an attachment is the file. */
bool ic_answer_is_page(const ic_response *response, const char *bytes, size_t length);
bool ic_answer_has_type(const ic_response *response);
/* Whether the answer announced another length than `bytes`, which libcurl overlooks where it cannot count so
 * far. */
bool ic_answer_is_cut(const ic_response *response, double bytes);
/* … and whether it is JSON, in which there may be something else than the file: */
bool ic_answer_is_json(const ic_response *response);
/* The address in a JSON answer that says where the file is and nothing more: a text, or an object of a few
 * members of which one is an absolute URL; borrowed. NULL: it is none. */
const char *ic_answer_link(const cJSON *tree);
/* Whether a JSON answer is one of Ironclad's errors, whatever its status. */
bool ic_answer_is_error(const cJSON *tree);
/* A 2xx: fills `value`, taking `body` over where it can. The answer to a request of the core's own (an
 * anonymous one) becomes a tree. False with PROTOCOL or TOO_LARGE or MEMORY. */
bool ic_answer_value(const ic_request *request, const ic_response *response, ic_buf *body, ic_value *value,
                     ic_error *error);
/* Any other status: fills `error` from the body, whichever of Ironclad's shapes it has (FACTS 4). `now` is
 * Unix time, for a Retry-After date. */
void ic_answer_error(const ic_request *request, const ic_response *response, const ic_buf *body, double now,
                     ic_error *error);
void ic_value_free(ic_value *value);
void ic_response_free(ic_response *response);

#endif
