/* The company: making, finding, freeing. */
#include "sandbox/company/company.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "sandbox/company/jobs.h"
#include "sandbox/control/faults.h"
#include "sandbox/directory/directory.h"
#include "sandbox/exports/audit.h"
#include "sandbox/oauth/consent.h"
#include "sandbox/records/entities.h"
#include "sandbox/records/obligations.h"
#include "sandbox/records/smart_import.h"
#include "sandbox/webhooks/events.h"
#include "sandbox/webhooks/webhooks.h"
#include "sandbox/workflows/launches.h"
#include "sandbox/workflows/sign_links.h"
#include <openssl/evp.h>
#include <string.h>

#define X(constant, name) name,
const char *const ic_step_names[IC_STEP_COUNT] = {IC_STEPS(X)};
const char *const ic_status_names[IC_STATUS_COUNT] = {IC_STATUSES(X)};
#undef X

/* --- finding --- */

bool ic_company_entitled(const ic_company *company, const char *name) {
    return !cJSON_IsFalse(ic_json_member(ic_json_member(company->entitlements, name), "value"));
}

ic_app *ic_company_app(const ic_company *company, const char *id) {
    for (size_t i = 0; i < company->apps.count; i++) {
        ic_app *app = company->apps.items[i];
        if (strcmp(app->id, id) == 0) return app;
    }
    return NULL;
}

ic_user *ic_company_user(const ic_company *company, const char *id_or_email) {
    for (size_t i = 0; i < company->users.count; i++) {
        ic_user *user = company->users.items[i];
        if (ic_text_same(user->email, id_or_email) || strcmp(user->id, id_or_email) == 0) return user;
    }
    return NULL;
}

ic_template *ic_company_template(const ic_company *company, const char *id) {
    for (size_t i = 0; i < company->templates.count; i++) {
        ic_template *template = company->templates.items[i];
        if (strcmp(template->id, id) == 0) return template;
    }
    return NULL;
}

ic_record_type *ic_company_record_type(const ic_company *company, const char *key) {
    for (size_t i = 0; i < company->record_types.count; i++) {
        ic_record_type *type = company->record_types.items[i];
        if (strcmp(type->key, key) == 0) return type;
    }
    return NULL;
}

ic_workflow *ic_company_workflow(const ic_company *company, const char *id) {
    return ic_index_get(&company->workflows_by_id, id);
}

ic_record *ic_company_record(const ic_company *company, const char *id) {
    return ic_index_get(&company->records_by_id, id);
}

/* --- making and freeing --- */

static void free_template(ic_template *template) {
    for (size_t i = 0; i < template->role_count; i++) {
        ic_free(template->roles[i].id);
        ic_free(template->roles[i].display_name);
        ic_array_free(&template->roles[i].assignees);
    }
    ic_free(template->roles);
    ic_free(template->reviews);
    ic_signing_design_free(template->signing);
    ic_free(template->name);
    ic_free(template->title);
    ic_json_text_free(template->shown);
    cJSON_Delete(template->form);
    ic_free(template);
}

static void free_app(ic_app *app) {
    ic_free(app->name);
    ic_free(app->id);
    ic_free_secret(app->secret);
    ic_free(app);
}

static void free_record_type(ic_record_type *type) {
    ic_free(type->key);
    ic_free(type->display_name);
    ic_free(type);
}

/* Frees a list's items, then the list. */
#define FREE_ALL(list, type, free_item)                                                                      \
    do {                                                                                                     \
        for (size_t i_ = 0; i_ < (list)->count; i_++)                                                        \
            free_item((type)(list)->items[i_]);                                                              \
        ic_array_free(list);                                                                                 \
    } while (0)

ic_company *ic_company_new(void) {
    ic_company *company = ic_calloc(1, sizeof *company);
    if (!company) return NULL;
    company->clock.fixed = IC_TIME_NONE;
    company->spool = ic_spool_new();
    if (company->spool) return company;
    ic_free(company);
    return NULL;
}

void ic_company_free(ic_company *company) {
    if (!company) return;
    FREE_ALL(&company->records_by_agreement, ic_record *, ic_record_free);
    ic_array_free(&company->records_by_name);
    ic_array_free(&company->records_by_update);
    ic_index_free(&company->records_by_id);
    FREE_ALL(&company->workflows, ic_workflow *, ic_workflow_free);
    ic_index_free(&company->workflows_by_id);
    ic_array_free(&company->awaited);
    ic_launches_free(company);
    ic_sign_links_free(company);
    FREE_ALL(&company->templates, ic_template *, free_template);
    FREE_ALL(&company->record_types, ic_record_type *, free_record_type);
    FREE_ALL(&company->groups, ic_group *, ic_group_free);
    FREE_ALL(&company->users, ic_user *, ic_user_free);
    FREE_ALL(&company->former_users, ic_user *, ic_user_free);
    FREE_ALL(&company->consents, ic_consent *, ic_consent_free);
    FREE_ALL(&company->tokens, void *, ic_free);
    ic_index_free(&company->tokens_by_text);
    FREE_ALL(&company->scopes, void *, ic_free);
    FREE_ALL(&company->apps, ic_app *, free_app);
    FREE_ALL(&company->entities, ic_entity *, ic_entity_free);
    FREE_ALL(&company->obligations, ic_obligation *, ic_obligation_free);
    FREE_ALL(&company->relationship_types, ic_item_type *, ic_item_type_free);
    FREE_ALL(&company->obligation_types, ic_item_type *, ic_item_type_free);
    ic_events_free(company);
    FREE_ALL(&company->webhooks, ic_webhook *, ic_webhook_free);
    EVP_PKEY_free(company->webhook_key);
    cJSON_Delete(company->entitlements);
    cJSON_Delete(company->record_properties);
    cJSON_Delete(company->record_attachments);
    FREE_ALL(&company->faults, ic_fault *, ic_fault_free);
    ic_limits_clear(&company->limits);
    ic_spool_free(company->spool);
    ic_jobs_free(company);
    ic_imports_free(company);
    ic_audit_free(company);
    ic_free(company->url);
    ic_free(company->storage_url);
    ic_free(company->redirect_uris);
    ic_free(company->name);
    ic_free(company->display_name);
    ic_free(company);
}
