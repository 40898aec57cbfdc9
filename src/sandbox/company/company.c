/* The world: making, finding, freeing. */
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

bool ic_world_entitled(const ic_world *world, const char *name) {
    return !cJSON_IsFalse(ic_json_member(ic_json_member(world->entitlements, name), "value"));
}

ic_app *ic_world_app(const ic_world *world, const char *id) {
    for (size_t i = 0; i < world->apps.count; i++) {
        ic_app *app = world->apps.items[i];
        if (strcmp(app->id, id) == 0) return app;
    }
    return NULL;
}

ic_user *ic_world_user(const ic_world *world, const char *id_or_email) {
    for (size_t i = 0; i < world->users.count; i++) {
        ic_user *user = world->users.items[i];
        if (ic_text_same(user->email, id_or_email) || strcmp(user->id, id_or_email) == 0) return user;
    }
    return NULL;
}

ic_template *ic_world_template(const ic_world *world, const char *id) {
    for (size_t i = 0; i < world->templates.count; i++) {
        ic_template *template = world->templates.items[i];
        if (strcmp(template->id, id) == 0) return template;
    }
    return NULL;
}

ic_record_type *ic_world_record_type(const ic_world *world, const char *key) {
    for (size_t i = 0; i < world->record_types.count; i++) {
        ic_record_type *type = world->record_types.items[i];
        if (strcmp(type->key, key) == 0) return type;
    }
    return NULL;
}

ic_workflow *ic_world_workflow(const ic_world *world, const char *id) {
    return ic_index_get(&world->workflows_by_id, id);
}

ic_record *ic_world_record(const ic_world *world, const char *id) {
    return ic_index_get(&world->records_by_id, id);
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

ic_world *ic_world_new(void) {
    ic_world *world = ic_calloc(1, sizeof *world);
    if (!world) return NULL;
    world->clock.fixed = IC_TIME_NONE;
    world->spool = ic_spool_new();
    if (world->spool) return world;
    ic_free(world);
    return NULL;
}

void ic_world_free(ic_world *world) {
    if (!world) return;
    FREE_ALL(&world->records_by_agreement, ic_record *, ic_record_free);
    ic_array_free(&world->records_by_name);
    ic_array_free(&world->records_by_update);
    ic_index_free(&world->records_by_id);
    FREE_ALL(&world->workflows, ic_workflow *, ic_workflow_free);
    ic_index_free(&world->workflows_by_id);
    ic_array_free(&world->awaited);
    ic_launches_free(world);
    ic_sign_links_free(world);
    FREE_ALL(&world->templates, ic_template *, free_template);
    FREE_ALL(&world->record_types, ic_record_type *, free_record_type);
    FREE_ALL(&world->groups, ic_group *, ic_group_free);
    FREE_ALL(&world->users, ic_user *, ic_user_free);
    FREE_ALL(&world->former_users, ic_user *, ic_user_free);
    FREE_ALL(&world->consents, ic_consent *, ic_consent_free);
    FREE_ALL(&world->tokens, void *, ic_free);
    ic_index_free(&world->tokens_by_text);
    FREE_ALL(&world->scopes, void *, ic_free);
    FREE_ALL(&world->apps, ic_app *, free_app);
    FREE_ALL(&world->entities, ic_entity *, ic_entity_free);
    FREE_ALL(&world->obligations, ic_obligation *, ic_obligation_free);
    FREE_ALL(&world->relationship_types, ic_item_type *, ic_item_type_free);
    FREE_ALL(&world->obligation_types, ic_item_type *, ic_item_type_free);
    ic_events_free(world);
    FREE_ALL(&world->webhooks, ic_webhook *, ic_webhook_free);
    EVP_PKEY_free(world->webhook_key);
    cJSON_Delete(world->entitlements);
    cJSON_Delete(world->record_properties);
    cJSON_Delete(world->record_attachments);
    FREE_ALL(&world->faults, ic_fault *, ic_fault_free);
    ic_limits_clear(&world->limits);
    ic_spool_free(world->spool);
    ic_jobs_free(world);
    ic_imports_free(world);
    ic_audit_free(world);
    ic_free(world->url);
    ic_free(world->storage_url);
    ic_free(world->redirect_uris);
    ic_free(world->company_name);
    ic_free(world->company_display_name);
    ic_free(world);
}
