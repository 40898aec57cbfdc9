/* Bodies with fields: multipart.c or libmicrohttpd reads them, this file keeps the fields. */
#include "core/base/alloc.h"
#include "core/json/json_text.h"
#include "sandbox/http/exchange.h"
#include "sandbox/http/multipart.h"
#include <errno.h>
#include <microhttpd.h>
#include <string.h>

#define READER_BUFFER (64 * 1024)
#define FIELDS_MAX    1000

static void form_clear_field(ic_field_part *field) {
    ic_free(field->name);
    ic_free(field->filename);
    ic_blob_release(field->bytes);
}

/* A filename may be in any encoding; answers show it as UTF-8. */
static char *form_utf8(const char *text) {
    if (!text) return NULL;
    ic_buf copy = {0};
    size_t left = strlen(text), bad;
    for (; !ic_utf8_valid(text, left, &bad); text += bad + 1, left -= bad + 1) {
        ic_buf_add(&copy, text, bad);
        ic_buf_puts(&copy, "\xEF\xBF\xBD");
    }
    ic_buf_puts(&copy, text);
    return ic_buf_take(&copy, NULL);
}

static ic_field_part *form_add_field(ic_exchange *x, const char *name, const char *filename) {
    ic_field_part *fields = ic_realloc(x->fields, (x->field_count + 1) * sizeof *fields);
    if (!fields) return NULL;
    x->fields = fields;
    ic_field_part *field = &fields[x->field_count];
    *field = (ic_field_part){
        .name = ic_strdup(name),
        .filename = form_utf8(filename),
        .bytes = ic_blob_begin(x->company->spool, filename ? IC_BLOB_IN_MEMORY : SIZE_MAX),
    };
    if (!field->name || (filename && !field->filename) || !field->bytes) {
        form_clear_field(field);
        return NULL;
    }
    x->field_count++;
    return field;
}

/* A field without a filename stays in memory, to be read at once. A file may have any size. */
static bool form_append(ic_exchange *x, ic_field_part *field, const char *data, size_t size) {
    if (!field->filename) x->in_memory += size;
    if (x->in_memory > IC_TEXT_MAX)
        x->too_large = true;
    else if (ic_blob_add(field->bytes, data, size))
        return true;
    else if (errno == ENOMEM)
        x->no_memory = true;
    else
        x->disk_error = errno;
    return false;
}

static bool form_begin_field(ic_exchange *x, const char *name, const char *filename) {
    if (x->field_count >= FIELDS_MAX) return false;
    x->no_memory = !form_add_field(x, name, filename);
    return !x->no_memory;
}

/* For ic_multipart_new. */
static bool form_on_part(void *context, const char *name, const char *filename, const char *data,
                         size_t size) {
    ic_exchange *x = context;
    return name ? form_begin_field(x, name, filename)
                : form_append(x, &x->fields[x->field_count - 1], data, size);
}

/* For libmicrohttpd, which reads urlencoded forms. `offset` is where this piece is in the field's value. */
static enum MHD_Result form_on_field(void *context, enum MHD_ValueKind kind, const char *name,
                                     const char *filename, const char *content_type, const char *encoding,
                                     const char *data, uint64_t offset, size_t size) {
    (void)kind, (void)filename, (void)content_type, (void)encoding;
    ic_exchange *x = context;
    if (offset == 0 && !(name && form_begin_field(x, name, NULL))) return MHD_NO;
    return form_append(x, &x->fields[x->field_count - 1], data, size) ? MHD_YES : MHD_NO;
}

void ic_form_begin(ic_exchange *x) {
    x->has_fields = true;
    if (ic_exchange_is_type(x, MHD_HTTP_POST_ENCODING_MULTIPART_FORMDATA))
        x->parts = ic_multipart_new(ic_exchange_header(x, MHD_HTTP_HEADER_CONTENT_TYPE), form_on_part, x);
    else
        x->reader = MHD_create_post_processor(x->connection, READER_BUFFER, form_on_field, x);
    if (!x->parts && !x->reader) x->malformed = true;
}

void ic_form_add(ic_exchange *x, const char *data, size_t size) {
    if ((!x->parts && !x->reader) || !size) return;
    bool read = x->parts ? ic_multipart_add(x->parts, data, size)
                         : MHD_post_process(x->reader, data, size) == MHD_YES;
    if (!read && !x->no_memory && !x->too_large && !x->disk_error) x->malformed = true;
}

void ic_form_end(ic_exchange *x) {
    if (x->parts && !ic_multipart_is_complete(x->parts)) x->malformed = true;
    if (x->reader && MHD_destroy_post_processor(x->reader) != MHD_YES) x->malformed = true;
    ic_multipart_free(x->parts);
    x->parts = NULL;
    x->reader = NULL;
}

bool ic_form_read(ic_exchange *x) {
    if (ic_exchange_is_type(x, MHD_HTTP_POST_ENCODING_FORM_URLENCODED)) {
        ic_form_begin(x);
        ic_form_add(x, x->raw.data, x->raw.length);
        ic_form_end(x);
    }
    return !x->malformed;
}

void ic_form_clear(ic_exchange *x) {
    if (x->reader) MHD_destroy_post_processor(x->reader);
    ic_multipart_free(x->parts);
    for (size_t i = 0; i < x->field_count; i++)
        form_clear_field(&x->fields[i]);
    ic_free(x->fields);
}

ic_field_part *ic_exchange_field(const ic_exchange *x, const char *name) {
    for (size_t i = 0; i < x->field_count; i++)
        if (strcmp(x->fields[i].name, name) == 0) return &x->fields[i];
    return NULL;
}

const char *ic_form_text(const ic_exchange *x, const char *name) {
    const ic_field_part *field = ic_exchange_field(x, name);
    const char *text = field ? ic_blob_text(field->bytes) : NULL;
    size_t bad;
    return text && ic_utf8_valid(text, (size_t)ic_blob_length(field->bytes), &bad) ? text : NULL;
}

cJSON *ic_form_json(const ic_exchange *x, const char *name) {
    const ic_field_part *field = ic_exchange_field(x, name);
    const char *text = field ? ic_blob_text(field->bytes) : NULL;
    return text ? ic_json_parse(text, (size_t)ic_blob_length(field->bytes), NULL) : NULL;
}

ic_blob *ic_field_part_bytes(ic_field_part *field) {
    return ic_blob_hold(field->bytes);
}
