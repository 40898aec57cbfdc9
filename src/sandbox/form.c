/* Bodies that come in fields: libmicrohttpd reads them, this keeps what it finds. */
#include "../core/alloc.h"
#include "exchange.h"
#include <microhttpd.h>
#include <string.h>

#define READER_BUFFER (64 * 1024)
#define FIELDS_MAX    1000

static ic_field_part *add_field(ic_exchange *x, const char *name, const char *filename) {
    ic_field_part *fields = ic_realloc(x->fields, (x->field_count + 1) * sizeof *fields);
    if (!fields) return NULL;
    x->fields = fields;
    ic_field_part *field = &fields[x->field_count];
    *field = (ic_field_part){.name = ic_strdup(name), .filename = ic_strdup(filename)};
    if (!field->name || (filename && !field->filename)) {
        ic_free(field->name);
        ic_free(field->filename);
        return NULL;
    }
    x->field_count++;
    return field;
}

/* A field comes in pieces; `offset` is the place of this one in the field's value. */
static enum MHD_Result on_field(void *context, enum MHD_ValueKind kind, const char *name,
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
        field = add_field(x, name, filename);
    }
    if (field) ic_buf_add(&field->data, data, size);
    x->no_memory = !field || field->data.failed;
    return x->no_memory ? MHD_NO : MHD_YES;
}

void ic_form_begin(ic_exchange *x) {
    x->has_fields = true;
    x->reader = MHD_create_post_processor(x->connection, READER_BUFFER, on_field, x);
    if (!x->reader) x->malformed = true; /* no boundary, or one that cannot be */
}

void ic_form_add(ic_exchange *x, const char *data, size_t size) {
    if (!x->reader || !size) return;
    if (MHD_post_process(x->reader, data, size) != MHD_YES && !x->no_memory) x->malformed = true;
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
    for (size_t i = 0; i < x->field_count; i++) {
        ic_free(x->fields[i].name);
        ic_free(x->fields[i].filename);
        ic_buf_free(&x->fields[i].data);
        ic_blob_release(x->fields[i].bytes);
    }
    ic_free(x->fields);
}

ic_field_part *ic_exchange_field(const ic_exchange *x, const char *name) {
    for (size_t i = 0; i < x->field_count; i++)
        if (strcmp(x->fields[i].name, name) == 0) return &x->fields[i];
    return NULL;
}

const char *ic_form_text(const ic_exchange *x, const char *name) {
    const ic_field_part *field = ic_exchange_field(x, name);
    if (!field || (field->data.length && memchr(field->data.data, '\0', field->data.length))) return NULL;
    return field->data.length ? field->data.data : "";
}

ic_blob *ic_field_part_bytes(ic_field_part *field) {
    if (!field->bytes) {
        size_t length = 0;
        char *data = field->data.length ? ic_buf_take(&field->data, &length) : ic_strdup("");
        if (data) field->bytes = ic_blob_new(data, length);
    }
    return field->bytes ? ic_blob_hold(field->bytes) : NULL;
}
