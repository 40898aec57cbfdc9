#include "sandbox/oauth/tokens.h"
#include "core/base/alloc.h"
#include "core/catalog/scopes.h"
#include "sandbox/http/exchange.h"
#include <string.h>

/* --- scopes --- */

/* The index of a scope in company->scopes, or -1. */
static long token_scope_index(const ic_company *company, const char *scope, size_t length) {
    for (size_t i = 0; i < company->scopes.count; i++) {
        const char *known = company->scopes.items[i];
        if (strncmp(known, scope, length) == 0 && !known[length]) return (long)i;
    }
    return -1;
}

static bool token_license_scope(ic_company *company, const char *scope, size_t length) {
    if (!length || token_scope_index(company, scope, length) >= 0) return true;
    if (company->scopes.count >= IC_SCOPES_MAX) return true;
    char *copy = ic_strndup(scope, length);
    if (copy && ic_array_push(&company->scopes, copy)) return true;
    ic_free(copy);
    return false;
}

bool ic_scopes_license(ic_company *company, const char *list) {
    for (size_t i = 0; !list && i < ic_scope_count; i++)
        if (!token_license_scope(company, ic_scopes[i].name, strlen(ic_scopes[i].name))) return false;
    while (list && *list) {
        size_t length = strcspn(list, " ");
        if (!token_license_scope(company, list, length)) return false;
        list += length + (list[length] == ' ');
    }
    return true;
}

static bool token_has_bit(const uint64_t scopes[2], size_t bit) {
    return scopes[bit / 64] >> (bit % 64) & 1;
}

bool ic_scopes_parse(const ic_company *company, const char *list, uint64_t scopes[2]) {
    scopes[0] = scopes[1] = list ? 0 : UINT64_MAX;
    while (list && *list) {
        size_t length = strcspn(list, " ");
        long place = token_scope_index(company, list, length);
        if (length && place < 0) return false;
        if (length) scopes[place / 64] |= UINT64_C(1) << (place % 64);
        list += length + (list[length] == ' ');
    }
    return true;
}

cJSON *ic_scopes_print(const ic_company *company, const ic_token *token) {
    cJSON *names = cJSON_CreateArray();
    for (size_t i = 0; i < company->scopes.count; i++)
        if (token_has_bit(token->scopes, i)) ic_append(names, cJSON_CreateString(company->scopes.items[i]));
    return names;
}

/* --- tokens --- */

/* Drops the older half of the tokens: dropping them one by one would move the rest of the list each time. */
static void token_forget_oldest(ic_company *company) {
    size_t gone = company->tokens.count / 2;
    for (size_t i = 0; i < gone; i++) {
        ic_token *token = company->tokens.items[i];
        ic_index_remove(&company->tokens_by_text, token->text);
        ic_free(token);
    }
    ic_array_shift(&company->tokens, gone);
}

ic_token *ic_token_new(ic_company *company, const uint64_t scopes[2], const ic_consent *consent) {
    if (company->tokens.count >= IC_TOKENS_MAX) token_forget_oldest(company);
    ic_token *token = ic_calloc(1, sizeof *token);
    if (!token) return NULL;
    ic_new_secret(company, "token", token->text);
    token->expires = ic_company_now(company) + (ic_time)(company->token_seconds * 1000);
    memcpy(token->scopes, scopes, sizeof token->scopes);
    token->user = consent ? consent->user : NULL;
    token->consent = consent ? consent->number : 0;
    if (!ic_array_push(&company->tokens, token)) {
        ic_free(token);
        return NULL;
    }
    if (ic_index_put(&company->tokens_by_text, token->text, token)) return token;
    company->tokens.count--;
    ic_free(token);
    return NULL;
}

bool ic_token_has(const ic_company *company, const ic_token *token, const char *scope, size_t length) {
    long place = token_scope_index(company, scope, length);
    return place >= 0 && token_has_bit(token->scopes, (size_t)place);
}
