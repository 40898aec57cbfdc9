/* Workflows: create, change, find, free. */
#include "sandbox/workflows/workflow.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include <string.h>

#define X(constant, name) name,
const char *const ic_step_names[IC_STEP_COUNT] = {IC_STEPS(X)};
const char *const ic_status_names[IC_STATUS_COUNT] = {IC_STATUSES(X)};
#undef X

static void workflow_comment_free(ic_comment *comment) {
    ic_free(comment->message);
    ic_array_free(&comment->mentioned);
    ic_array_free(&comment->added);
    ic_free(comment);
}

void ic_workflow_free(ic_workflow *workflow) {
    for (size_t i = 0; i < workflow->documents.count; i++)
        ic_document_free(workflow->documents.items[i]);
    for (size_t i = 0; i < workflow->comments.count; i++)
        workflow_comment_free(workflow->comments.items[i]);
    for (size_t i = 0; workflow->assignees && i < workflow->template->role_count; i++)
        ic_array_free(&workflow->assignees[i]);
    IC_ARRAY_FREE_ALL(&workflow->turns, void *, ic_free);
    IC_ARRAY_FREE_ALL(&workflow->requests, void *, ic_free);
    IC_ARRAY_FREE_ALL(&workflow->emails, ic_email *, ic_email_free);
    ic_packet_free(workflow->packet);
    ic_array_free(&workflow->documents);
    ic_array_free(&workflow->comments);
    ic_array_free(&workflow->participants);
    IC_ARRAY_FREE_ALL(&workflow->records, void *, ic_free);
    ic_free(workflow->assignees);
    ic_free(workflow->approved);
    ic_free(workflow->title);
    cJSON_Delete(workflow->attributes);
    ic_free(workflow);
}

bool ic_workflow_join(ic_workflow *workflow, ic_user *user) {
    return ic_array_has(&workflow->participants, user) || ic_array_push(&workflow->participants, user);
}

/* Assigns the roles as the design says; their users become participants. */
static bool workflow_assign_roles(ic_workflow *workflow) {
    for (size_t i = 0; i < workflow->template->role_count; i++) {
        const ic_array *people = &workflow->template->roles[i].assignees;
        for (size_t j = 0; j < people->count; j++)
            if (!ic_array_push(&workflow->assignees[i], people->items[j]) ||
                !ic_workflow_join(workflow, people->items[j]))
                return false;
    }
    return true;
}

ic_workflow *ic_workflow_new(ic_company *company, const ic_template *template, ic_user *creator) {
    ic_workflow *workflow = ic_calloc(1, sizeof *workflow);
    if (!workflow) return NULL;
    workflow->template = template;
    workflow->creator = workflow->owner = creator;
    workflow->created = workflow->updated = ic_company_now(company);
    workflow->ended = IC_TIME_NONE;
    ic_new_object_id(company, workflow->id);
    workflow->attributes = cJSON_CreateObject();
    workflow->assignees = ic_calloc(template->role_count + 1, sizeof *workflow->assignees);
    workflow->approved = ic_calloc(template->review_count + 1, sizeof *workflow->approved);
    if (workflow->attributes && workflow->assignees && workflow->approved &&
        workflow_assign_roles(workflow) && ic_workflow_join(workflow, creator))
        return workflow;
    ic_workflow_free(workflow);
    return NULL;
}

/* Adds a value to the title; only text is shown. */
static void workflow_add_title_value(ic_buf *title, const cJSON *attributes, const char *name,
                                     size_t length) {
    const cJSON *attribute;
    cJSON_ArrayForEach(attribute, attributes) {
        if (strncmp(attribute->string, name, length) == 0 && !attribute->string[length] &&
            cJSON_IsString(attribute))
            ic_buf_puts(title, attribute->valuestring);
    }
}

bool ic_workflow_set_title(ic_workflow *workflow) {
    ic_buf title = {0};
    for (const char *at = workflow->template->title; *at; at++) {
        size_t name = *at == '[' ? strcspn(at + 1, "]") : 0;
        if (!name || !at[name + 1]) {
            ic_buf_putc(&title, *at);
            continue;
        }
        workflow_add_title_value(&title, workflow->attributes, at + 1, name);
        at += name + 1;
    }
    char *text = ic_strdup(ic_buf_text(&title));
    ic_buf_free(&title);
    if (!text) return false;
    ic_free(workflow->title);
    workflow->title = text;
    return true;
}

/* Drafts, which are in lists, form the signature packet. Other attachments are not part of it. */
static unsigned workflow_document_place_in_packet(const ic_workflow *workflow, const char *attribute) {
    unsigned last = 0;
    if (!attribute || !ic_json_member(ic_json_member(workflow->template->form, attribute), "elementType"))
        return 0;
    for (size_t i = 0; i < workflow->documents.count; i++) {
        unsigned place = ((const ic_document *)workflow->documents.items[i])->packet_place;
        if (place > last) last = place;
    }
    return last + 1;
}

ic_document *ic_workflow_add_document(ic_company *company, ic_workflow *workflow, const char *attribute,
                                      const char *filename, ic_blob *bytes, const ic_user *author,
                                      ic_time time) {
    ic_document *document = ic_calloc(1, sizeof *document);
    if (!document) {
        ic_blob_release(bytes);
        return NULL;
    }
    document->attribute = attribute;
    document->packet_place = workflow_document_place_in_packet(workflow, attribute);
    document->filename = ic_strdup(filename);
    document->bytes = bytes;
    document->number = 1;
    document->modified = time;
    document->author = author;
    ic_new_short_id(company, document->key);
    ic_new_short_id(company, document->version);
    if (document->filename && ic_array_push(&workflow->documents, document)) return document;
    ic_document_free(document);
    return NULL;
}

ic_comment *ic_workflow_add_comment(ic_company *company, ic_workflow *workflow, const char *message,
                                    const ic_user *author, ic_time time) {
    ic_comment *comment = ic_calloc(1, sizeof *comment);
    if (!comment) return NULL;
    comment->message = ic_strdup(message);
    comment->author = author;
    comment->created = time;
    ic_new_short_id(company, comment->id);
    if (comment->message && ic_array_push(&workflow->comments, comment)) return comment;
    workflow_comment_free(comment);
    return NULL;
}

bool ic_company_add_workflow(ic_company *company, ic_workflow *workflow) {
    ic_new_readable_id(company, workflow->readable);
    if (ic_index_put(&company->workflows_by_id, workflow->id, workflow)) {
        if (ic_index_put(&company->workflows_by_id, workflow->readable, workflow)) {
            if (ic_array_push(&company->workflows, workflow)) return true;
            ic_index_remove(&company->workflows_by_id, workflow->readable);
        }
        ic_index_remove(&company->workflows_by_id, workflow->id);
    }
    return false;
}

bool ic_group_approved(const ic_workflow *workflow, int group) {
    for (size_t i = 0; i < workflow->template->review_count; i++)
        if (workflow->template->reviews[i].group == group && !workflow->approved[i]) return false;
    return true;
}

int ic_group_active(const ic_workflow *workflow) {
    int active = 0;
    for (size_t i = 0; i < workflow->template->review_count; i++) {
        int group = workflow->template->reviews[i].group;
        if (!workflow->approved[i] && (!active || group < active)) active = group;
    }
    return active;
}

ic_workflow *ic_company_workflow(const ic_company *company, const char *id) {
    return ic_index_get(&company->workflows_by_id, id);
}

void ic_workflow_claim_record(const ic_workflow *workflow, ic_record *record) {
    memcpy(record->workflow, workflow->id, sizeof record->workflow);
    if (!workflow->records.count) memcpy(record->readable, workflow->readable, sizeof record->readable);
}

bool ic_workflow_add_record(ic_workflow *workflow, const ic_record *record) {
    char *id = ic_strdup(record->id);
    if (id && ic_array_push(&workflow->records, id)) return true;
    ic_free(id);
    return false;
}

void ic_workflows_free(ic_company *company) {
    IC_ARRAY_FREE_ALL(&company->workflows, ic_workflow *, ic_workflow_free);
    ic_index_free(&company->workflows_by_id);
    ic_array_free(&company->awaited);
}
