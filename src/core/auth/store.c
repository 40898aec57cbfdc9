/* The token file: JSON in a private file. */
#include "core/auth/store.h"
#include "core/auth/private_file.h"
#include "core/base/alloc.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/json/json.h"
#include "core/json/json_text.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

#define VERSION 1
/* Bytes that a new token may add: more than any two tokens that fit into a request's header. */
#define TOKEN_SIZE ((size_t)64 * 1024)

struct ic_store {
    ic_private_file file;
};

ic_store *ic_store_new(const char *path, ic_error *error) {
    ic_store *store = ic_calloc(1, sizeof *store);
    if (!store) {
        ic_error_memory(error);
        return NULL;
    }
    if (ic_private_file_init(&store->file, path, error)) return store;
    ic_store_free(store);
    return NULL;
}

void ic_store_free(ic_store *store) {
    if (!store) return;
    ic_private_file_clear(&store->file);
    ic_free(store);
}

int ic_store_lock(ic_store *store, ic_error *error) {
    return ic_private_file_lock(&store->file, error);
}

void ic_store_unlock(ic_store *store) {
    ic_private_file_unlock(&store->file);
}

/* ---- errors and checks ---- */

static const char advice_file[] = "restore it, or move it away and connect again";

static const char advice_token[] = "correct it, or connect again";

/* Clears `cause`. */
static void store_explain(const ic_store *store, const char *what, ic_error *cause, const char *advice,
                          ic_error *error) {
    if (cause->kind == IC_ERR_MEMORY)
        ic_error_memory(error);
    else
        ic_error_set(error, IC_ERR_STORE, "%s: %s (%s); %s", store->file.paths[IC_PART_FILE], what,
                     ic_error_message(cause), advice);
    ic_error_clear(cause);
}

static bool store_check_text(const ic_store *store, const char *what, const char *text, ic_error *error) {
    size_t bad;
    if (ic_utf8_valid(text, strlen(text), &bad)) return true;
    ic_error_set(error, IC_ERR_STORE,
                 "%s: only UTF-8 text can be saved, and the %s is not UTF-8 (byte %zu); correct it",
                 store->file.paths[IC_PART_FILE], what, bad + 1);
    return false;
}

static bool store_check_size(const ic_store *store, size_t length, ic_error *error) {
    if (length <= IC_PRIVATE_FILE_LARGEST) return true;
    ic_error_set(error, IC_ERR_STORE,
                 "%s is full (it would have %zu of at most %zu bytes); forget connections that are no longer "
                 "used, or give this one a file of its own",
                 store->file.paths[IC_PART_FILE], length, IC_PRIVATE_FILE_LARGEST);
    return false;
}

/* A token that could be written but not read again is not written. */
static bool store_check_token(const ic_store *store, const ic_token *token, ic_error *error) {
    for (int i = 0; i < IC_TOKEN_TEXTS; i++)
        if (ic_token_text(token, i) &&
            !store_check_text(store, ic_token_text_name(i), ic_token_text(token, i), error))
            return false;
    ic_error cause = {0};
    cJSON *tree = ic_token_to_json(token);
    ic_token copy = {0};
    if (!tree) ic_error_memory(&cause);
    bool good = tree && ic_token_from_json(tree, &copy, &cause);
    if (!good) store_explain(store, "cannot keep this token", &cause, "ask for a new one", error);
    ic_token_clear(&copy);
    ic_token_free_json(tree);
    return good;
}

/* Checks the version first: a newer format may look different. */
static bool store_check_tree(const ic_store *store, const cJSON *tree, ic_error *error) {
    const char *path = store->file.paths[IC_PART_FILE];
    const cJSON *version = ic_json_member(tree, "version");
    if (cJSON_IsNumber(version) && version->valuedouble > VERSION)
        ic_error_set(error, IC_ERR_STORE,
                     "%s was written by a newer version of this module (format %.17g, this one knows %d); "
                     "update this one, or give it a file of its own",
                     path, version->valuedouble, VERSION);
    else if (!cJSON_IsNumber(version) || version->valuedouble != VERSION ||
             !cJSON_IsObject(ic_json_member(tree, "tokens")))
        ic_error_set(error, IC_ERR_STORE,
                     "%s: this is not a token file (it lacks \"version\": %d and \"tokens\"); %s", path,
                     VERSION, advice_file);
    else
        return true;
    return false;
}

/* ---- the file ---- */

static cJSON *store_new_tree(ic_error *error) {
    cJSON *tree = cJSON_CreateObject();
    if (tree && cJSON_AddNumberToObject(tree, "version", VERSION) && cJSON_AddObjectToObject(tree, "tokens"))
        return tree;
    cJSON_Delete(tree);
    ic_error_memory(error);
    return NULL;
}

static cJSON *store_parse(const ic_store *store, const char *text, size_t length, ic_error *error) {
    ic_error cause = {0};
    size_t bad;
    cJSON *tree = NULL;
    if (!ic_utf8_valid(text, length, &bad)) /* the parser would replace the bad bytes */
        ic_error_set(&cause, IC_ERR_STORE, "not UTF-8 text at byte %zu", bad + 1);
    else
        tree = ic_json_parse(text, length, &cause);
    if (!tree) {
        store_explain(store, "this is not a token file, or only a part of one", &cause, advice_file, error);
        return NULL;
    }
    if (store_check_tree(store, tree, error)) return tree;
    ic_token_free_json(tree);
    return NULL;
}

/* 1: *tree is the file's, checked; 0: there is no file; -1: `error`. */
static int store_read_tree(ic_store *store, cJSON **tree, size_t *length, ic_error *error) {
    char *text = NULL;
    int found = ic_private_file_read(&store->file, &text, length, error);
    if (found != 1) return found;
    if (*length == 0) { /* made by mktemp, or left by a full disk: it holds no token */
        ic_free(text);
        return 0;
    }
    *tree = store_parse(store, text, *length, error);
    ic_wipe(text, *length);
    ic_free(text);
    return *tree ? 1 : -1;
}

static bool store_write_tree(ic_store *store, const cJSON *tree, ic_error *error) {
    char *text = ic_json_print(tree);
    if (!text) {
        ic_error_memory(error);
        return false;
    }
    size_t length = strlen(text);
    bool written =
        store_check_size(store, length, error) && ic_private_file_write(&store->file, text, length, error);
    ic_wipe(text, length);
    ic_json_text_free(text);
    return written;
}

/* ---- loading and saving ---- */

/* Finds the token under `key`: 1, 0 or -1, as ic_store_load. */
static int store_find(const ic_store *store, const cJSON *tree, const char *key, ic_token *token,
                      ic_error *error) {
    const cJSON *entry = ic_json_member(ic_json_member(tree, "tokens"), key);
    ic_error cause = {0};
    if (!entry) return 0;
    if (ic_token_from_json(entry, token, &cause)) return 1;
    store_explain(store, "what is saved for this connection is not a token", &cause, advice_token, error);
    return -1;
}

int ic_store_load(ic_store *store, const char *key, ic_token *token, ic_error *error) {
    cJSON *tree = NULL;
    size_t length;
    *token = (ic_token){0};
    if (!store_check_text(store, "key", key, error)) return -1;
    int found = store_read_tree(store, &tree, &length, error);
    if (found == 1) found = store_find(store, tree, key, token, error);
    ic_token_free_json(tree);
    return found;
}

bool ic_store_prepare(ic_store *store, ic_error *error) {
    cJSON *tree = NULL;
    size_t length = 0;
    int found = store_read_tree(store, &tree, &length, error);
    ic_token_free_json(tree);
    if (found < 0) return false;
    return store_check_size(store, length + TOKEN_SIZE, error) &&
           ic_private_file_reserve(&store->file, length + TOKEN_SIZE, error);
}

/* Removes all members of that name. If one were left, cJSON would read an old token. */
static void store_drop(cJSON *object, const char *name) {
    for (cJSON *member; (member = cJSON_DetachItemFromObjectCaseSensitive(object, name));)
        ic_token_free_json(member);
}

/* An object under that key keeps its other members; anything else is replaced. */
static bool store_put(cJSON *tokens, const char *key, const ic_token *token, ic_error *error) {
    cJSON *entry = ic_json_member(tokens, key);
    if (!cJSON_IsObject(entry)) {
        store_drop(tokens, key);
        entry = cJSON_AddObjectToObject(tokens, key);
    }
    for (int i = 0; i < IC_TOKEN_TEXTS; i++)
        store_drop(entry, ic_token_text_name(i));
    store_drop(entry, "expires_at");
    if (entry && ic_token_add_to(entry, token)) return true;
    ic_error_memory(error);
    return false;
}

bool ic_store_save(ic_store *store, const char *key, const ic_token *token, ic_error *error) {
    cJSON *tree = NULL;
    size_t length;
    if (!store_check_text(store, "key", key, error) || (token && !store_check_token(store, token, error)))
        return false;
    int found = store_read_tree(store, &tree, &length, error);
    if (found == 0) tree = store_new_tree(error);
    cJSON *tokens = ic_json_member(tree, "tokens");
    bool saved = tokens != NULL;
    if (saved && token) {
        saved = store_put(tokens, key, token, error) && store_write_tree(store, tree, error);
    } else if (saved && ic_json_member(tokens, key)) {
        store_drop(tokens, key);
        saved = store_write_tree(store, tree, error);
    }
    ic_token_free_json(tree);
    return saved;
}
