/* What the programs that test JSON share. */
#ifndef JSON_TRIAL_H
#define JSON_TRIAL_H

#include "core/json/json.h"
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A text in which everything that can be rewritten is. */
static const char greedy[] =
    "{\"a\\u0000\":[1,18446744073709551616,1e999,0.30000000000000004,{\"b\":\"c\"}]}";

/* cJSON's memory, counted, and failing when told so: the nth allocation, and unless `fail_once` all later
 * ones.
 */
static atomic_long held, asked, fail_in;
static atomic_bool fail_once;

static void *counted_malloc(size_t size) {
    asked++;
    if (fail_in && --fail_in == 0) {
        fail_in = !fail_once;
        return NULL;
    }
    void *block = malloc(size);
    if (block) held++;
    return block;
}

static void counted_free(void *block) {
    if (block) held--;
    free(block);
}

static inline void count_memory(void) {
    cJSON_InitHooks(&(cJSON_Hooks){counted_malloc, counted_free});
}

/* What the text is printed as after it was parsed, or NULL; free with ic_json_text_free. */
static inline char *reprinted(const char *text, size_t length, ic_error *error) {
    /* A copy of exactly that length, so that a byte read too far is found. */
    char *bytes = malloc(length + !length);
    memcpy(bytes, text, length);
    cJSON *tree = ic_json_parse(bytes, length, error);
    free(bytes);
    char *printed = tree ? ic_json_print(tree) : NULL;
    cJSON_Delete(tree);
    return printed;
}

/* xorshift64: the same numbers every time. */
static inline uint64_t next_random(void) {
    static uint64_t state = 0x9E3779B97F4A7C15;
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

#endif
