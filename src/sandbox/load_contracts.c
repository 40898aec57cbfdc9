/* Fixtures of workflows and records. */
#include "../core/alloc.h"
#include "attachments.h"
#include "build.h"
#include "loaders.h"
#include "pdf.h"
#include "reviews.h"
#include "signing.h"
#include <stdio.h>
#include <string.h>

/* --- what workflows hold --- */

static void load_document(ic_loader *load, ic_workflow *workflow, const cJSON *source) {
    const char *attribute = ic_json_string(source, "attribute"),
               *filename = ic_json_string(source, "filename");
    const cJSON *field = attribute ? ic_json_member(workflow->template->form, attribute) : NULL;
    if (!field || !filename) {
        ic_loader_fail(load, "fixtures: a document needs an attribute of the launch form and a filename");
        return;
    }
    ic_blob *bytes = ic_pdf_make(filename);
    if (!bytes || !ic_workflow_add_document(load->world, workflow, field->string, filename, bytes,
                                            workflow->creator, workflow->created))
        ic_loader_no_memory(load);
}

static void load_comment(ic_loader *load, ic_workflow *workflow, const cJSON *source) {
    ic_user *author = ic_loader_user(load, ic_json_string(source, "author"));
    const char *message = ic_json_string(source, "message");
    if (!message) ic_loader_fail(load, "fixtures: a comment needs a message");
    if (load->failed) return;
    if (!ic_workflow_add_comment(load->world, workflow, message, author, workflow->updated) ||
        !ic_workflow_join(workflow, author))
        ic_loader_no_memory(load);
}

/* The place of a text member among names; 0 when it is not there. */
static int choice_of(ic_loader *load, const cJSON *object, const char *name, const char *const *names,
                     int count) {
    const char *text = ic_json_string(object, name);
    for (int i = 0; text && i < count; i++)
        if (strcmp(text, names[i]) == 0) return i;
    if (text) ic_loader_fail(load, "fixtures: '%s' is no %s", text, name);
    return 0;
}

ic_time ic_load_days_ago(const ic_world *world, const cJSON *source, const char *name) {
    const cJSON *days = ic_json_member(source, name);
    double number =
        cJSON_IsNumber(days) && days->valuedouble >= 0 && days->valuedouble < 36500 ? days->valuedouble : 0;
    return ic_world_now(world) - (ic_time)(number * (double)IC_DAY);
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

static void fill_workflow(ic_loader *load, ic_workflow *workflow, const cJSON *source) {
    const cJSON *item;
    workflow->step = (ic_step)choice_of(load, source, "step", ic_step_names, IC_STEP_COUNT);
    workflow->status = (ic_status)choice_of(load, source, "status", ic_status_names, IC_STATUS_COUNT);
    workflow->created = ic_load_days_ago(load->world, source, "daysAgo");
    workflow->updated = ic_load_days_ago(load->world, source, "updatedDaysAgo");
    if (workflow->status == IC_STATUS_COMPLETED || workflow->status == IC_STATUS_CANCELLED)
        workflow->ended = workflow->updated;
    load_approvals(workflow, source);
    if (!ic_reviews_recall(workflow)) ic_loader_no_memory(load);
    cJSON *attributes = cJSON_Duplicate(ic_json_member(source, "attributes"), true);
    if (attributes) {
        cJSON_Delete(workflow->attributes);
        workflow->attributes = attributes;
    }
    if (!ic_workflow_set_title(workflow)) ic_loader_no_memory(load);
    cJSON_ArrayForEach(item, ic_json_member(source, "documents")) load_document(load, workflow, item);
    cJSON_ArrayForEach(item, ic_json_member(source, "comments")) load_comment(load, workflow, item);
    ic_load_emails(load, workflow, ic_json_member(source, "emails"));
    ic_load_packet(load, workflow, ic_json_member(source, "signing"));
}

/* --- workflows --- */

void ic_load_workflow(ic_loader *load, const cJSON *source) {
    const char *id = ic_json_string(source, "template");
    const ic_template *template = id ? ic_world_template(load->world, id) : NULL;
    ic_user *creator = ic_loader_user(load, ic_json_string(source, "creator"));
    if (!template) ic_loader_fail(load, "fixtures: no template '%s'", id ? id : "(nothing)");
    if (load->failed) return;
    ic_workflow *workflow = ic_workflow_new(load->world, template, creator);
    if (!workflow) {
        ic_loader_no_memory(load);
        return;
    }
    fill_workflow(load, workflow, source);
    if (load->failed || !ic_world_add_workflow(load->world, workflow)) {
        ic_loader_no_memory(load);
        ic_array_drop(&load->world->awaited, workflow);
        ic_workflow_free(workflow);
    }
}

static void load_attachments(ic_loader *load, ic_record *record, const cJSON *attachments) {
    const cJSON *filename;
    cJSON_ArrayForEach(filename, attachments) {
        if (!cJSON_IsString(filename) || !ic_media_type(filename->valuestring))
            ic_loader_fail(load, "fixtures: an attachment needs a filename");
        else if (!ic_record_attach(load->world, record, filename->string, filename->valuestring,
                                   ic_pdf_make(filename->valuestring)))
            ic_loader_no_memory(load);
    }
}

void ic_load_record(ic_loader *load, const cJSON *source) {
    const char *type = ic_json_string(source, "type"), *name = ic_json_string(source, "name");
    const ic_record_type *known = type ? ic_world_record_type(load->world, type) : NULL;
    const cJSON *properties = ic_json_member(source, "properties");
    ic_workflow *workflow = NULL;
    const char *origin = ic_json_string(source, "workflow");
    if (origin && !(workflow = ic_world_workflow(load->world, origin)))
        ic_loader_fail(load, "fixtures: no workflow '%s'", origin);
    if (!known || !name || !cJSON_IsObject(properties))
        ic_loader_fail(load, "fixtures: a record needs a known type, a name and properties");
    if (load->failed) return;
    ic_record *record = ic_record_new(load->world, known, name);
    if (!record) {
        ic_loader_no_memory(load);
        return;
    }
    record->updated = ic_load_days_ago(load->world, source, "updatedDaysAgo");
    record->workflow = workflow;
    if (!ic_record_set_properties(record, properties) || !ic_world_add_record(load->world, record)) {
        ic_loader_no_memory(load);
        ic_record_free(record);
    } else if (workflow) {
        if (!ic_array_push(&workflow->records, record)) ic_loader_no_memory(load);
    }
    if (!load->failed) load_attachments(load, record, ic_json_member(source, "attachments"));
}

/* --- the short form --- */

static void copy_member(cJSON *full, const cJSON *source, const char *name) {
    const cJSON *member = ic_json_member(source, name);
    if (member) ic_put(full, name, cJSON_Duplicate(member, true));
}

/* A workflow whose counterparty is said once: it becomes the attribute, and names the draft. */
static cJSON *full_workflow(const ic_loader *load, const cJSON *source, const char *counterparty) {
    const char *id = ic_json_string(source, "template");
    const ic_template *template = id ? ic_world_template(load->world, id) : NULL;
    char filename[256];
    cJSON *full = cJSON_Duplicate(source, true);
    cJSON *attributes = ic_json_member(full, "attributes");
    if (!attributes) attributes = ic_put(full, "attributes", cJSON_CreateObject());
    ic_put_text(attributes, "counterpartyName", counterparty);
    snprintf(filename, sizeof filename, "%s - %s.pdf", template ? template->name : "Draft", counterparty);
    cJSON *document = ic_append(ic_put(full, "documents", cJSON_CreateArray()), cJSON_CreateObject());
    ic_put_text(document, "attribute", "draft");
    ic_put_text(document, "filename", filename);
    return full;
}

static void put_property(cJSON *properties, const char *name, const char *type, const cJSON *value) {
    if (!value) return;
    cJSON *property = ic_put(properties, name, cJSON_CreateObject());
    ic_put_text(property, "type", type);
    ic_put(property, "value", cJSON_Duplicate(value, true));
}

/* A record with its usual properties by short names. */
static cJSON *full_record(const ic_loader *load, const cJSON *source, const char *counterparty) {
    static const struct property {
        const char *name, *property, *type;
    } usual[] = {
        {"counterparty", "counterpartyName", "string"},
        {"agreed", "agreementDate", "date"},
        {"expires", "expirationDate", "date"},
        {"value", "contractValue", "monetary_amount"},
        {"term", "term", "duration"},
        {"renews", "autoRenews", "boolean"},
    };
    const char *key = ic_json_string(source, "type");
    const ic_record_type *type = key ? ic_world_record_type(load->world, key) : NULL;
    char name[256];
    cJSON *full = cJSON_CreateObject(), *properties = ic_put(full, "properties", cJSON_CreateObject());
    snprintf(name, sizeof name, "%s with %s", type ? type->display_name : "Contract", counterparty);
    ic_put_text(full, "name", name);
    copy_member(full, source, "type");
    copy_member(full, source, "workflow");
    copy_member(full, source, "updatedDaysAgo");
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        put_property(properties, usual[i].property, usual[i].type, ic_json_member(source, usual[i].name));
    snprintf(name, sizeof name, "%s (signed).pdf", counterparty);
    ic_put_text(ic_put(full, "attachments", cJSON_CreateObject()), "signedCopy", name);
    return full;
}

static void load_record(ic_loader *load, const cJSON *source, const char *counterparty) {
    cJSON *full = full_record(load, source, counterparty);
    if (ic_whole(full))
        ic_load_record(load, full);
    else
        ic_loader_no_memory(load);
    cJSON_Delete(full);
}

/* What a completed workflow has left behind. */
static void load_outcome(ic_loader *load, const ic_workflow *workflow, const cJSON *source,
                         const char *counterparty) {
    const cJSON *agreed = ic_json_member(workflow->attributes, "agreementDate");
    const cJSON *value = ic_json_member(workflow->attributes, "contractValue");
    cJSON *record = cJSON_CreateObject();
    ic_put_text(record, "type", workflow->template->signing->record_type->key);
    ic_put_text(record, "workflow", workflow->readable);
    ic_put_text(record, "counterparty", counterparty);
    ic_put(record, "agreed",
           agreed ? cJSON_Duplicate(agreed, true)
                  : cJSON_CreateString(ic_time_print(workflow->updated - workflow->updated % IC_DAY).text));
    copy_member(record, source, "expires");
    copy_member(record, source, "updatedDaysAgo");
    if (value) ic_put(record, "value", cJSON_Duplicate(value, true));
    if (ic_whole(record))
        load_record(load, record, counterparty);
    else
        ic_loader_no_memory(load);
    cJSON_Delete(record);
}

static void load_workflow(ic_loader *load, const cJSON *source, const char *counterparty) {
    cJSON *full = full_workflow(load, source, counterparty);
    if (ic_whole(full))
        ic_load_workflow(load, full);
    else
        ic_loader_no_memory(load);
    cJSON_Delete(full);
    if (load->failed) return;
    const ic_workflow *workflow = load->world->workflows.items[load->world->workflows.count - 1];
    const ic_signing_design *design = workflow->template->signing;
    if (workflow->status == IC_STATUS_COMPLETED && design && design->record_type)
        load_outcome(load, workflow, source, counterparty);
}

void ic_load_contract(ic_loader *load, const cJSON *source) {
    const char *counterparty = ic_json_string(source, "counterparty");
    if (!counterparty)
        ic_loader_fail(load, "fixtures: a contract needs a counterparty");
    else if (ic_json_member(source, "template"))
        load_workflow(load, source, counterparty);
    else
        load_record(load, source, counterparty);
}
