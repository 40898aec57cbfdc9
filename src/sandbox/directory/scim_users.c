/* SCIM users: list, create, get, update, replace, delete. They are the sandbox's users. */
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "sandbox/base/values.h"
#include "sandbox/directory/handlers.h"
#include "sandbox/directory/leaving.h"
#include "sandbox/directory/scim.h"
#include <ctype.h>
#include <string.h>

#define PASSWORD_LEAST 16

/* Attributes that the sandbox only stores and shows. */
static const char *const kept[] = {"externalId", "displayName", "nickName", IC_SCIM_ENTERPRISE,
                                   IC_SCIM_IRONCLAD};
#define KEPT_COUNT (sizeof kept / sizeof kept[0])

/* --- what it looks like: UserResponseObject --- */

static void user_put_schemas(cJSON *view, const ic_user *user) {
    cJSON *schemas = ic_put(view, "schemas", cJSON_CreateArray());
    ic_append(schemas, cJSON_CreateString(IC_SCIM_USER));
    if (ic_json_member(user->profile, IC_SCIM_ENTERPRISE))
        ic_append(schemas, cJSON_CreateString(IC_SCIM_ENTERPRISE));
    ic_append(schemas, cJSON_CreateString(IC_SCIM_IRONCLAD));
}

static void user_put_emails(cJSON *view, const ic_user *user) {
    cJSON *email = ic_append(ic_put(view, "emails", cJSON_CreateArray()), cJSON_CreateObject());
    ic_put_text(email, "value", user->email);
    ic_put_text(email, "type", "work");
    ic_put_bool(email, "primary", true);
}

static void user_put_profile(cJSON *view, const ic_user *user) {
    for (size_t i = 0; i < KEPT_COUNT; i++) {
        const cJSON *member = ic_json_member(user->profile, kept[i]);
        if (member) ic_put(view, kept[i], cJSON_Duplicate(member, true));
    }
    cJSON *ironclad = ic_json_member(view, IC_SCIM_IRONCLAD);
    if (!ironclad) ironclad = ic_put(view, IC_SCIM_IRONCLAD, cJSON_CreateObject());
    if (!ic_json_member(ironclad, "provider")) ic_put_text(ironclad, "provider", "saml");
    if (!ic_json_member(ironclad, "allowProviderConversion"))
        ic_put_bool(ironclad, "allowProviderConversion", false);
}

static cJSON *user_view(const ic_company *company, const void *item) {
    const ic_user *user = item;
    cJSON *view = cJSON_CreateObject();
    user_put_schemas(view, user);
    ic_put_text(view, "id", user->id);
    ic_put_text(view, "userName", user->email);
    cJSON *name = ic_put(view, "name", cJSON_CreateObject());
    ic_put_text(name, "givenName", user->first_name);
    ic_put_text(name, "familyName", user->last_name);
    if (*user->title) ic_put_text(view, "title", user->title);
    user_put_emails(view, user);
    ic_put_bool(view, "active", true);
    user_put_profile(view, user);
    cJSON *meta = ic_put(view, "meta", ic_scim_meta(company, &ic_scim_users, user->id));
    ic_put_text(meta, "created", ic_time_print(user->created).text);
    ic_put_text(meta, "lastModified", ic_time_print(user->updated).text);
    return view;
}

/* --- what a request says --- */

/* The document's rules for a password. The sandbox does not store it. */
static bool user_is_strong_password(const char *text) {
    bool lower = false, upper = false, digit = false, special = false;
    for (const char *c = text; *c; c++) {
        lower = lower || islower((unsigned char)*c);
        upper = upper || isupper((unsigned char)*c);
        digit = digit || isdigit((unsigned char)*c);
        special = special || ispunct((unsigned char)*c);
    }
    return lower && upper && digit && special && strlen(text) >= PASSWORD_LEAST;
}

static bool user_is_email(const cJSON *value) {
    return value && ic_value_fits("email", value);
}

/* A user has one e-mail address, which is also the userName. Whichever of the two has changed counts. */
static bool user_settle_email(ic_exchange *x, cJSON *resource, const ic_user *user) {
    const cJSON *name = ic_json_member(resource, "userName"), *emails = ic_json_member(resource, "emails");
    const char *address = emails ? ic_json_string(emails->child, "value") : NULL;
    if (emails && (!emails->child || emails->child->next || !address)) {
        ic_scim_refuse_value(x, "emails", emails);
        return false;
    }
    if (user && address && !ic_text_same(address, user->email) && cJSON_IsString(name) &&
        ic_text_same(name->valuestring, user->email) &&
        !ic_set(resource, "userName", cJSON_CreateString(address))) {
        ic_reply_no_memory(x);
        return false;
    }
    name = ic_json_member(resource, "userName");
    if (user_is_email(name)) return true;
    ic_scim_refuse_value(x, "userName", name);
    return false;
}

static bool user_check_unique(ic_exchange *x, const char *email, const ic_user *user) {
    const ic_user *holder = ic_company_user(x->company, email);
    if (!holder || holder == user) return true;
    ic_reply_scim_error(x, 409, "uniqueness", "userName %s is taken", email);
    return false;
}

static bool user_check_rest(ic_exchange *x, const cJSON *resource) {
    const char *password = ic_json_string(resource, "password");
    const cJSON *head = ic_json_member(ic_json_member(resource, IC_SCIM_IRONCLAD), "departmentHead");
    if (password && !user_is_strong_password(password))
        ic_reply_scim_error(x, 400, "invalidValue",
                            "Invalid value at password: it needs %d characters, with lower case, upper case, "
                            "digit and special character",
                            PASSWORD_LEAST);
    else if (head && !user_is_email(head))
        ic_scim_refuse_value(x, IC_SCIM_IRONCLAD ":departmentHead", head);
    else
        return true;
    return false;
}

/* --- changing the user --- */

/* The attributes of the resource that the sandbox only stores. Spoiled (build.h) when out of memory. */
static cJSON *user_profile(const cJSON *resource, const ic_user *before) {
    cJSON *profile = cJSON_CreateObject();
    for (size_t i = 0; i < KEPT_COUNT; i++) {
        const cJSON *member = ic_json_member(resource, kept[i]);
        if (member && (cJSON_IsString(member) || member->child))
            ic_put(profile, kept[i], cJSON_Duplicate(member, true));
    }
    const cJSON *extension = before ? ic_json_member(before->profile, IC_SCIM_IRONCLAD) : NULL;
    const char *provider =
        ic_json_string(resource, "password") ? "local" : ic_json_string(extension, "provider");
    cJSON *ironclad = ic_json_member(profile, IC_SCIM_IRONCLAD);
    if (provider && !ironclad) ironclad = ic_put(profile, IC_SCIM_IRONCLAD, cJSON_CreateObject());
    cJSON_DeleteItemFromObjectCaseSensitive(ironclad, "provider");
    if (provider) ic_put_text(ironclad, "provider", provider);
    return profile;
}

static bool user_set_text(char **place, const char *text) {
    char *copy = ic_strdup(text ? text : "");
    if (!copy) return false;
    ic_free(*place);
    *place = copy;
    return true;
}

/* A new user from the resource. NULL: no memory. */
static ic_user *user_draft(ic_exchange *x, const cJSON *resource, const ic_user *before) {
    ic_user *draft = ic_user_new(x->company, ic_json_string(resource, "userName"));
    if (!draft) return NULL;
    const cJSON *name = ic_json_member(resource, "name");
    draft->profile = user_profile(resource, before);
    if (ic_whole(draft->profile) && user_set_text(&draft->first_name, ic_json_string(name, "givenName")) &&
        user_set_text(&draft->last_name, ic_json_string(name, "familyName")) &&
        user_set_text(&draft->title, ic_json_string(resource, "title")) &&
        ic_user_set_display_name(draft, ic_json_string(resource, "displayName")))
        return draft;
    ic_user_free(draft);
    return NULL;
}

/* Changes the user to what the draft says, and frees the draft. The user keeps the id. */
static void user_apply_draft(ic_user *user, ic_user *draft) {
    ic_user before = *user;
    *user = *draft;
    *draft = before;
    memcpy(user->id, before.id, sizeof user->id);
    user->rights = before.rights;
    user->created = before.created;
    ic_user_free(draft);
}

static ic_user *user_read_draft(ic_exchange *x, cJSON *resource, const ic_user *before) {
    if (!user_settle_email(x, resource, before) || !user_check_rest(x, resource) ||
        !user_check_unique(x, ic_json_string(resource, "userName"), before))
        return NULL;
    ic_user *draft = user_draft(x, resource, before);
    if (!draft) ic_reply_no_memory(x);
    return draft;
}

/* --- the operations --- */

void ic_users_list(ic_exchange *x) {
    ic_scim_reply_list(x, &ic_scim_users, &x->company->users, user_view);
}

static ic_user *user_find(ic_exchange *x) {
    for (size_t i = 0; i < x->company->users.count; i++) {
        ic_user *user = x->company->users.items[i];
        if (strcmp(user->id, x->values[0]) == 0) return user;
    }
    ic_scim_not_found(x);
    return NULL;
}

static void user_reply(ic_exchange *x, unsigned status, const ic_user *user) {
    ic_scim_reply(x, status, &ic_scim_users, user_view(x->company, user));
}

void ic_users_get(ic_exchange *x) {
    const ic_user *user = user_find(x);
    if (user) user_reply(x, 200, user);
}

/* Ironclad has no inactive users. */
static bool user_is_active(const cJSON *resource) {
    return !cJSON_IsFalse(ic_json_member(resource, "active"));
}

void ic_users_create(ic_exchange *x) {
    cJSON *resource = ic_scim_may_change(x) ? ic_scim_read(x, &ic_scim_users) : NULL;
    if (resource && !user_is_active(resource)) {
        ic_scim_refuse_value(x, "active", ic_json_member(resource, "active"));
    } else if (resource) {
        ic_user *user = user_read_draft(x, resource, NULL);
        if (user && ic_company_add_user(x->company, user)) {
            user_reply(x, 201, user);
        } else if (user) {
            ic_user_free(user);
            ic_reply_no_memory(x);
        }
    }
    cJSON_Delete(resource);
}

static bool user_remove(ic_exchange *x, ic_user *user) {
    if (x->company->users.count == 1)
        ic_reply_scim_error(x, 403, NULL, "the last user of a company stays");
    else if (!ic_company_remove_user(x->company, user))
        ic_reply_no_memory(x);
    else
        return true;
    return false;
}

/* A user who is set inactive is removed from the company. The answer is the last to show them. */
static void user_deactivate(ic_exchange *x, ic_user *user) {
    if (!user_remove(x, user)) return;
    cJSON *view = user_view(x->company, user);
    if (view && !ic_set(view, "active", cJSON_CreateFalse())) view->type = cJSON_Invalid;
    ic_scim_reply(x, 200, &ic_scim_users, view);
}

static void user_change(ic_exchange *x, ic_user *user, cJSON *resource) {
    ic_user *draft = user_read_draft(x, resource, user);
    if (!draft) return;
    user_apply_draft(user, draft);
    if (user_is_active(resource))
        user_reply(x, 200, user);
    else
        user_deactivate(x, user);
}

void ic_users_replace(ic_exchange *x) {
    ic_user *user = ic_scim_may_change(x) ? user_find(x) : NULL;
    cJSON *resource = user ? ic_scim_read(x, &ic_scim_users) : NULL;
    if (resource) user_change(x, user, resource);
    cJSON_Delete(resource);
}

void ic_users_update(ic_exchange *x) {
    ic_user *user = ic_scim_may_change(x) ? user_find(x) : NULL;
    if (!user) return;
    cJSON *resource = user_view(x->company, user);
    if (!ic_whole(resource))
        ic_reply_no_memory(x);
    else if (ic_scim_patch(x, &ic_scim_users, IC_SCIM_ADD | IC_SCIM_REMOVE | IC_SCIM_REPLACE, resource))
        user_change(x, user, resource);
    cJSON_Delete(resource);
}

void ic_users_delete(ic_exchange *x) {
    ic_user *user = ic_scim_may_change(x) ? user_find(x) : NULL;
    if (user && user_remove(x, user)) ic_reply_nothing(x);
}
