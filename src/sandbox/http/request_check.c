/* Checks a request, its query and its body, against the catalog. */
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "sandbox/http/exchange.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the query against the catalog --- */

static const struct range {
    const char *name;
    long least, most;
} ranges[] = {
    {"page", 0, 100000000},
    {"pageSize", 1, 100},
};

static bool request_integer_fits(const char *name, const char *value) {
    char *end;
    long number = strtol(value, &end, 10);
    if (!*value || *end) return false;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (strcmp(ranges[i].name, name) == 0) return number >= ranges[i].least && number <= ranges[i].most;
    return true;
}

/* Whether the first `length` bytes of `text` are one of the words in `choices`. */
static bool request_is_choice(const char *choices, const char *text, size_t length) {
    for (const char *word = choices; *word;) {
        size_t size = strcspn(word, " ");
        if (size == length && strncmp(word, text, length) == 0) return true;
        word += size + (word[size] == ' ');
    }
    return false;
}

bool ic_is_choice(const char *choices, const char *text) {
    return request_is_choice(choices, text, strlen(text));
}

void ic_choices_print(ic_buf *out, const char *choices) {
    for (const char *c = choices; *c; c++)
        ic_buf_puts(out, *c == ' ' ? ", " : (char[]){*c, '\0'});
}

static bool request_choices_fit(const ic_field *field, const char *value) {
    if (!(field->flags & IC_LIST)) return ic_is_choice(field->choices, value);
    for (;;) {
        size_t length = strcspn(value, ",");
        if (!request_is_choice(field->choices, value, length)) return false;
        if (!value[length]) return true;
        value += length + 1;
    }
}

static bool request_query_fits(const ic_field *field, const char *value) {
    if (field->choices) return request_choices_fit(field, value);
    if (field->type == IC_TYPE_INTEGER) return request_integer_fits(field->name, value);
    if (field->type == IC_TYPE_BOOLEAN) return request_is_choice("true false", value, strlen(value));
    return true;
}

static void request_refuse_query(ic_exchange *x, const ic_field *field, const char *value) {
    char param[64];
    ic_buf choices = {0};
    snprintf(param, sizeof param, "/?%s", field->name);
    if (field->choices) {
        ic_buf_puts(&choices, "; value must be one of [");
        ic_choices_print(&choices, field->choices);
        ic_buf_putc(&choices, ']');
    }
    const char *text = ic_buf_text(&choices);
    ic_reply_error(x, 400, "INVALID_PARAM", param, "invalid query value '%s'%s", value, text ? text : "");
    ic_buf_free(&choices);
}

static bool request_check_query(ic_exchange *x) {
    for (const ic_field *field = x->operation->query; field->name; field++) {
        const char *value = ic_exchange_query(x, field->name);
        if (!value && (field->flags & IC_REQUIRED)) {
            ic_reply_error(x, 400, "MISSING_PARAM", field->name, "missing required query parameter '%s'",
                           field->name);
            return false;
        }
        if (value && !request_query_fits(field, value)) {
            request_refuse_query(x, field, value);
            return false;
        }
    }
    return true;
}

/* --- the body against the catalog --- */

static bool request_value_fits(ic_type type, const cJSON *value) {
    switch (type) {
    case IC_TYPE_STRING: return cJSON_IsString(value);
    case IC_TYPE_INTEGER:
    case IC_TYPE_NUMBER: return cJSON_IsNumber(value);
    case IC_TYPE_BOOLEAN: return cJSON_IsBool(value);
    case IC_TYPE_OBJECT: return cJSON_IsObject(value);
    case IC_TYPE_ARRAY: return cJSON_IsArray(value);
    case IC_TYPE_COMMENT: return ic_json_string(value, "message") != NULL;
    case IC_TYPE_FILE:
    case IC_TYPE_ANY: return true;
    }
    return true;
}

static const char *request_type_name(ic_type type) {
    static const char *const names[] = {
        [IC_TYPE_STRING] = "a string",  [IC_TYPE_INTEGER] = "an integer",
        [IC_TYPE_NUMBER] = "a number",  [IC_TYPE_BOOLEAN] = "a boolean",
        [IC_TYPE_OBJECT] = "an object", [IC_TYPE_ARRAY] = "an array",
        [IC_TYPE_FILE] = "a file",      [IC_TYPE_COMMENT] = "an object with a 'message'",
        [IC_TYPE_ANY] = "a value",
    };
    return names[type];
}

__attribute__((format(printf, 4, 5))) static const ic_field *
request_fault(const ic_field *field, ic_field_fault *fault, const char *code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fault->message, sizeof fault->message, format, arguments);
    va_end(arguments);
    fault->code = code;
    return field;
}

static const ic_field *request_wrong_choice(const ic_field *field, const char *value, ic_field_fault *fault) {
    ic_buf choices = {0};
    ic_choices_print(&choices, field->choices);
    request_fault(field, fault, "INVALID_PARAM", "invalid %s '%s'; value must be one of [%s]", field->name,
                  value, choices.failed ? "" : ic_buf_text(&choices));
    ic_buf_free(&choices);
    return field;
}

const ic_field *ic_fields_fault(const ic_field *fields, const cJSON *object, ic_field_fault *fault) {
    for (const ic_field *field = fields; field->name; field++) {
        const cJSON *value = ic_json_member(object, field->name);
        if (!value || cJSON_IsNull(value)) {
            if (field->flags & IC_REQUIRED)
                return request_fault(field, fault, "MISSING_PARAM", "missing required parameter '%s'",
                                     field->name);
            continue;
        }
        if (!request_value_fits(field->type, value))
            return request_fault(field, fault, "INVALID_PARAM", "invalid value for '%s': expected %s",
                                 field->name, request_type_name(field->type));
        if (field->choices && cJSON_IsString(value) && !ic_is_choice(field->choices, value->valuestring))
            return request_wrong_choice(field, value->valuestring, fault);
    }
    return NULL;
}

static bool request_check_body(ic_exchange *x) {
    ic_field_fault fault;
    const ic_field *field = ic_fields_fault(x->operation->fields, x->body, &fault);
    if (field) ic_reply_error(x, 400, fault.code, field->name, "%s", fault.message);
    return !field;
}

bool ic_exchange_check_names(ic_exchange *x) {
    const cJSON *given;
    cJSON_ArrayForEach(given, x->body) {
        const ic_field *field = x->operation->fields;
        while (field->name && strcmp(field->name, given->string) != 0)
            field++;
        if (field->name) continue;
        ic_reply_error(x, 400, "INVALID_PARAM", given->string, "unknown parameter '%s'", given->string);
        return false;
    }
    return true;
}

/* Sets x->body from JSON text; no text is an empty object. */
static bool request_parse_body(ic_exchange *x, const char *text, size_t length) {
    ic_error error = {0};
    x->body = length ? ic_json_parse(text, length, &error) : cJSON_CreateObject();
    if (cJSON_IsObject(x->body)) return true;
    if (x->body)
        ic_reply_error(x, 400, "INVALID_PARAM", "body", "the request's body must be a JSON object");
    else if (error.kind == IC_ERR_MEMORY || error.kind == IC_OK)
        ic_reply_no_memory(x);
    else
        ic_reply_error(x, 400, "INVALID_PARAM", "body", "%s", ic_error_message(&error));
    ic_error_clear(&error);
    return false;
}

bool ic_exchange_parse(ic_exchange *x) {
    return request_parse_body(x, x->raw.data, x->raw.length);
}

static bool request_parse_launch(ic_exchange *x) {
    if (!x->has_fields) return ic_exchange_parse(x);
    const ic_field_part *data = ic_exchange_field(x, "data");
    const char *text = data ? ic_blob_text(data->bytes) : NULL;
    if (text) return request_parse_body(x, text, (size_t)ic_blob_length(data->bytes));
    ic_reply_error(x, 400, "MISSING_PARAM", "data", "missing required form-data part 'data'");
    return false;
}

bool ic_exchange_check(ic_exchange *x) {
    if (!request_check_query(x)) return false;
    if (x->malformed) {
        ic_reply_error(x, 400, "INVALID_PARAM", "body", "malformed form data");
        return false;
    }
    switch (x->operation->body) {
    case IC_BODY_JSON: return ic_exchange_parse(x) && request_check_body(x);
    case IC_BODY_LAUNCH: return request_parse_launch(x) && request_check_body(x);
    case IC_BODY_NONE:
    case IC_BODY_URLENCODED:
    case IC_BODY_FORM: return true;
    }
    return true;
}
