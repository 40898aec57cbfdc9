/* One request and its answer: all that a handler sees of HTTP. */
#ifndef IC_SANDBOX_EXCHANGE_H
#define IC_SANDBOX_EXCHANGE_H

#include "core/base/buf.h"
#include "core/catalog/catalog.h"
#include "core/json/json.h"
#include "listener/html.h"
#include "sandbox/base/build.h"
#include "sandbox/company/access.h"
#include "sandbox/filters/formula.h"
#include <stdbool.h>
#include <stddef.h>

struct MHD_Connection;

/* A field of a form, or a part of a multipart body. */
typedef struct ic_field_part {
    char *name, *filename; /* owned; filename NULL when none was given */
    ic_blob *bytes;        /* in memory, or with a filename perhaps in the spool; never NULL */
} ic_field_part;

/* Bytes of a request that may be in memory: its JSON, or its fields without filenames. */
#define IC_TEXT_MAX ((size_t)64 * 1024 * 1024)

typedef struct ic_exchange {
    ic_company *company;
    struct ic_log *log;
    struct MHD_Connection *connection;
    size_t max_body;

    /* The request, read by server.c. */
    char *target;     /* as it came: path and query, percent-encoded */
    char *path;       /* the same without the query */
    const char *verb; /* as it came; the connection's */
    ic_buf raw;       /* the body, unless it came in fields */
    struct MHD_PostProcessor *reader;
    ic_field_part *fields;
    size_t field_count;
    uint64_t received, in_memory, wasted; /* bytes of the body */
    bool begun, has_fields, malformed, too_large, no_memory;
    int disk_error; /* errno of why the body cannot be kept */

    /* What the service made of it. */
    ic_method method;
    const ic_operation *operation; /* NULL: the catalog knows none */
    char *values[4];               /* the path's placeholders, decoded; owned */
    cJSON *body;                   /* of a JSON request: an object, never NULL in its handler; owned */
    const ic_token *token;
    ic_user *user; /* who acts; NULL only where the operation needs nobody */

    /* The answer. */
    ic_uuid id;      /* by which its headers name it */
    ic_time time;    /* the company's when it was made */
    unsigned status; /* 0: none yet */
    char *text;      /* JSON or plain text, from cJSON; owned */
    ic_blob *blob;   /* or bytes; counted */
    /* of the bytes; static; NULL: none is said, and they are an attachment */
    const char *media_type;
    char *disposition;                              /* Content-Disposition, with their name; owned */
    char *html;                                     /* or a page; owned */
    char frame_ancestor[IC_FRAME_ANCESTOR_MAX + 1]; /* whose pages may hold it in a frame; "": nobody's */
    char *location;                                 /* where a 302 goes; owned */
    ic_quota quota;
    unsigned retry_after; /* seconds; 0: nothing is said */
    double delay;         /* seconds of the machine before it is sent */
    enum { IC_ENDING_WHOLE, IC_ENDING_CUT, IC_ENDING_NONE } ending; /* how much of it is sent */
    bool answered;
} ic_exchange;

/* --- the request (request.c) --- */

/* The first value of a header or query parameter; NULL when it is missing. The connection's. */
const char *ic_exchange_header(const ic_exchange *x, const char *name);
const char *ic_exchange_query(const ic_exchange *x, const char *name);
bool ic_exchange_query_true(const ic_exchange *x, const char *name);
/* Whether the body is said to be of that media type, whatever its parameters. */
bool ic_exchange_is_type(const ic_exchange *x, const char *media_type);
/* The page that is asked for; the query has been checked. */
typedef struct ic_page {
    size_t number, size;
} ic_page;
ic_page ic_exchange_page(const ic_exchange *x);
/* Whether the query and the body agree with the catalog's entry: values of the right kind, nothing missing.
 * Otherwise answers 400. For JSON bodies, x->body is there afterwards. */
bool ic_exchange_check(ic_exchange *x);
/* The first field that the object lacks or holds wrongly; NULL: it agrees. */
typedef struct ic_field_fault {
    const char *code; /* MISSING_PARAM or INVALID_PARAM */
    char message[512];
} ic_field_fault;
const ic_field *ic_fields_fault(const ic_field *fields, const cJSON *object, ic_field_fault *fault);
/* x->body from the JSON of the body, {} from none. false: it is no JSON object, and 400 is answered. */
bool ic_exchange_parse(ic_exchange *x);
/* Whether a path is one of the sandbox's controls, which are asked for below IC_CONTROL_PATH. */
#define IC_CONTROL_PATH "/_sandbox"
bool ic_is_control(const char *path);
/* Whether the client is on this machine. */
bool ic_exchange_is_local(const ic_exchange *x);
/* The same for a JSON body that has come in another way. */
bool ic_exchange_check_body(ic_exchange *x);
/* Whether the body has no other fields than the catalog's entry, where the document allows none. Otherwise
 * answers 400. */
bool ic_exchange_check_names(ic_exchange *x);
/* Reads a `lastUpdated` (NULL: leaves *since alone). false: it is no date, and 400 is answered. */
bool ic_exchange_since(ic_exchange *x, const char *text, ic_time *since);
/* Whether `text` is one of the words that spaces part in `choices` (of the catalog). */
bool ic_is_choice(const char *choices, const char *text);
/* Appends those words, parted by ", ". */
void ic_choices_print(ic_buf *out, const char *choices);
/* Reads the formula of the query (free it with ic_formula_free); NULL when none is given. false: it is wrong,
 * and 400 is answered unless `type` has answered already. */
bool ic_exchange_filter(ic_exchange *x, ic_formula_type type, void *context, ic_formula **formula);
/* Whether `name` is one of the names that commas part in `list`. */
bool ic_names_include(const char *list, const char *name);
/* Percent-decodes in place; false when a NUL would come of it. */
bool ic_percent_decode(char *text);
/* The same for a form or a query, where '+' is a space. */
bool ic_form_decode(char *text);
bool ic_is_uuid(const char *text);
void ic_exchange_clear(ic_exchange *x);

/* --- forms (form.c) --- */

/* Reads the body as the form that the Content-Type names, piece by piece. What goes wrong shows in
 * x->malformed and x->no_memory. */
void ic_form_begin(ic_exchange *x);
void ic_form_add(ic_exchange *x, const char *data, size_t size);
void ic_form_end(ic_exchange *x);
void ic_form_clear(ic_exchange *x);
/* Reads the body that has come as an urlencoded form, if it is one. false: it cannot be read. */
bool ic_form_read(ic_exchange *x);
/* The first field of that name; NULL when there is none. */
ic_field_part *ic_exchange_field(const ic_exchange *x, const char *name);
/* Its data as text; NULL also when they are no UTF-8, hold a NUL or were sent as a file that is not in
 * memory. The exchange's. */
const char *ic_form_text(const ic_exchange *x, const char *name);
/* Its data as JSON, which is the caller's; NULL also when they are none. */
cJSON *ic_form_json(const ic_exchange *x, const char *name);
/* The field's data to keep: the caller is one more holder. */
ic_blob *ic_field_part_bytes(ic_field_part *field);

/* --- the answer (reply.c): the last one given holds --- */

/* Takes the tree over. A tree that is NULL or lost a member for want of memory becomes a 500. */
void ic_reply_json(ic_exchange *x, unsigned status, cJSON *tree);
/* {page, pageSize, count, list}; takes the list over. */
void ic_reply_page(ic_exchange *x, ic_page page, size_t count, cJSON *list);
void ic_reply_nothing(ic_exchange *x); /* 204 */
void ic_reply_empty(ic_exchange *x);   /* drops the body of the answer that there is */
/* Both become one more holder. Ironclad gives its downloads no media type; other files have one (static). */
void ic_reply_bytes(ic_exchange *x, ic_blob *blob);
void ic_reply_file(ic_exchange *x, ic_blob *blob, const char *media_type);
/* An attachment with a name; the media type may be NULL. */
void ic_reply_download(ic_exchange *x, ic_blob *blob, const char *media_type, const char *filename);
/* These two empty the buffer; when it failed, they become a 500. */
void ic_reply_html(ic_exchange *x, ic_buf *page);
void ic_reply_redirect(ic_exchange *x, ic_buf *location); /* 302 */
/* In the shape of the API that the path belongs to; `param` may be NULL. */
void ic_reply_error(ic_exchange *x, unsigned status, const char *code, const char *param, const char *format,
                    ...) __attribute__((format(printf, 5, 6)));
void ic_reply_oauth_error(ic_exchange *x, unsigned status, const char *error, const char *description);
/* `type` is SCIM's keyword for what is wrong, such as invalidValue; NULL: none. */
void ic_reply_scim_error(ic_exchange *x, unsigned status, const char *type, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for a filter, where the service misspells a member. */
void ic_reply_scim_filter_error(ic_exchange *x, const char *message);
/* A bare JSON string, as the document upload answers. */
void ic_reply_text_error(ic_exchange *x, unsigned status, const char *message);
void ic_reply_no_memory(ic_exchange *x);

#endif
