#include "core/http/query.h"
#include "core/base/text.h"
#include "core/catalog/settings.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Names that other services use for our parameters and options. */
static const struct {
    const char *theirs, *ours;
} query_aliases[] = {{"limit", "pageSize"}, {"per_page", "pageSize"}, {"perPage", "pageSize"},
                     {"size", "pageSize"},  {"offset", "page"},       {"user", "as_user"}};

static void query_unknown(const ic_operation *operation, const char *name, ic_error *error) {
    char label[96];
    const char *what = operation->body == IC_BODY_NONE ? "query parameter or option" : "query parameter";
    ic_operation_label(operation, label, sizeof label);
    if (ic_option_find(name, IC_FOR_CONNECT)) {
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: unknown %s of %s; it is an option of ironclad.connect",
                     name, what, label);
        return;
    }
    ic_nearest search = {.wanted = name};
    for (const ic_field *field = operation->query; field->name; field++)
        ic_nearest_offer(&search, field->name);
    for (const ic_option *option = ic_options; option->name; option++)
        if (option->places & IC_FOR_CALL) ic_nearest_offer(&search, option->name);
    for (size_t i = 0; i < sizeof query_aliases / sizeof *query_aliases; i++) {
        bool there = ic_field_find(operation->query, query_aliases[i].ours) ||
                     ic_option_find(query_aliases[i].ours, IC_FOR_CALL);
        if (strcmp(name, query_aliases[i].theirs) == 0 && there) search.best = query_aliases[i].ours;
    }
    char hint[IC_HINT_SIZE];
    if (search.best)
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: unknown %s%s", name, what,
                     ic_nearest_hint(hint, search.best));
    else
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: unknown %s of %s", name, what, label);
}

static const char *query_product(const ic_operation *operation) {
    return ic_product_name(ic_services[operation->service].product);
}

static char query_separator(const ic_buf *target) {
    return target->length && memchr(target->data, '?', target->length) ? '&' : '?';
}

static bool query_add_scalar(const char *name, const cJSON *value, ic_buf *target, ic_error *error) {
    if (cJSON_IsString(value)) {
        ic_percent_encode(target, value->valuestring, strlen(value->valuestring));
    } else if (cJSON_IsBool(value)) {
        ic_buf_puts(target, cJSON_IsTrue(value) ? "true" : "false");
    } else if (cJSON_IsNumber(value) || cJSON_IsRaw(value)) {
        char *text = ic_json_print(value);
        if (text)
            ic_percent_encode(target, text, strlen(text));
        else
            target->failed = true;
        ic_json_text_free(text);
    } else {
        ic_error_set(error, IC_ERR_ARGUMENT,
                     "%s: expected a string, number, boolean or list of these, got %s", name,
                     ic_json_type(value));
        return false;
    }
    return true;
}

static bool query_add_value(const char *name, const cJSON *value, bool list, ic_buf *target,
                            ic_error *error) {
    ic_percent_encode(target, name, strlen(name));
    ic_buf_putc(target, '=');
    if (!list || !cJSON_IsArray(value)) return query_add_scalar(name, value, target, error);
    if (!value->child) {
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: the list is empty; leave it out instead", name);
        return false;
    }
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, value) {
        if (item != value->child) ic_buf_putc(target, ',');
        if (cJSON_IsString(item) && strchr(item->valuestring, ',')) {
            ic_error_set(error, IC_ERR_ARGUMENT, "%s: a listed value must not hold a comma: %s", name,
                         item->valuestring);
            return false;
        }
        if (!query_add_scalar(name, item, target, error)) return false;
    }
    return true;
}

bool ic_query_append(const cJSON *query, char separator, ic_buf *target, ic_error *error) {
    const cJSON *value = NULL;
    cJSON_ArrayForEach(value, query) {
        ic_buf_putc(target, separator);
        separator = '&';
        if (!query_add_value(value->string, value, true, target, error)) return false;
    }
    return true;
}

static bool query_is_integer(const char *text) {
    if (*text == '-') text++;
    return *text && !text[strspn(text, "0123456789")];
}

static bool query_type_fits(const ic_field *field, const cJSON *value, ic_error *error) {
    const char *expected = NULL;
    if (cJSON_IsObject(value) && !value->child) {
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: the list is empty; leave it out instead", field->name);
        return false;
    }
    bool text = cJSON_IsString(value);
    if (field->type == IC_TYPE_BOOLEAN) {
        if (!cJSON_IsBool(value) &&
            !(text && (strcmp(value->valuestring, "true") == 0 || strcmp(value->valuestring, "false") == 0)))
            expected = "a boolean";
    } else if (field->type == IC_TYPE_INTEGER) {
        bool whole = cJSON_IsNumber(value) && value->valuedouble == floor(value->valuedouble);
        if (!whole && !(text && query_is_integer(value->valuestring))) expected = "a whole number";
    } else if (cJSON_IsArray(value)) {
        if (!(field->flags & IC_LIST)) expected = "a single value, not a list";
    } else if (!text && !cJSON_IsNumber(value) && !cJSON_IsRaw(value)) {
        expected = field->flags & IC_LIST ? "a string or a list of strings" : "a string";
    }
    if (expected)
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: expected %s, got %s", field->name, expected,
                     ic_json_type(value));
    return !expected;
}

bool ic_query_check_one_of(const ic_operation *operation, const ic_field *fields, const cJSON *given,
                           const cJSON *extra, ic_error *error) {
    ic_buf names = {0};
    const char *first = NULL;
    bool found = false;
    for (const ic_field *field = fields; field->name; field++) {
        if (!(field->flags & IC_ONE_OF)) continue;
        ic_buf_printf(&names, "%s%s", first ? ", " : "", field->name);
        if (!first) first = field->name;
        found = found || ic_json_member(given, field->name) || ic_json_member(extra, field->name);
    }
    if (first && !found)
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: missing; %s requires one of %s", first,
                     query_product(operation), names.failed ? first : ic_buf_text(&names));
    ic_buf_free(&names);
    return !first || found;
}

bool ic_query_build(const ic_operation *operation, const ic_arguments *arguments, ic_buf *target,
                    ic_error *error) {
    const cJSON *value = NULL;
    cJSON_ArrayForEach(value, arguments->query) {
        const ic_field *field = ic_field_find(operation->query, value->string);
        if (!field) {
            query_unknown(operation, value->string, error);
            return false;
        }
        if (!query_type_fits(field, value, error)) return false;
        ic_buf_putc(target, query_separator(target));
        if (!query_add_value(field->name, value, field->flags & IC_LIST, target, error)) return false;
    }
    for (const ic_field *field = operation->query; field->name; field++) {
        if (ic_json_member(arguments->query, field->name)) continue;
        if (field->flags & IC_FILL) {
            ic_buf_putc(target, query_separator(target));
            ic_buf_printf(target, "%s=%s", field->name, field->value);
        } else if (field->flags & IC_REQUIRED && !ic_json_member(arguments->extra_query, field->name)) {
            ic_error_set(error, IC_ERR_ARGUMENT, "%s: missing; %s requires this query parameter", field->name,
                         query_product(operation));
            return false;
        }
    }
    return ic_query_check_one_of(operation, operation->query, arguments->query, arguments->extra_query,
                                 error) &&
           ic_query_append(arguments->extra_query, query_separator(target), target, error);
}
