/* Turns the bytes of an answer into a value or an error. Pure functions without sockets. */
#ifndef IC_ANSWER_H
#define IC_ANSWER_H

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/http/request.h"
#include "core/json/json.h"
#include "core/json/json_tape.h"
#include "core/shared/reply.h"

typedef enum ic_value_kind {
    IC_VALUE_NOTHING, /* a 2xx that promises no body; `true` in Lua */
    IC_VALUE_TAPE,    /* JSON of an answer, to be handed on */
    IC_VALUE_TREE,    /* JSON that the core itself made or reads */
    IC_VALUE_BYTES,
    IC_VALUE_PATH, /* the body was written to the call's file */
    IC_VALUE_SINK, /* the body went to the call's sink */
    IC_VALUE_REPLY /* the shared Redis's */
} ic_value_kind;

typedef struct ic_value {
    ic_value_kind kind;
    ic_tape tape; /* owned, as are tree and bytes */
    cJSON *tree;
    char *bytes;
    size_t length;
    ic_reply reply; /* owned */
} ic_value;

typedef struct ic_response {
    long status;    /* of the last answer; 0: there was none */
    ic_buf headers; /* its header fields, each as "Name: value\n" */
    int attempts;
    char *attempt_id;         /* owned; of the last attempt (attempt_id.h); NULL: none */
    double seconds;           /* from the start of the call to its end */
    const char *http_version; /* static: "1.0", "1.1" or "2"; NULL: no answer */
} ic_response;

/* Copies the value of a header (its name compared without case) into `value`, truncated to `size` bytes,
 * and returns it; NULL: there is no such header. If a header is repeated, the last one counts. */
const char *ic_response_header(const ic_response *response, const char *name, char *value, size_t size);
/* The Date header as Unix time: when the answer was made, by the server's clock. `now` without one. */
double ic_response_date(const ic_response *response, double now);
/* Ironclad's id of the request, escaped for messages, copied into `id` of `size` bytes; NULL: there is none.
 */
const char *ic_response_request_id(const ic_response *response, char *id, size_t size);

/* For a 2xx that promises a file, a key or no body: whether the answer is an HTML page, such as a login page.
 * Decided by the Content-Type; without one, by the first `length` bytes of the body. An answer with
 * Content-Disposition: attachment is always the file. */
bool ic_answer_is_page(const ic_response *response, const char *bytes, size_t length);
/* Whether there is a Content-Type. */
bool ic_answer_has_type(const ic_response *response);
/* Whether the body is compressed: a Content-Encoding is not "identity", or a Transfer-Encoding not "chunked".
 * libcurl decompresses the first only where that was asked for (setup.c), and the second always. It does not
 * notice when the end of a compressed body is missing. */
bool ic_answer_is_encoded(const ic_response *response);
/* The message for a compressed body where none was asked for. */
extern const char ic_answer_encoded_refusal[];
/* Whether a Content-Length differs from the number of bytes that came. libcurl does not notice when the
 * announced length is beyond its range, no number, one of several, or beside a Transfer-Encoding without
 * chunks. */
bool ic_answer_is_cut(const ic_response *response, double bytes);
/* Whether the body goes on until the connection ends (RFC 9112, 6.3): it has no length and no chunks. */
bool ic_answer_is_endless(const ic_response *response);
/* For a download: whether the answer is JSON and not an attachment, so that it may be something other than
 * the file. */
bool ic_answer_is_json(const ic_response *response);
/* Whether the answer to a download may be a link to the file instead of the file. Only where Ironclad's
 * documents say so: otherwise the content of a file could decide which URL is fetched. */
bool ic_answer_may_link(const ic_operation *operation);
/* The link in a JSON answer that only says where the file is: a string, or an object of a few members of
 * which exactly one is an absolute URL. Borrowed from the tree. NULL: there is none. */
const char *ic_answer_link(const cJSON *tree);
/* Whether a JSON answer has the shape of one of Ironclad's errors. Where JSON was promised, only {code,
 * message, param?} is one: a job's state may have a member `error`. */
bool ic_answer_is_error(ic_answer answer, const cJSON *tree);
/* Whether a 2xx to anything but a download must be looked at for that. */
bool ic_answer_may_be_error(const ic_request *request, const ic_response *response, const ic_buf *body);
/* For a 2xx: fills `value`; may take the bytes of `body`. The answer to a request of the core's own (an
 * anonymous one) becomes a tree. False with PROTOCOL, TOO_LARGE or MEMORY. */
bool ic_answer_value(const ic_request *request, const ic_response *response, ic_buf *body, ic_value *value,
                     ic_error *error);
/* For any other status: fills `error` from the body, which has one of several shapes (answer_error.c). If
 * the body has none of these shapes, its beginning becomes part of the message. Control characters of the
 * server's text are escaped. `now` is Unix time, for a Retry-After that is a date; the answer's own Date
 * header is preferred to it. */
void ic_answer_error(const ic_request *request, const ic_response *response, const ic_buf *body, double now,
                     ic_error *error);
void ic_value_free(ic_value *value);
void ic_response_free(ic_response *response);

#endif
