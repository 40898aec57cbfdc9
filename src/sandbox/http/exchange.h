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
    ic_blob *bytes;        /* in memory; with a filename, possibly in the spool; never NULL */
} ic_field_part;

/* The most bytes of a request in memory: its JSON, or its fields without filenames. */
#define IC_TEXT_MAX ((size_t)64 * 1024 * 1024)

typedef struct ic_exchange {
    ic_company *company;
    struct ic_log *log;
    struct MHD_Connection *connection;
    size_t max_body;

    /* The request, read by server.c. */
    char *target;                     /* as received: path and query, percent-encoded */
    char *path;                       /* the same without the query */
    const char *verb;                 /* as received; owned by the connection */
    ic_buf raw;                       /* the body, unless it is a form */
    struct MHD_PostProcessor *reader; /* of an urlencoded form */
    struct ic_multipart *parts;       /* of a multipart body */
    ic_field_part *fields;
    size_t field_count;
    uint64_t received, in_memory, wasted; /* bytes of the body */
    bool begun, has_fields, malformed, too_large, no_memory;
    int disk_error; /* the errno with which storing the body failed; 0: none */

    /* What service/ has determined about the request. */
    ic_method method;
    ic_product product;            /* whose server it came to */
    const ic_operation *operation; /* NULL: not in the catalog */
    char *values[4];               /* the path's placeholders, decoded; owned */
    cJSON *body;                   /* of a JSON request: an object, never NULL in its handler; owned */
    const ic_token *token;
    ic_user *user; /* the acting user; NULL only if the operation needs none */

    /* The answer. */
    ic_uuid id;      /* the request id in its headers */
    ic_time time;    /* the company's time when it was made */
    unsigned status; /* 0: none yet */
    char *text;      /* JSON or plain text, from cJSON; owned */
    ic_blob *blob;   /* or bytes; held */
    /* of the bytes; static; NULL: no Content-Type, and they are an attachment */
    const char *media_type;
    char *disposition;                              /* Content-Disposition, with the filename; owned */
    char *html;                                     /* or an HTML page; owned */
    char frame_ancestor[IC_FRAME_ANCESTOR_MAX + 1]; /* the origin that may show it in a frame; "": none */
    char *location;                                 /* the target of a 302; owned */
    ic_quota quota;
    unsigned retry_after; /* seconds; 0: no such header */
    double delay;         /* seconds of real time before it is sent */
    enum { IC_ENDING_WHOLE, IC_ENDING_CUT, IC_ENDING_NONE } ending; /* how much of it is sent */
    bool answered;
} ic_exchange;

/* --- the request (request.c) --- */

/* The first value of a header or query parameter; NULL: missing. Owned by the connection. */
const char *ic_exchange_header(const ic_exchange *x, const char *name);
const char *ic_exchange_query(const ic_exchange *x, const char *name);
bool ic_exchange_query_true(const ic_exchange *x, const char *name);
/* Whether the Content-Type is that media type, with any parameters. */
bool ic_exchange_is_type(const ic_exchange *x, const char *media_type);
/* The requested page; the query must have been checked. */
typedef struct ic_page {
    size_t number, size;
} ic_page;
ic_page ic_exchange_page(const ic_exchange *x);
/* Whether a path is IC_CONTROL_PATH or below it: one of the sandbox's controls. */
#define IC_CONTROL_PATH "/_sandbox"
bool ic_is_control(const char *path);
/* Whether the client is on this machine. */
bool ic_exchange_is_local(const ic_exchange *x);
/* Reads a `lastUpdated`; NULL leaves *since unchanged. false: not a date, answered with 400. */
bool ic_exchange_since(ic_exchange *x, const char *text, ic_time *since);
/* Reads the query's formula, which the caller frees with ic_formula_free; NULL: not given. false: it is
 * wrong, answered with 400 unless `type` has answered already. */
bool ic_exchange_filter(ic_exchange *x, ic_formula_type type, void *context, ic_formula **formula);
/* Whether `name` is one of the comma-separated names in `list`. */
bool ic_names_include(const char *list, const char *name);
/* As ic_percent_decode, for a form or a query, where '+' is a space. */
bool ic_form_decode(char *text);
bool ic_is_uuid(const char *text);

/* --- the request against the catalog (request_check.c) --- */

/* Checks the query and the body against the catalog's entry: types, choices, required ones. false: answered
 * with 400. Sets x->body for JSON bodies. */
bool ic_exchange_check(ic_exchange *x);
/* The first field that is missing in the object or has a wrong value; NULL: none. */
typedef struct ic_field_fault {
    const char *code; /* MISSING_PARAM or INVALID_PARAM */
    char message[512];
} ic_field_fault;
const ic_field *ic_fields_fault(const ic_field *fields, const cJSON *object, ic_field_fault *fault);
/* Sets x->body from the JSON of the body; {} without a body. false: not a JSON object, answered with 400. */
bool ic_exchange_parse(ic_exchange *x);
/* Refuses fields that are not in the catalog's entry, where the document allows none. false: answered with
 * 400. */
bool ic_exchange_check_names(ic_exchange *x);
/* Whether `text` is one of the space-separated words in `choices` (of the catalog). */
bool ic_is_choice(const char *choices, const char *text);
/* Appends those words, separated by ", ". */
void ic_choices_print(ic_buf *out, const char *choices);

/* --- forms (form.c) --- */

/* Reads the body, piece by piece, as the kind of form that the Content-Type names. Failures set x->malformed
 * or x->no_memory. */
void ic_form_begin(ic_exchange *x);
void ic_form_add(ic_exchange *x, const char *data, size_t size);
void ic_form_end(ic_exchange *x);
void ic_form_clear(ic_exchange *x);
/* Reads a body that has been received as an urlencoded form, if it is one. false: it cannot be read. */
bool ic_form_read(ic_exchange *x);
/* The first field of that name; NULL: none. */
ic_field_part *ic_exchange_field(const ic_exchange *x, const char *name);
/* Its data as text, owned by the exchange. NULL: no such field, not UTF-8, a NUL in it, or a file that is not
 * in memory. */
const char *ic_form_text(const ic_exchange *x, const char *name);
/* Its data as JSON, owned by the caller. NULL: no such field, or not JSON. */
cJSON *ic_form_json(const ic_exchange *x, const char *name);
/* The field's data; the caller becomes a holder. */
ic_blob *ic_field_part_bytes(ic_field_part *field);

/* --- the answer (reply.c): a later one replaces an earlier one --- */

/* Takes ownership of the tree. A tree that is NULL or spoiled (build.h) becomes a 500. */
void ic_reply_json(ic_exchange *x, unsigned status, cJSON *tree);
/* {page, pageSize, count, list}. Takes ownership of the list. */
void ic_reply_page(ic_exchange *x, ic_page page, size_t count, cJSON *list);
void ic_reply_nothing(ic_exchange *x); /* 204 */
void ic_reply_empty(ic_exchange *x);   /* removes the body of the answer */
/* Both become holders of the blob. Ironclad's downloads have no media type; other files have one (static). */
void ic_reply_bytes(ic_exchange *x, ic_blob *blob);
void ic_reply_file(ic_exchange *x, ic_blob *blob, const char *media_type);
/* An attachment with a name; the media type may be NULL. */
void ic_reply_download(ic_exchange *x, ic_blob *blob, const char *media_type, const char *filename);
/* Both empty the buffer. A buffer that has failed becomes a 500. */
void ic_reply_html(ic_exchange *x, ic_buf *page);
void ic_reply_redirect(ic_exchange *x, ic_buf *location); /* 302 */
/* In the form of the API that the path belongs to. `param` may be NULL. */
void ic_reply_error(ic_exchange *x, unsigned status, const char *code, const char *param, const char *format,
                    ...) __attribute__((format(printf, 5, 6)));
void ic_reply_oauth_error(ic_exchange *x, unsigned status, const char *error, const char *description);
/* `type` is SCIM's keyword for the error, such as invalidValue; NULL: none. */
void ic_reply_scim_error(ic_exchange *x, unsigned status, const char *type, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for a wrong filter, where the service misspells a member. */
void ic_reply_scim_filter_error(ic_exchange *x, const char *message);
/* A bare JSON string, as the document upload answers errors. */
void ic_reply_text_error(ic_exchange *x, unsigned status, const char *message);
void ic_reply_no_memory(ic_exchange *x);

/* Frees what the exchange owns (server.c). */
void ic_exchange_clear(ic_exchange *x);

#endif
