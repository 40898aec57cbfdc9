#include "core/http/body.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/text.h"
#include "core/catalog/settings.h"
#include "core/http/query.h"
#include <stdio.h>
#include <string.h>

static bool body_print(const cJSON *body, ic_request *request, ic_error *error) {
    request->body = ic_json_print(body);
    if (!request->body) ic_error_memory(error);
    return request->body != NULL;
}

/* Adds the value that the catalog gives for a field. */
static bool body_fill(cJSON *body, const ic_field *field, ic_error *error) {
    cJSON *value = ic_json_parse(field->value, strlen(field->value), error);
    if (value && cJSON_AddItemToObject(body, field->name, value)) return true;
    cJSON_Delete(value);
    ic_error_memory(error);
    return false;
}

/* Turns comment = "text" into comment = {message = "text"}. */
static bool body_wrap_comment(cJSON *body, const char *name, ic_error *error) {
    cJSON *comment = ic_json_member(body, name);
    if (!cJSON_IsString(comment)) return true;
    cJSON *wrapped = cJSON_CreateObject();
    bool done = wrapped && cJSON_AddStringToObject(wrapped, "message", comment->valuestring) &&
                cJSON_ReplaceItemInObjectCaseSensitive(body, name, wrapped);
    if (!done) {
        cJSON_Delete(wrapped);
        ic_error_memory(error);
    }
    return done;
}

static const cJSON *body_find_file(const cJSON *fields) {
    const cJSON *field = NULL;
    cJSON_ArrayForEach(field, fields) {
        if (field->type & IC_JSON_FILE) return field;
    }
    return NULL;
}

/* Sets metadata.filename to the file's name, unless the caller gave one. */
static bool body_name_file(cJSON *body, const ic_field *field, const ic_arguments *arguments,
                           ic_error *error) {
    const cJSON *file = body_find_file(body);
    if (!file) file = body_find_file(arguments->files);
    cJSON *named = ic_json_member(body, field->name);
    if (!file || (named && !cJSON_IsObject(named)) || ic_json_member(named, "filename")) return true;
    if (!named) named = cJSON_AddObjectToObject(body, field->name);
    if (cJSON_AddStringToObject(named, "filename", arguments->parts->items[file->valueint].filename))
        return true;
    ic_error_memory(error);
    return false;
}

/* An uploaded document that is signed must say who signed it: either some roles or everyone. */
static bool body_check_signers(const ic_operation *operation, const ic_field *field, const cJSON *body,
                               ic_error *error) {
    const ic_field *all = operation->fields;
    while (!(all->flags & IC_OWN))
        all++;
    const cJSON *names = ic_json_member(ic_json_member(body, field->name), "signerRoleNames");
    bool complete = cJSON_IsTrue(ic_json_member(body, all->name));
    bool some = names && !(cJSON_IsArray(names) && !names->child);
    if (complete != some) return true;
    if (some)
        ic_error_set(
            error, IC_ERR_ARGUMENT,
            "%s: cannot be combined with %s.signerRoleNames: either everyone has signed or some have",
            all->name, field->name);
    else
        ic_error_set(
            error, IC_ERR_ARGUMENT,
            "%s.signerRoleNames: missing; list the roles whose signatures are in the document, or give "
            "%s = true: without a list Ironclad assumes that everyone has signed and completes the step",
            field->name, all->name);
    return false;
}

static bool body_is_empty_table(const cJSON *value) {
    return (cJSON_IsObject(value) && !value->child) ||
           (cJSON_IsRaw(value) && strcmp(value->valuestring, "{}") == 0);
}

/* An empty Lua table may be an object or a list. Where the catalog has a list it becomes one. */
static void body_empty_list(cJSON *value) {
    if (!body_is_empty_table(value)) return;
    if (value->valuestring)
        strcpy(value->valuestring, "[]");
    else
        value->type = cJSON_Array;
}

/* Applies what the catalog says about a field: a value to fill in, a check, or a conversion. */
static bool body_complete_field(const ic_operation *operation, const ic_field *field, cJSON *body,
                                const ic_arguments *arguments, ic_error *error) {
    if (field->flags & IC_FILL && !ic_json_member(body, field->name)) return body_fill(body, field, error);
    if (field->flags & IC_NAMES_FILE) return body_name_file(body, field, arguments, error);
    if (field->flags & IC_SIGNERS) return body_check_signers(operation, field, body, error);
    if (field->type == IC_TYPE_COMMENT) return body_wrap_comment(body, field->name, error);
    if (field->flags & IC_COMMENTED && cJSON_IsObject(ic_json_member(body, field->name)))
        return body_wrap_comment(ic_json_member(body, field->name), "comment", error);
    if (field->type == IC_TYPE_ARRAY) body_empty_list(ic_json_member(body, field->name));
    return true;
}

/* Removes the fields that are for this module and are not sent. */
static void body_drop_own(const ic_operation *operation, cJSON *body) {
    for (const ic_field *field = operation->fields; field->name; field++)
        if (field->flags & IC_OWN) cJSON_DeleteItemFromObjectCaseSensitive(body, field->name);
}

static bool body_missing(const ic_operation *operation, const ic_field *field, const cJSON *body,
                         ic_error *error) {
    ic_nearest search = {.wanted = field->name};
    char label[96];
    const cJSON *given = NULL;
    cJSON_ArrayForEach(given, body) if (!ic_field_find(operation->fields, given->string))
        ic_nearest_offer(&search, given->string);
    ic_operation_label(operation, label, sizeof label);
    if (search.best)
        ic_error_set(error, IC_ERR_ARGUMENT,
                     "%s: missing in the body of %s (it holds \"%s\"; did you mean that?)", field->name,
                     label, search.best);
    else
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: missing in the body of %s, which requires it", field->name,
                     label);
    return false;
}

/* What a field of that type must be, if the value is something else; otherwise NULL. For raw JSON, the first
 * character shows the type. Clickwrap's documents are not certain about the types of single values, and it
 * reads them all as text. */
static const char *body_shape_wanted(const ic_operation *operation, ic_type type, const cJSON *given) {
    char raw = cJSON_IsRaw(given) ? given->valuestring[0] : '\0';
    bool certain = ic_services[operation->service].product == IC_PRODUCT_CLM;
    if (cJSON_IsNull(given) || raw == 'n' || given->type & IC_JSON_FILE) return NULL;
    if (type == IC_TYPE_OBJECT && !cJSON_IsObject(given) && raw != '{') return "a table of named values";
    if (type == IC_TYPE_ARRAY && !cJSON_IsArray(given) && raw != '[') return "a list";
    if (type == IC_TYPE_COMMENT && !ic_json_string(given, "message")) return "a string or { message = … }";
    if (!certain) return NULL;
    if (type == IC_TYPE_STRING && !cJSON_IsString(given) && raw != '"') return "a string";
    if (type == IC_TYPE_BOOLEAN && !cJSON_IsBool(given) && raw != 't' && raw != 'f') return "true or false";
    bool number = cJSON_IsNumber(given) || (raw && strchr("-0123456789", raw));
    if (type == IC_TYPE_NUMBER && !number) return "a number";
    if (type == IC_TYPE_INTEGER && !number) return "a whole number";
    return NULL;
}

/* Checks a field that was given: it must be known, and a file where one is expected. Fields that are newer
 * than the catalog can be sent with `extra`. SCIM extensions have their own names ("urn:…"). */
static bool body_check_field(const ic_operation *operation, const cJSON *given, ic_error *error) {
    const ic_field *field = ic_field_find(operation->fields, given->string);
    const char *name = given->string;
    ic_nearest search = {.wanted = name};
    bool file = given->type & IC_JSON_FILE;
    bool fits =
        field && (field->type != IC_TYPE_FILE || file) && (!(field->flags & IC_OWN) || cJSON_IsBool(given));
    const char *wanted = fits ? body_shape_wanted(operation, field->type, given) : NULL;
    if (fits && !wanted) return true;
    if (!field && ic_text_starts(name, "urn:")) return true;
    if (wanted) {
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: expected %s, got %s", name, wanted, ic_json_type(given));
    } else if (field) {
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: expected %s, got %s", name,
                     field->flags & IC_OWN ? "true or false" : "ironclad.file(…)", ic_json_type(given));
    } else if (ic_field_find(operation->query, name)) {
        ic_error_set(
            error, IC_ERR_ARGUMENT,
            "%s: is a query parameter, not a field of the body; give { query = { %s = … } } after the body",
            name, name);
    } else if (ic_option_find(name, IC_FOR_CALL)) {
        ic_error_set(
            error, IC_ERR_ARGUMENT,
            "%s: is an option of the call, not a field of the body; it belongs in the table after the body",
            name);
    } else {
        for (field = operation->fields; field->name; field++)
            ic_nearest_offer(&search, field->name);
        char hint[IC_HINT_SIZE];
        ic_error_set(error, IC_ERR_ARGUMENT,
                     "%s: unknown field%s (extra = { body = … } sends fields that this module does not know)",
                     name, ic_nearest_hint(hint, search.best));
    }
    return false;
}

static bool body_check(const ic_operation *operation, const ic_arguments *arguments, cJSON *body,
                       ic_error *error) {
    for (const ic_field *field = operation->fields; field->name; field++) {
        bool elsewhere = ic_json_member(arguments->extra_body, field->name) ||
                         ic_json_member(arguments->files, field->name);
        if (!elsewhere && !body_complete_field(operation, field, body, arguments, error)) return false;
        const cJSON *value = ic_json_member(body, field->name);
        if (value && !body_check_field(operation, value, error)) return false;
        if ((!value || cJSON_IsNull(value)) && !elsewhere &&
            (field->flags & (IC_REQUIRED | IC_FILL)) == IC_REQUIRED)
            return body_missing(operation, field, body, error);
    }
    if (!operation->fields->name) return true;
    const cJSON *given = NULL;
    cJSON_ArrayForEach(given, body) {
        if (!body_check_field(operation, given, error)) return false;
    }
    body_drop_own(operation, body);
    return true;
}

static bool body_merge(cJSON *body, cJSON *more, ic_error *error) {
    while (more && more->child) {
        cJSON *item = cJSON_DetachItemViaPointer(more, more->child);
        cJSON_DeleteItemFromObjectCaseSensitive(body, item->string);
        char *name = ic_strdup(item->string);
        bool added = name && cJSON_AddItemToObject(body, name, item);
        ic_free(name);
        if (added) continue;
        cJSON_Delete(item);
        ic_error_memory(error);
        return false;
    }
    return true;
}

static bool body_refuse_files(const cJSON *body, ic_error *error) {
    const cJSON *file = body_find_file(body);
    if (file)
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: a file cannot be sent here; this operation takes JSON only",
                     file->string);
    return !file;
}

static ic_form_field *body_add_field(ic_request *request, const char *name, char *text, const char *type,
                                     long file) {
    ic_form_field *grown = ic_realloc(request->form, (request->form_count + 1) * sizeof *grown);
    char *copy = ic_strdup(name);
    if (grown) request->form = grown;
    if (!grown || !copy) {
        ic_free(copy);
        ic_json_text_free(text);
        return NULL;
    }
    ic_form_field *field = &request->form[request->form_count++];
    *field = (ic_form_field){.name = copy, .text = text, .content_type = type, .file = file};
    return field;
}

/* Adds the files that the JSON refers to by the names of their parts (OpenAPI: FileUploadModel). */
static bool body_add_named_parts(ic_request *request) {
    for (size_t i = 0; i < request->parts.count; i++) {
        const char *name = request->parts.items[i].name;
        if (name && !body_add_field(request, name, NULL, NULL, (long)i)) return false;
    }
    return true;
}

static bool body_build_launch(cJSON *body, const ic_arguments *arguments, ic_request *request,
                              ic_error *error) {
    const cJSON *file = NULL;
    bool built =
        body_add_field(request, "data", NULL, "application/json", -1) && body_add_named_parts(request);
    cJSON_ArrayForEach(file, arguments->files) {
        if (built) built = body_add_field(request, file->string, NULL, NULL, file->valueint) != NULL;
    }
    if (built) request->form[0].text = ic_json_print(body);
    if (built && request->form[0].text) return true;
    ic_error_memory(error);
    return false;
}

/* The text of a part: a string unchanged, any other value as JSON. Freed with ic_json_text_free. */
static char *body_text(const cJSON *value) {
    return cJSON_IsString(value) ? ic_strdup(value->valuestring) : ic_json_print(value);
}

static bool body_add_text(const cJSON *value, ic_request *request, ic_error *error) {
    if (cJSON_IsRaw(value) && *value->valuestring == '"') {
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: the text holds a NUL character", value->string);
        return false;
    }
    char *text = body_text(value);
    if (text && body_add_field(request, value->string, text, NULL, -1)) return true;
    ic_error_memory(error);
    return false;
}

/* Files come after the other fields, so that a server that reads the parts in order knows what the files are.
 */
static bool body_build_form(cJSON *body, ic_request *request, ic_error *error) {
    const cJSON *value = NULL;
    cJSON_ArrayForEach(value, body) {
        if (!(value->type & IC_JSON_FILE) && !body_add_text(value, request, error)) return false;
    }
    cJSON_ArrayForEach(value, body) {
        if (!(value->type & IC_JSON_FILE)) continue;
        if (body_add_field(request, value->string, NULL, NULL, value->valueint)) continue;
        ic_error_memory(error);
        return false;
    }
    return true;
}

/* The parameters of an urlencoded form: the same as those of a query. */
static bool body_build_urlencoded(const cJSON *body, ic_request *request, ic_error *error) {
    ic_buf text = {0};
    if (!ic_query_append(body, '&', &text, error)) {
        ic_buf_free(&text);
        return false;
    }
    const char *parameters = ic_buf_text(&text);
    request->body = parameters ? ic_strdup(*parameters ? parameters + 1 : "") : NULL;
    request->content_type = "application/x-www-form-urlencoded";
    ic_buf_free(&text);
    if (!request->body) ic_error_memory(error);
    return request->body != NULL;
}

/* Keeps a secret of the body out of messages. */
static bool body_hide_secrets(const ic_operation *operation, const cJSON *body, ic_request *request,
                              ic_error *error) {
    for (const ic_field *field = operation->fields; field->name; field++) {
        const char *text = field->flags & IC_SECRET ? ic_json_string(body, field->name) : NULL;
        if (!text) continue;
        request->secret = true;
        request->sensitive = ic_strdup(text);
        if (!request->sensitive) {
            ic_error_memory(error);
            return false;
        }
    }
    return true;
}

static bool body_build_object(const ic_operation *operation, ic_arguments *arguments, cJSON *body,
                              ic_request *request, ic_error *error) {
    bool built = body_check(operation, arguments, body, error) &&
                 ic_query_check_one_of(operation, operation->fields, body, arguments->extra_body, error) &&
                 body_hide_secrets(operation, body, request, error);
    if (built && operation->body != IC_BODY_LAUNCH) built = body_merge(body, arguments->files, error);
    if (built) built = body_merge(body, arguments->extra_body, error);
    if (built && (operation->body == IC_BODY_JSON || operation->body == IC_BODY_URLENCODED))
        built = body_refuse_files(body, error);
    if (!built) return false;
    if (arguments->parts) {
        request->parts = *arguments->parts;
        *arguments->parts = (ic_parts){0};
    }
    if (operation->body == IC_BODY_FORM) return body_build_form(body, request, error);
    if (operation->body == IC_BODY_URLENCODED) return body_build_urlencoded(body, request, error);
    if (operation->body == IC_BODY_LAUNCH && (request->parts.count || arguments->files))
        return body_build_launch(body, arguments, request, error);
    return body_print(body, request, error);
}

static bool body_check_files(const cJSON *files, ic_error *error) {
    const cJSON *file = NULL;
    cJSON_ArrayForEach(file, files) {
        if (file->type & IC_JSON_FILE) continue;
        ic_error_set(error, IC_ERR_ARGUMENT, "files.%s: expected ironclad.file(…), got %s", file->string,
                     ic_json_type(file));
        return false;
    }
    return true;
}

bool ic_body_build(const ic_operation *operation, ic_arguments *arguments, ic_request *request,
                   ic_error *error) {
    bool raw = operation->answer == IC_ANSWER_ANY;
    bool given = arguments->body || arguments->extra_body || arguments->files;
    if (operation->body == IC_BODY_NONE && given) {
        ic_error_set(error, IC_ERR_ARGUMENT, "body: this operation takes no body");
        return false;
    }
    if (!body_check_files(arguments->files, error)) return false;
    if (operation->body == IC_BODY_NONE || (raw && !given)) return true;
    if (arguments->body && cJSON_IsObject(arguments->body))
        return body_build_object(operation, arguments, arguments->body, request, error);
    if (arguments->body && raw) return body_print(arguments->body, request, error);
    if (arguments->body) {
        ic_error_set(error, IC_ERR_ARGUMENT, "body: expected a table of fields, got %s",
                     ic_json_type(arguments->body));
        return false;
    }
    cJSON *empty = cJSON_CreateObject();
    if (!empty) ic_error_memory(error);
    bool built = empty && body_build_object(operation, arguments, empty, request, error);
    cJSON_Delete(empty);
    return built;
}

bool ic_body_reads(const ic_operation *operation, const char *name) {
    const ic_field *field = ic_field_find(operation->fields, name);
    return field &&
           (field->type == IC_TYPE_COMMENT || field->flags & (IC_NAMES_FILE | IC_SIGNERS | IC_COMMENTED));
}
