/* Forms: libmicrohttpd parses them, and this file keeps their fields. */
#include "core/base/alloc.h"
#include "sandbox/http/exchange.h"
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

/* A field arrives in pieces; `offset` is the position of this one in the field's value. */
static enum MHD_Result form_on_field(void *context, enum MHD_ValueKind kind, const char *name,
                                     const char *filename, const char *content_type, const char *encoding,
                                     const char *data, uint64_t offset, size_t size) {
    (void)kind, (void)content_type, (void)encoding;
    ic_exchange *x = context;
    ic_field_part *field = x->field_count ? &x->fields[x->field_count - 1] : NULL;
    if (offset == 0) {
        if (!name || x->field_count >= FIELDS_MAX) {
            x->malformed = true;
            return MHD_NO;
        }
        field = form_add_field(x, name, filename);
        x->no_memory = !field;
    }
    return field && form_append(x, field, data, size) ? MHD_YES : MHD_NO;
}

void ic_form_begin(ic_exchange *x) {
    x->has_fields = true;
    x->reader = MHD_create_post_processor(x->connection, READER_BUFFER, form_on_field, x);
    if (!x->reader) x->malformed = true; /* no boundary, or an impossible one */
}

void ic_form_add(ic_exchange *x, const char *data, size_t size) {
    if (!x->reader || !size) return;
    if (MHD_post_process(x->reader, data, size) != MHD_YES && !x->no_memory && !x->too_large &&
        !x->disk_error)
        x->malformed = true;
}

void ic_form_end(ic_exchange *x) {
    if (x->reader && MHD_destroy_post_processor(x->reader) != MHD_YES) x->malformed = true;
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
