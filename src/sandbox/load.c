/* Fills the world from a fixture document. */
#include "../core/alloc.h"
#include "../core/text.h"
#include "attachments.h"
#include "build.h"
#include "emails.h"
#include "loaders.h"
#include "pdf.h"
#include "reviews.h"
#include "signing.h"
#include "world.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DAY ((ic_time)24 * 60 * 60 * 1000)

/* Loading one document. After the first fault the rest is skipped. */
typedef struct loader {
    ic_world *world;
    bool failed;
    char *error;
    size_t size;
} loader;

static bool fail(loader *load, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool fail(loader *load, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (!load->failed) vsnprintf(load->error, load->size, format, arguments);
    va_end(arguments);
    load->failed = true;
    return false;
}

static bool no_memory(loader *load) {
    return fail(load, "no memory for the fixtures");
}

/* A copy of a text member that must be there. */
static char *text_of(loader *load, const cJSON *object, const char *name) {
    const char *text = ic_json_string(object, name);
    char *copy = ic_strdup(text);
    if (!text)
        fail(load, "fixtures: '%s' must be a string", name);
    else if (!copy)
        no_memory(load);
    return copy;
}

static void id_of(loader *load, const cJSON *object, ic_object_id id) {
    const char *text = ic_json_string(object, "id");
    if (!text || strlen(text) != sizeof(ic_object_id) - 1 || strspn(text, "0123456789abcdef") != strlen(text))
        fail(load, "fixtures: '%s' is no id of 24 hexadecimal digits", text ? text : "(nothing)");
    else
        memcpy(id, text, sizeof(ic_object_id));
}

static ic_user *user_of(loader *load, const char *email) {
    ic_user *user = email ? ic_world_user(load->world, email) : NULL;
    if (!user) fail(load, "fixtures: no user '%s'", email ? email : "(nothing)");
    return user;
}

/* Keeps `item` in the list; false: it is still the caller's. */
static bool keep(loader *load, ic_array *list, void *item) {
    return ic_array_push(list, item) || no_memory(load);
}

/* --- the company --- */

static void load_company(loader *load, const cJSON *document) {
    ic_world *world = load->world;
    const cJSON *company = ic_json_member(document, "company");
    id_of(load, company, world->company_id);
    world->company_name = text_of(load, company, "name");
    world->company_display_name = text_of(load, company, "displayName");
    world->entitlements = cJSON_Duplicate(ic_json_member(company, "entitlements"), true);
    world->record_properties = cJSON_Duplicate(ic_json_member(document, "recordProperties"), true);
    world->record_attachments = cJSON_Duplicate(ic_json_member(document, "recordAttachments"), true);
    if (!world->entitlements) fail(load, "fixtures: 'company.entitlements' is missing");
    if (!world->record_properties) fail(load, "fixtures: 'recordProperties' is missing");
    if (!world->record_attachments) fail(load, "fixtures: 'recordAttachments' is missing");
}

static const struct right {
    const char *name;
    unsigned bit;
} user_rights[] = {{"launch", IC_MAY_LAUNCH}, {"editRecords", IC_MAY_EDIT_RECORDS}, {NULL, 0}},
  app_grants[] = {{"client_credentials", IC_BY_CLIENT_CREDENTIALS},
                  {"authorization_code", IC_BY_AUTHORIZATION_CODE},
                  {NULL, 0}};

/* The bits of the names in a list. */
static unsigned rights_of(loader *load, const cJSON *names, const struct right *known) {
    unsigned bits = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, names) {
        const char *name = cJSON_IsString(item) ? item->valuestring : "(no text)";
        const struct right *right = known;
        while (right->name && strcmp(right->name, name) != 0)
            right++;
        if (!right->name) fail(load, "fixtures: there is no right '%s'", name);
        bits |= right->bit;
    }
    return bits;
}

static void load_app(loader *load, const cJSON *source) {
    ic_app *app = ic_calloc(1, sizeof *app);
    if (!app || !ic_array_push(&load->world->apps, app)) {
        ic_free(app);
        no_memory(load);
        return;
    }
    app->name = text_of(load, source, "name");
    app->id = text_of(load, source, "id");
    app->secret = text_of(load, source, "secret");
    app->grants = rights_of(load, ic_json_member(source, "grants"), app_grants);
}

static void load_user(loader *load, const cJSON *source) {
    ic_user *user = ic_calloc(1, sizeof *user);
    if (!user || !ic_array_push(&load->world->users, user)) {
        ic_free(user);
        no_memory(load);
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
    if (!user->display_name) no_memory(load);
    user->rights = rights_of(load, ic_json_member(source, "rights"), user_rights);
    user->created = user->updated = ic_world_now(load->world);
}

static void load_record_type(loader *load, const cJSON *source) {
    ic_record_type *type = ic_calloc(1, sizeof *type);
    if (!type || !ic_array_push(&load->world->record_types, type)) {
        ic_free(type);
        no_memory(load);
        return;
    }
    type->key = ic_strdup(source->string);
    if (!type->key) no_memory(load);
    type->display_name = text_of(load, source, "displayName");
}

/* --- designs --- */

static void load_role(loader *load, ic_role_design *role, const cJSON *source) {
    role->id = text_of(load, source, "id");
    role->display_name = text_of(load, source, "displayName");
    const cJSON *email;
    cJSON_ArrayForEach(email, ic_json_member(source, "assignees")) {
        ic_user *user = user_of(load, email->valuestring);
        if (user) keep(load, &role->assignees, user);
    }
}

static void load_roles(loader *load, ic_template *template, const cJSON *source) {
    const cJSON *roles = ic_json_member(source, "roles"), *role;
    template->roles = ic_calloc((size_t)cJSON_GetArraySize(roles) + 1, sizeof *template->roles);
    if (!template->roles) {
        no_memory(load);
        return;
    }
    cJSON_ArrayForEach(role, roles) load_role(load, &template->roles[template->role_count++], role);
}

static void load_reviews(loader *load, ic_template *template, const cJSON *source) {
    const cJSON *groups = ic_json_member(source, "approvalGroups"), *group, *role;
    size_t count = 0;
    cJSON_ArrayForEach(group, groups) count += (size_t)cJSON_GetArraySize(group);
    template->reviews = ic_calloc(count + 1, sizeof *template->reviews);
    if (!template->reviews) no_memory(load);
    int number = 0;
    cJSON_ArrayForEach(group, groups) {
        number++;
        cJSON_ArrayForEach(role, group) {
            if (load->failed) return;
            size_t index = role->valuestring ? ic_template_role(template, role->valuestring) : SIZE_MAX;
            if (index >= template->role_count)
                fail(load, "fixtures: an approval group of '%s' names an unknown role", template->name);
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

static void load_template(loader *load, const cJSON *source) {
    ic_template *template = ic_calloc(1, sizeof *template);
    if (!template || !ic_array_push(&load->world->templates, template)) {
        ic_free(template);
        no_memory(load);
        return;
    }
    id_of(load, source, template->id);
    template->name = text_of(load, source, "name");
    template->title = text_of(load, source, "title");
    template->form = cJSON_Duplicate(ic_json_member(source, "form"), true);
    template->shown = shown_form(template->form);
    if (!template->form || !template->shown) no_memory(load);
    load_roles(load, template, source);
    load_reviews(load, template, source);
    if (!load->failed &&
        !ic_signing_load(load->world, template, ic_json_member(source, "signing"), load->error, load->size))
        load->failed = true;
}

/* --- contracts --- */

static void load_document(loader *load, ic_workflow *workflow, const cJSON *source) {
    const char *attribute = ic_json_string(source, "attribute"),
               *filename = ic_json_string(source, "filename");
    const cJSON *field = attribute ? ic_json_member(workflow->template->form, attribute) : NULL;
    if (!field || !filename) {
        fail(load, "fixtures: a document needs an attribute of the launch form and a filename");
        return;
    }
    ic_blob *bytes = ic_pdf_make(filename);
    if (!bytes || !ic_workflow_add_document(load->world, workflow, field->string, filename, bytes,
                                            workflow->creator, workflow->created))
        no_memory(load);
}

static void load_comment(loader *load, ic_workflow *workflow, const cJSON *source) {
    ic_user *author = user_of(load, ic_json_string(source, "author"));
    const char *message = ic_json_string(source, "message");
    if (!message) fail(load, "fixtures: a comment needs a message");
    if (load->failed) return;
    if (!ic_workflow_add_comment(load->world, workflow, message, author, workflow->updated) ||
        !ic_workflow_join(workflow, author))
        no_memory(load);
}

/* The place of a text member among names; 0 when it is not there. */
static int choice_of(loader *load, const cJSON *object, const char *name, const char *const *names,
                     int count) {
    const char *text = ic_json_string(object, name);
    for (int i = 0; text && i < count; i++)
        if (strcmp(text, names[i]) == 0) return i;
    if (text) fail(load, "fixtures: '%s' is no %s", text, name);
    return 0;
}

ic_time ic_load_days_ago(const ic_world *world, const cJSON *source, const char *name) {
    const cJSON *days = ic_json_member(source, name);
    double number =
        cJSON_IsNumber(days) && days->valuedouble >= 0 && days->valuedouble < 36500 ? days->valuedouble : 0;
    return ic_world_now(world) - (ic_time)(number * (double)DAY);
}

/* Reviews of the roles that have approved; all of them beyond the Review step. */
static void load_approvals(ic_workflow *workflow, const cJSON *source) {
    const cJSON *approved = ic_json_member(source, "approved"), *role;
    for (size_t i = 0; i < workflow->template->review_count; i++) {
        const char *id = workflow->template->roles[workflow->template->reviews[i].role].id;
        workflow->approved[i] = workflow->step != IC_STEP_REVIEW;
        cJSON_ArrayForEach(role, approved) {
            if (cJSON_IsString(role) && strcmp(role->valuestring, id) == 0) workflow->approved[i] = true;
        }
    }
}

static void fill_workflow(loader *load, ic_workflow *workflow, const cJSON *source) {
    const cJSON *item;
    workflow->step = (ic_step)choice_of(load, source, "step", ic_step_names, IC_STEP_COUNT);
    workflow->status = (ic_status)choice_of(load, source, "status", ic_status_names, IC_STATUS_COUNT);
    workflow->created = ic_load_days_ago(load->world, source, "daysAgo");
    workflow->updated = ic_load_days_ago(load->world, source, "updatedDaysAgo");
    if (workflow->status == IC_STATUS_COMPLETED || workflow->status == IC_STATUS_CANCELLED)
        workflow->ended = workflow->updated;
    load_approvals(workflow, source);
    if (!ic_reviews_recall(workflow)) no_memory(load);
    cJSON *attributes = cJSON_Duplicate(ic_json_member(source, "attributes"), true);
    if (attributes) {
        cJSON_Delete(workflow->attributes);
        workflow->attributes = attributes;
    }
    if (!ic_workflow_set_title(workflow)) no_memory(load);
    cJSON_ArrayForEach(item, ic_json_member(source, "documents")) load_document(load, workflow, item);
    cJSON_ArrayForEach(item, ic_json_member(source, "comments")) load_comment(load, workflow, item);
    if (!load->failed &&
        !ic_emails_load(load->world, workflow, ic_json_member(source, "emails"), load->error, load->size))
        load->failed = true;
    if (!load->failed &&
        !ic_packet_load(load->world, workflow, ic_json_member(source, "signing"), load->error, load->size))
        load->failed = true;
}

static void load_workflow(loader *load, const cJSON *source) {
    const char *id = ic_json_string(source, "template");
    const ic_template *template = id ? ic_world_template(load->world, id) : NULL;
    ic_user *creator = user_of(load, ic_json_string(source, "creator"));
    if (!template) fail(load, "fixtures: no template '%s'", id ? id : "(nothing)");
    if (load->failed) return;
    ic_workflow *workflow = ic_workflow_new(load->world, template, creator);
    if (!workflow) {
        no_memory(load);
        return;
    }
    fill_workflow(load, workflow, source);
    if (load->failed || !ic_world_add_workflow(load->world, workflow)) {
        no_memory(load);
        ic_workflow_free(workflow);
    }
}

static void load_attachments(loader *load, ic_record *record, const cJSON *attachments) {
    const cJSON *filename;
    cJSON_ArrayForEach(filename, attachments) {
        if (!cJSON_IsString(filename) || !ic_media_type(filename->valuestring))
            fail(load, "fixtures: an attachment needs a filename");
        else if (!ic_record_attach(load->world, record, filename->string, filename->valuestring,
                                   ic_pdf_make(filename->valuestring)))
            no_memory(load);
    }
}

static void load_record(loader *load, const cJSON *source) {
    const char *type = ic_json_string(source, "type"), *name = ic_json_string(source, "name");
    const ic_record_type *known = type ? ic_world_record_type(load->world, type) : NULL;
    const cJSON *properties = ic_json_member(source, "properties");
    ic_workflow *workflow = NULL;
    const char *origin = ic_json_string(source, "workflow");
    if (origin && !(workflow = ic_world_workflow(load->world, origin)))
        fail(load, "fixtures: no workflow '%s'", origin);
    if (!known || !name || !cJSON_IsObject(properties))
        fail(load, "fixtures: a record needs a known type, a name and properties");
    if (load->failed) return;
    ic_record *record = ic_record_new(load->world, known, name);
    if (!record) {
        no_memory(load);
        return;
    }
    record->updated = ic_load_days_ago(load->world, source, "updatedDaysAgo");
    record->workflow = workflow;
    if (!ic_record_set_properties(record, properties) || !ic_world_add_record(load->world, record)) {
        no_memory(load);
        ic_record_free(record);
    } else if (workflow) {
        keep(load, &workflow->records, record);
    }
    if (!load->failed) load_attachments(load, record, ic_json_member(source, "attachments"));
}

/* --- the document --- */

/* In this order: each part may name what stands in an earlier one. */
static const struct part {
    const char *name;
    void (*load)(loader *load, const cJSON *source); /* or */
    bool (*add)(ic_world *world, const cJSON *source, char *error, size_t size);
} parts[] = {
    {"apps", load_app, NULL},
    {"users", load_user, NULL},
    {"profiles", NULL, ic_load_profile},
    {"groups", NULL, ic_load_group},
    {"webhooks", NULL, ic_load_webhook},
    {"relationshipTypes", NULL, ic_load_relationship_type},
    {"entities", NULL, ic_load_entity},
    {"recordTypes", load_record_type, NULL},
    {"templates", load_template, NULL},
    {"workflows", load_workflow, NULL},
    {"records", load_record, NULL},
    {"obligationTypes", NULL, ic_load_obligation_type},
    {"obligations", NULL, ic_load_obligation},
};

static void load_item(loader *load, const struct part *part, const cJSON *source) {
    if (load->failed) return;
    if (part->load)
        part->load(load, source);
    else
        load->failed = !part->add(load->world, source, load->error, load->size);
}

bool ic_world_load(ic_world *world, const char *text, size_t length, char *error, size_t size) {
    loader load = {.world = world, .error = error, .size = size};
    ic_error fault = {0};
    cJSON *document = ic_json_parse(text, length, &fault);
    if (!document) fail(&load, "fixtures: %s", ic_error_message(&fault));
    ic_error_clear(&fault);
    if (document) load_company(&load, document);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const cJSON *item;
        cJSON_ArrayForEach(item, ic_json_member(document, parts[i].name)) load_item(&load, &parts[i], item);
    }
    if (!world->users.count) fail(&load, "fixtures: there must be a user");
    if (world->apps.count < 2) fail(&load, "fixtures: there must be two apps");
    cJSON_Delete(document);
    return !load.failed;
}
