#include "core/auth/token.h"
#include "core/base/alloc.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/json/json.h"
#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    size_t offset;
} token_texts[] = {
    {"access_token", offsetof(ic_token, access_token)},
    {"refresh_token", offsetof(ic_token, refresh_token)},
    {"scope", offsetof(ic_token, scope)},
};
_Static_assert(sizeof token_texts / sizeof *token_texts == IC_TOKEN_TEXTS, "every text has its row");

static char **token_text_at(ic_token *token, int i) {
    return (char **)((char *)token + token_texts[i].offset);
}

const char *ic_token_text(const ic_token *token, int index) {
    return *token_text_at((ic_token *)token, index);
}

const char *ic_token_text_name(int index) {
    return token_texts[index].name;
}

void ic_token_clear(ic_token *token) {
    for (int i = 0; i < IC_TOKEN_TEXTS; i++)
        ic_free_secret(*token_text_at(token, i));
    *token = (ic_token){0};
}

bool ic_token_add_to(cJSON *object, const ic_token *token) {
    for (int i = 0; i < IC_TOKEN_TEXTS; i++) {
        const char *text = ic_token_text(token, i);
        if (text && *text && !cJSON_AddStringToObject(object, token_texts[i].name, text)) return false;
    }
    return token->expires_at == 0 || !isfinite(token->expires_at) ||
           cJSON_AddNumberToObject(object, "expires_at", token->expires_at);
}

bool ic_token_is_empty(const ic_token *token) {
    return !token->access_token && !token->refresh_token;
}

cJSON *ic_token_to_json(const ic_token *token) {
    cJSON *tree = cJSON_CreateObject();
    if (tree && ic_token_add_to(tree, token)) return tree;
    ic_token_free_json(tree);
    return NULL;
}

static void token_wipe(cJSON *tree) {
    cJSON *child;
    if (tree->valuestring) ic_wipe(tree->valuestring, strlen(tree->valuestring));
    cJSON_ArrayForEach(child, tree) {
        token_wipe(child);
    }
}

void ic_token_free_json(cJSON *tree) {
    if (tree) token_wipe(tree);
    cJSON_Delete(tree);
}

static bool token_read_text(const cJSON *member, const char *name, char **text, ic_error *error) {
    if (!member || cJSON_IsNull(member)) return true;
    if (!cJSON_IsString(member)) {
        ic_error_set(error, IC_ERR_STORE, "%s is not a string", name);
        return false;
    }
    if (!*member->valuestring) return true;
    if (!(*text = ic_strdup(member->valuestring))) ic_error_memory(error);
    return *text != NULL;
}

static bool token_read_members(const cJSON *tree, ic_token *token, ic_error *error) {
    for (int i = 0; i < IC_TOKEN_TEXTS; i++)
        if (!token_read_text(ic_json_member(tree, token_texts[i].name), token_texts[i].name,
                             token_text_at(token, i), error))
            return false;
    const cJSON *expires_at = ic_json_member(tree, "expires_at");
    if (cJSON_IsNumber(expires_at))
        token->expires_at = expires_at->valuedouble;
    else if (expires_at && !cJSON_IsNull(expires_at))
        ic_error_set(error, IC_ERR_STORE, "expires_at is not a number of seconds");
    else
        return true;
    return cJSON_IsNumber(expires_at);
}

/* A line break in an access token, put there by an editor, for example, would begin a second header. */
static bool token_check(const ic_token *token, ic_error *error) {
    if (ic_token_is_empty(token))
        ic_error_set(error, IC_ERR_STORE, "it has neither an access_token nor a refresh_token");
    else if (token->access_token && !ic_header_safe(token->access_token))
        ic_error_set(error, IC_ERR_STORE, "access_token holds a control character");
    else
        return true;
    return false;
}

bool ic_token_from_json(const cJSON *tree, ic_token *token, ic_error *error) {
    *token = (ic_token){0};
    if (!cJSON_IsObject(tree))
        ic_error_set(error, IC_ERR_STORE, "it is not an object");
    else if (token_read_members(tree, token, error) && token_check(token, error))
        return true;
    ic_token_clear(token);
    return false;
}
