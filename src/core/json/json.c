/* cJSON trees, for small documents that the core itself reads and changes. They are made from a tape and
 * printed with the functions of json_write.h. */
#include "core/json/json.h"
#include "core/base/alloc.h"
#include "core/json/json_tape_read.h"
#include "core/json/json_write.h"
#include <math.h>
#include <stdio.h>

#define REPLACEMENT "\xEF\xBF\xBD"     /* U+FFFD */
#define MAX_INTEGER 9007199254740992LL /* 2^53: up to here a double holds every integer */

static cJSON *json_tree_of(const ic_tape *tape, const uint64_t **word);
static bool json_print_node(const cJSON *node, ic_buf *text);

cJSON *ic_json_parse(const char *text, size_t length, ic_error *error) {
    ic_tape tape = {0};
    cJSON *tree = NULL;
    if (ic_tape_read(&tape, text, length, error)) {
        const uint64_t *word = tape.words;
        tree = json_tree_of(&tape, &word);
        if (!tree) ic_error_memory(error);
    }
    ic_tape_free(&tape);
    return tree;
}

char *ic_json_print(const cJSON *tree) {
    ic_buf text = {0};
    if (tree && json_print_node(tree, &text)) return ic_buf_take(&text, NULL);
    ic_buf_free(&text);
    return NULL;
}

void ic_json_text_free(char *text) {
    ic_free(text);
}

cJSON *ic_json_integer(long long value) {
    cJSON *node = cJSON_CreateNumber((double)value);
    if (!node || (value >= -MAX_INTEGER && value <= MAX_INTEGER)) return node;
    const size_t size = 24;
    node->valuestring = cJSON_malloc(size);
    if (node->valuestring) {
        snprintf(node->valuestring, size, "%lld", value);
        return node;
    }
    cJSON_Delete(node);
    return NULL;
}

cJSON *ic_json_member(const cJSON *object, const char *name) {
    return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

const char *ic_json_type(const cJSON *value) {
    char first = cJSON_IsRaw(value) ? value->valuestring[0] : '\0';
    if (cJSON_IsString(value) || first == '"') return "a string";
    if (cJSON_IsBool(value) || first == 't' || first == 'f') return "a boolean";
    if (cJSON_IsNull(value) || first == 'n') return "null";
    if (cJSON_IsObject(value) || first == '{') return "a table";
    if (cJSON_IsArray(value) || first == '[') return "a list";
    if (first) return "a number";
    return value->valuedouble == floor(value->valuedouble) ? "a number" : "a fraction";
}

const char *ic_json_string(const cJSON *object, const char *name) {
    return cJSON_GetStringValue(ic_json_member(object, name));
}

/* ---- from a tape to a tree ---- */

/* A text as a C string of cJSON, with U+FFFD in place of each NUL; NULL when out of memory. */
static char *json_tree_text(const ic_tape *tape, const uint64_t *word) {
    size_t length, zeros = 0;
    const char *bytes = ic_tape_text(tape, word, &length);
    for (size_t i = 0; *word & IC_TAPE_ARENA && i < length; i++)
        zeros += bytes[i] == '\0';
    char *text = cJSON_malloc(length + zeros * (sizeof REPLACEMENT - 2) + 1), *to = text;
    if (!text) return NULL;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\0')
            to = stpcpy(to, REPLACEMENT);
        else
            *to++ = bytes[i];
    }
    *to = '\0';
    return text;
}

static cJSON *json_tree_string(const ic_tape *tape, const uint64_t *word) {
    cJSON *node = cJSON_CreateNull();
    if (!node) return NULL;
    node->type = cJSON_String;
    node->valuestring = json_tree_text(tape, word);
    if (node->valuestring) return node;
    cJSON_Delete(node);
    return NULL;
}

/* Adds the content of a container, which begins at `*word`, to `node`, and sets `*word` to the word after it.
 */
static cJSON *json_tree_container(const ic_tape *tape, const uint64_t **word, cJSON *node, size_t count,
                                  bool object) {
    while (node && count--) {
        const uint64_t *name = *word;
        if (object) *word = ic_tape_next(name);
        cJSON *child = json_tree_of(tape, word);
        if (child && object) child->string = json_tree_text(tape, name);
        if (child && (child->string || !object) && cJSON_AddItemToArray(node, child)) continue;
        cJSON_Delete(child);
        cJSON_Delete(node);
        node = NULL;
    }
    return node;
}

/* Makes a node of the value at `*word`, and sets `*word` to the word after it; NULL when out of memory. */
static cJSON *json_tree_of(const ic_tape *tape, const uint64_t **word) {
    const uint64_t *at = *word;
    *word = ic_tape_next(at);
    switch (ic_tape_kind_of(*at)) {
    case IC_TAPE_FALSE:
    case IC_TAPE_TRUE: return cJSON_CreateBool(ic_tape_kind_of(*at) == IC_TAPE_TRUE);
    case IC_TAPE_INTEGER:
    case IC_TAPE_LONG_INTEGER: return ic_json_integer(ic_tape_integer(at));
    case IC_TAPE_REAL: return cJSON_CreateNumber(ic_tape_real(at));
    case IC_TAPE_TEXT:
    case IC_TAPE_DIGITS: return json_tree_string(tape, at);
    case IC_TAPE_ARRAY: return json_tree_container(tape, word, cJSON_CreateArray(), ic_tape_count(at), false);
    case IC_TAPE_OBJECT:
        return json_tree_container(tape, word, cJSON_CreateObject(), ic_tape_count(at), true);
    default: return cJSON_CreateNull();
    }
}

/* ---- printing ---- */

static void json_print_text(const char *text, ic_buf *into) {
    if (!text) text = "";
    ic_json_write_text(into, text, strlen(text), NULL);
}

static bool json_print_container(const cJSON *node, ic_buf *text, bool object) {
    const cJSON *child = NULL;
    ic_json_write_byte(text, object ? '{' : '[');
    cJSON_ArrayForEach(child, node) {
        if (child != node->child) ic_json_write_byte(text, ',');
        if (object) {
            json_print_text(child->string, text);
            ic_json_write_byte(text, ':');
        }
        if (!json_print_node(child, text)) return false;
    }
    ic_json_write_byte(text, object ? '}' : ']');
    return true;
}

/* False: the node is not JSON. */
static bool json_print_node(const cJSON *node, ic_buf *text) {
    switch (node->type & (0xFF | IC_JSON_FILE)) {
    case cJSON_NULL: ic_buf_puts(text, "null"); return true;
    case cJSON_False: ic_buf_puts(text, "false"); return true;
    case cJSON_True: ic_buf_puts(text, "true"); return true;
    case cJSON_Number:
        if (node->valuestring)
            ic_buf_puts(text, node->valuestring);
        else
            ic_json_write_real(text, node->valuedouble);
        return true;
    case cJSON_String: json_print_text(node->valuestring, text); return true;
    case cJSON_Raw:
        if (node->valuestring) ic_buf_puts(text, node->valuestring);
        return node->valuestring != NULL;
    case cJSON_Array: return json_print_container(node, text, false);
    case cJSON_Object: return json_print_container(node, text, true);
    default: return false;
    }
}
