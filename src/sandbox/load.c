/* Fills the world from a fixture document. */
#include "../core/alloc.h"
#include "../core/text.h"
#include "attachments.h"
#include "build.h"
#include "loaders.h"
#include "pdf.h"
#include "world.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool ic_loader_fail(ic_loader *load, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (!load->failed) vsnprintf(load->error, load->size, format, arguments);
    va_end(arguments);
    load->failed = true;
    return false;
}

bool ic_loader_no_memory(ic_loader *load) {
    return ic_loader_fail(load, "no memory for the fixtures");
}

/* A copy of a text member that must be there. */
static char *text_of(ic_loader *load, const cJSON *object, const char *name) {
    const char *text = ic_json_string(object, name);
    char *copy = ic_strdup(text);
    if (!text)
        ic_loader_fail(load, "fixtures: '%s' must be a string", name);
    else if (!copy)
        ic_loader_no_memory(load);
    return copy;
}

static void id_of(ic_loader *load, const cJSON *object, ic_object_id id) {
    const char *text = ic_json_string(object, "id");
    if (!text || strlen(text) != sizeof(ic_object_id) - 1 || strspn(text, "0123456789abcdef") != strlen(text))
        ic_loader_fail(load, "fixtures: '%s' is no id of 24 hexadecimal digits", text ? text : "(nothing)");
    else
        memcpy(id, text, sizeof(ic_object_id));
}

ic_user *ic_loader_user(ic_loader *load, const char *email) {
    ic_user *user = email ? ic_world_user(load->world, email) : NULL;
    if (!user) ic_loader_fail(load, "fixtures: no user '%s'", email ? email : "(nothing)");
    return user;
}

/* Keeps `item` in the list; false: it is still the caller's. */
static bool keep(ic_loader *load, ic_array *list, void *item) {
    return ic_array_push(list, item) || ic_loader_no_memory(load);
}

/* --- the company --- */

static void load_company(ic_loader *load, const cJSON *document) {
    ic_world *world = load->world;
    const cJSON *company = ic_json_member(document, "company");
    id_of(load, company, world->company_id);
    world->company_name = text_of(load, company, "name");
    world->company_display_name = text_of(load, company, "displayName");
    world->entitlements = cJSON_Duplicate(ic_json_member(company, "entitlements"), true);
    world->record_properties = cJSON_Duplicate(ic_json_member(document, "recordProperties"), true);
    world->record_attachments = cJSON_Duplicate(ic_json_member(document, "recordAttachments"), true);
    if (!world->entitlements) ic_loader_fail(load, "fixtures: 'company.entitlements' is missing");
    if (!world->record_properties) ic_loader_fail(load, "fixtures: 'recordProperties' is missing");
    if (!world->record_attachments) ic_loader_fail(load, "fixtures: 'recordAttachments' is missing");
}

static const struct right {
    const char *name;
    unsigned bit;
} user_rights[] = {{"launch", IC_MAY_LAUNCH}, {"editRecords", IC_MAY_EDIT_RECORDS}, {NULL, 0}},
  app_grants[] = {{"client_credentials", IC_BY_CLIENT_CREDENTIALS},
                  {"authorization_code", IC_BY_AUTHORIZATION_CODE},
                  {NULL, 0}};

/* The bits of the names in a list. */
static unsigned rights_of(ic_loader *load, const cJSON *names, const struct right *known) {
    unsigned bits = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, names) {
        const char *name = cJSON_IsString(item) ? item->valuestring : "(no text)";
        const struct right *right = known;
        while (right->name && strcmp(right->name, name) != 0)
            right++;
        if (!right->name) ic_loader_fail(load, "fixtures: there is no right '%s'", name);
        bits |= right->bit;
    }
    return bits;
}

static void load_app(ic_loader *load, const cJSON *source) {
    ic_app *app = ic_calloc(1, sizeof *app);
    if (!app || !ic_array_push(&load->world->apps, app)) {
        ic_free(app);
        ic_loader_no_memory(load);
        return;
    }
    app->name = text_of(load, source, "name");
    app->id = text_of(load, source, "id");
    app->secret = text_of(load, source, "secret");
    app->grants = rights_of(load, ic_json_member(source, "grants"), app_grants);
}

static void load_user(ic_loader *load, const cJSON *source) {
    ic_user *user = ic_calloc(1, sizeof *user);
    if (!user || !ic_array_push(&load->world->users, user)) {
        ic_free(user);
        ic_loader_no_memory(load);
        return;
    }
    id_of(load, source, user->id);
    user->email = text_of(load, source, "email");
    user->first_name = text_of(load, source, "firstName");
    user->last_name = text_of(load, source, "lastName");
    user->title = text_of(load, source, "title");
    if (load->failed) return;
    ic_buf name = {0};
    ic_buf_printf(&name, "%s %s", user->first_name, user->last_name);
    user->display_name = ic_buf_take(&name, NULL);
    if (!user->display_name) ic_loader_no_memory(load);
    user->rights = rights_of(load, ic_json_member(source, "rights"), user_rights);
    user->created = user->updated = ic_world_now(load->world);
}

static void load_record_type(ic_loader *load, const cJSON *source) {
    ic_record_type *type = ic_calloc(1, sizeof *type);
    if (!type || !ic_array_push(&load->world->record_types, type)) {
        ic_free(type);
        ic_loader_no_memory(load);
        return;
    }
    type->key = ic_strdup(source->string);
    if (!type->key) ic_loader_no_memory(load);
    type->display_name = text_of(load, source, "displayName");
}

/* --- designs --- */

static void load_role(ic_loader *load, ic_role_design *role, const cJSON *source) {
    role->id = text_of(load, source, "id");
    role->display_name = text_of(load, source, "displayName");
    const cJSON *email;
    cJSON_ArrayForEach(email, ic_json_member(source, "assignees")) {
        ic_user *user = ic_loader_user(load, email->valuestring);
        if (user) keep(load, &role->assignees, user);
    }
}

static void load_roles(ic_loader *load, ic_template *template, const cJSON *source) {
    const cJSON *roles = ic_json_member(source, "roles"), *role;
    template->roles = ic_calloc((size_t)cJSON_GetArraySize(roles) + 1, sizeof *template->roles);
    if (!template->roles) {
        ic_loader_no_memory(load);
        return;
    }
    cJSON_ArrayForEach(role, roles) load_role(load, &template->roles[template->role_count++], role);
}

static void load_reviews(ic_loader *load, ic_template *template, const cJSON *source) {
    const cJSON *groups = ic_json_member(source, "approvalGroups"), *group, *role;
    size_t count = 0;
    cJSON_ArrayForEach(group, groups) count += (size_t)cJSON_GetArraySize(group);
    template->reviews = ic_calloc(count + 1, sizeof *template->reviews);
    if (!template->reviews) ic_loader_no_memory(load);
    int number = 0;
    cJSON_ArrayForEach(group, groups) {
        number++;
        cJSON_ArrayForEach(role, group) {
            if (load->failed) return;
            size_t index = role->valuestring ? ic_template_role(template, role->valuestring) : SIZE_MAX;
            if (index >= template->role_count)
                ic_loader_fail(load, "fixtures: an approval group of '%s' names an unknown role",
                               template->name);
            template->reviews[template->review_count++] = (ic_review_design){.role = index, .group = number};
        }
    }
}

/* What a workflow says of a field of the launch form: nothing of requirement, options and default. */
static cJSON *shown_field(const cJSON *field) {
    static const char *const kept[] = {"type", "displayName", "elementType", "schema"};
    cJSON *shown = cJSON_CreateObject();
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        const cJSON *member = ic_json_member(field, kept[i]);
        if (member) ic_put(shown, kept[i], cJSON_Duplicate(member, true));
    }
    cJSON_DeleteItemFromObjectCaseSensitive(ic_json_member(shown, "elementType"), "required");
    if (ic_json_member(shown, "elementType")) return shown;
    ic_put_text(shown, "propertyKey", field->string);
    ic_put_bool(shown, "readOnly", cJSON_IsTrue(ic_json_member(field, "readOnly")));
    return shown;
}

static char *shown_form(const cJSON *form) {
    cJSON *shown = cJSON_CreateObject();
    const cJSON *field;
    cJSON_ArrayForEach(field, form) ic_put(shown, field->string, shown_field(field));
    char *text = ic_json_print(shown);
    cJSON_Delete(shown);
    return text;
}

static void load_template(ic_loader *load, const cJSON *source) {
    ic_template *template = ic_calloc(1, sizeof *template);
    if (!template || !ic_array_push(&load->world->templates, template)) {
        ic_free(template);
        ic_loader_no_memory(load);
        return;
    }
    id_of(load, source, template->id);
    template->name = text_of(load, source, "name");
    template->title = text_of(load, source, "title");
    if (!cJSON_IsObject(ic_json_member(source, "form")))
        ic_loader_fail(load, "fixtures: 'form' must be an object");
    if (load->failed) return;
    template->form = cJSON_Duplicate(ic_json_member(source, "form"), true);
    template->shown = shown_form(template->form);
    if (!template->form || !template->shown) ic_loader_no_memory(load);
    load_roles(load, template, source);
    load_reviews(load, template, source);
    ic_load_signing(load, template, ic_json_member(source, "signing"));
}

/* --- the document --- */

/* In this order: each part may name what stands in an earlier one. */
static const struct part {
    const char *name;
    bool keyed; /* an object; otherwise a list */
    void (*load)(ic_loader *load, const cJSON *source);
} parts[] = {
    {"apps", false, load_app},
    {"users", false, load_user},
    {"profiles", false, ic_load_profile},
    {"groups", false, ic_load_group},
    {"relationshipTypes", false, ic_load_relationship_type},
    {"entities", false, ic_load_entity},
    {"recordTypes", true, load_record_type},
    {"templates", false, load_template},
    {"workflows", false, ic_load_workflow},
    {"records", false, ic_load_record},
    {"contracts", false, ic_load_contract},
    {"obligationTypes", false, ic_load_obligation_type},
    {"obligations", false, ic_load_obligation},
    {"webhooks", false, ic_load_webhook}, /* the last: what stands before is no news */
};

/* Dates that are so many days from now, "+45d" or "-10d", become the midnights that they mean. */
static void settle_dates(ic_loader *load, cJSON *value) {
    int sign = 0, length = 0;
    unsigned days;
    for (cJSON *member = value->child; member; member = member->next)
        settle_dates(load, member);
    const char *text = cJSON_GetStringValue(value);
    if (!text || (*text != '+' && *text != '-') || sscanf(text + 1, "%5ud%n", &days, &length) != 1) return;
    if (!isdigit((unsigned char)text[1]) || !length || text[1 + length]) return;
    sign = *text == '-' ? -1 : 1;
    ic_time now = ic_world_now(load->world), midnight = now - (now % IC_DAY + IC_DAY) % IC_DAY;
    if (!cJSON_SetValuestring(value, ic_time_print(midnight + sign * (ic_time)days * IC_DAY).text))
        ic_loader_no_memory(load);
}

/* Puts the place before what is wrong: "company.json: workflows[2]: no user 'x@example.com'". */
static void add_place(ic_loader *load, const char *name, const char *part, const cJSON *item, size_t i) {
    char text[512];
    const char *said = ic_text_starts(load->error, "fixtures: ") ? strchr(load->error, ' ') + 1 : load->error;
    snprintf(text, sizeof text, "%s", said);
    if (!part)
        snprintf(load->error, load->size, "%s: %s", name, text);
    else if (item && item->string)
        snprintf(load->error, load->size, "%s: %s.%s: %s", name, part, item->string, text);
    else if (item)
        snprintf(load->error, load->size, "%s: %s[%zu]: %s", name, part, i, text);
    else
        snprintf(load->error, load->size, "%s: %s: %s", name, part, text);
}

static void load_part(ic_loader *load, const char *name, const struct part *part, const cJSON *source) {
    const cJSON *item;
    size_t i = 0;
    if (source && !(part->keyed ? cJSON_IsObject(source) : cJSON_IsArray(source))) {
        ic_loader_fail(load, "must be %s", part->keyed ? "an object" : "a list");
        add_place(load, name, part->name, NULL, 0);
    }
    cJSON_ArrayForEach(item, source) {
        if (load->failed) return;
        part->load(load, item);
        if (load->failed) add_place(load, name, part->name, item, i);
        i++;
    }
}

/* Where a byte of the document is, for a person: "line 3, column 14" instead of "byte 61". */
static void fail_to_parse(ic_loader *load, const char *text, size_t length, const char *message) {
    const char *at = strstr(message, " at byte ");
    size_t byte = 0, line = 1, column = 1;
    if (!at || sscanf(at, " at byte %zu", &byte) != 1 || byte > length + 1) {
        ic_loader_fail(load, "%s", message);
        return;
    }
    for (size_t i = 0; i + 1 < byte; i++) {
        column = text[i] == '\n' ? 1 : column + 1;
        line += text[i] == '\n';
    }
    ic_loader_fail(load, "%.*s at line %zu, column %zu", (int)(at - message), message, line, column);
}

static void load_document(ic_loader *load, const char *name, cJSON *document) {
    settle_dates(load, document);
    load_company(load, document);
    if (load->failed) add_place(load, name, NULL, NULL, 0);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && !load->failed; i++)
        load_part(load, name, &parts[i], ic_json_member(document, parts[i].name));
    if (load->failed) return;
    if (!load->world->users.count) ic_loader_fail(load, "there must be a user");
    if (load->world->apps.count < 2) ic_loader_fail(load, "there must be two apps");
    if (load->failed) add_place(load, name, NULL, NULL, 0);
}

bool ic_world_load(ic_world *world, const char *name, const char *text, size_t length, char *error,
                   size_t size) {
    ic_loader load = {.world = world, .error = error, .size = size};
    ic_error fault = {0};
    cJSON *document = ic_json_parse(text, length, &fault);
    if (cJSON_IsObject(document)) {
        load_document(&load, name, document);
    } else {
        if (document)
            ic_loader_fail(&load, "must hold a JSON object");
        else
            fail_to_parse(&load, text, length, ic_error_message(&fault));
        add_place(&load, name, NULL, NULL, 0);
    }
    ic_error_clear(&fault);
    cJSON_Delete(document);
    return !load.failed;
}
