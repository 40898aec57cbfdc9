/* JSON on cJSON. What cJSON leaves out stands around it: before it the strict pass (json_scan.h), after it
 * exact numbers, since cJSON prints 15 digits where a double may need 17. */
#include "core/json/json.h"
#include "core/json/json_scan.h"
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_INTEGER       9007199254740992.0 /* 2^53: up to here a double holds every integer */
#define MAX_CJSON_INTEGER 1e15               /* below, cJSON prints integers as they are */

static locale_t enter_c_locale(void);
static cJSON *build_tree(const char *text, size_t length, ic_error *error);

cJSON *ic_json_parse(const char *text, size_t length, ic_error *error) {
    ic_buf copy = {0};
    locale_t before = enter_c_locale();
    cJSON *tree = ic_json_scan(&text, &length, &copy, error) ? build_tree(text, length, error) : NULL;
    uselocale(before);
    ic_buf_free(&copy);
    return tree;
}

static bool prints_exactly(const cJSON *node);
static bool make_exact(cJSON *node);

char *ic_json_print(const cJSON *tree) {
    locale_t before = enter_c_locale();
    char *text = NULL;
    if (prints_exactly(tree)) {
        text = cJSON_PrintUnformatted(tree);
    } else {
        cJSON *copy = cJSON_Duplicate(tree, true);
        if (copy && make_exact(copy)) text = cJSON_PrintUnformatted(copy);
        cJSON_Delete(copy);
    }
    uselocale(before);
    return text;
}

void ic_json_text_free(char *text) {
    cJSON_free(text);
}

cJSON *ic_json_integer(long long value) {
    if (value >= -(long long)MAX_INTEGER && value <= (long long)MAX_INTEGER)
        return cJSON_CreateNumber((double)value);
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", value);
    return cJSON_CreateRaw(digits);
}

cJSON *ic_json_member(const cJSON *object, const char *name) {
    return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

const char *ic_json_string(const cJSON *object, const char *name) {
    return cJSON_GetStringValue(ic_json_member(object, name));
}

/* ---- cJSON's surroundings: its global error, and the locale ---- */

/* Every parse writes cJSON's global error, so that one thread parses at a time. A child of fork starts with
 * an open lock: the thread that may have held it is not in the child. */
static pthread_mutex_t parse_lock = PTHREAD_MUTEX_INITIALIZER;
static locale_t c_locale;

static void reset_lock(void) {
    pthread_mutex_init(&parse_lock, NULL);
}

static void set_up(void) {
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    pthread_atfork(NULL, NULL, reset_lock);
}

/* Numbers have a decimal point whatever the host's locale says: cJSON goes by localeconv(), of which it takes
 * one byte. Returns the locale for uselocale to go back to. */
static locale_t enter_c_locale(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up);
    return uselocale(c_locale);
}

/* cJSON on what the strict pass has let through, so that only memory can be missing. */
static cJSON *build_tree(const char *text, size_t length, ic_error *error) {
    const char *end = NULL;
    pthread_mutex_lock(&parse_lock);
    cJSON *tree = cJSON_ParseWithLengthOpts(text, length, &end, false);
    pthread_mutex_unlock(&parse_lock);
    if (!tree) {
        ic_error_memory(error);
        return NULL;
    }
    if (end == text + length) return tree;
    cJSON_Delete(tree);
    ic_error_set(error, IC_ERR_PROTOCOL, "invalid JSON: cJSON read %zu of %zu bytes", (size_t)(end - text),
                 length);
    return NULL;
}

/* ---- numbers on their way out ---- */

/* Whether cJSON prints just this double: it takes 15 digits for enough when they are off by one bit. */
static bool is_printed_exactly(double value) {
    if (!isfinite(value)) return true;
    if (value == trunc(value) && fabs(value) <= MAX_INTEGER)
        return fabs(value) < MAX_CJSON_INTEGER && (value != 0 || !signbit(value));
    char text[32];
    snprintf(text, sizeof text, "%.15g", value);
    return strtod(text, NULL) == value;
}

static bool prints_exactly(const cJSON *node) {
    if (cJSON_IsNumber(node)) return is_printed_exactly(node->valuedouble);
    const cJSON *child;
    cJSON_ArrayForEach(child, node) {
        if (!prints_exactly(child)) return false;
    }
    return true;
}

/* The shortest text that gives the double back. Integers to 2^53 are written as such; greater ones with an
 * exponent, so that ic_json_parse reads a number again and not an identifier. */
static void exact_text(double value, char *text, size_t size) {
    if (value == trunc(value) && fabs(value) <= MAX_INTEGER) {
        snprintf(text, size, "%.0f", value);
        return;
    }
    int precision = 15;
    do
        snprintf(text, size, "%.*g", ++precision, value);
    while (precision < 17 && strtod(text, NULL) != value);
    if (!strpbrk(text, ".e")) snprintf(text, size, "%.*e", precision - 1, value);
}

/* Turns the numbers that cJSON would round into raw JSON. False: no memory. */
static bool make_exact(cJSON *node) {
    if (cJSON_IsNumber(node) && !is_printed_exactly(node->valuedouble)) {
        const size_t size = 32;
        node->valuestring = cJSON_malloc(size);
        if (!node->valuestring) return false;
        exact_text(node->valuedouble, node->valuestring, size);
        node->type = (node->type & ~0xFF) | cJSON_Raw;
    }
    cJSON *child;
    cJSON_ArrayForEach(child, node) {
        if (!make_exact(child)) return false;
    }
    return true;
}
