/* Counts blocks around malloc. Outside tests this costs two relaxed atomics per allocation. */
#include "core/base/alloc.h"
#include "core/base/platform.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SMALL_BLOCK 4096 /* bytes */

static atomic_long alloc_blocks;

/* 0: nothing fails. Otherwise the number of allocations up to and including the first one that fails. Then it
 * goes to 0 when only that one is to fail, and otherwise stays at 1, so that all later ones fail too. */
static atomic_long alloc_failing_in;
static atomic_bool alloc_fails_once;
static atomic_long alloc_failures;

static bool alloc_allowed(void) {
    long left = atomic_load_explicit(&alloc_failing_in, memory_order_relaxed);
    while (left > 0) {
        bool fails = left == 1, once = atomic_load_explicit(&alloc_fails_once, memory_order_relaxed);
        if (!(fails && !once) &&
            !atomic_compare_exchange_weak_explicit(&alloc_failing_in, &left, left - 1, memory_order_relaxed,
                                                   memory_order_relaxed))
            continue;
        if (fails) atomic_fetch_add_explicit(&alloc_failures, 1, memory_order_relaxed);
        return !fails;
    }
    return true;
}

static void *alloc_count(void *block) {
    if (block) atomic_fetch_add_explicit(&alloc_blocks, 1, memory_order_relaxed);
    return block;
}

/* A size of 0 allocates one byte, so that NULL always means out of memory. */
void *ic_malloc(size_t size) {
    return alloc_allowed() ? alloc_count(malloc(size ? size : 1)) : NULL;
}

/* Unlike its malloc, glibc's calloc does not use the thread's cache of small blocks. */
void *ic_calloc(size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) return NULL;
    if (total <= SMALL_BLOCK) {
        void *block = ic_malloc(total);
        return block ? memset(block, 0, total) : NULL;
    }
    return alloc_allowed() ? alloc_count(calloc(1, total)) : NULL;
}

/* On failure the old block is left unchanged. */
void *ic_realloc(void *block, size_t size) {
    if (!block) return ic_malloc(size);
    return alloc_allowed() ? realloc(block, size ? size : 1) : NULL;
}

void ic_free(void *block) {
    if (!block) return;
    atomic_fetch_sub_explicit(&alloc_blocks, 1, memory_order_relaxed);
    free(block);
}

char *ic_strndup(const char *text, size_t length) {
    if (!text) return NULL;
    length = strnlen(text, length);
    char *copy = ic_malloc(length + 1);
    if (!copy) return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *ic_strdup(const char *text) {
    return text ? ic_strndup(text, strlen(text)) : NULL;
}

void ic_free_secret(char *text) {
    if (text) ic_wipe(text, strlen(text));
    ic_free(text);
}

static void alloc_fail(long nth, bool once) {
    atomic_store_explicit(&alloc_failing_in, 0, memory_order_relaxed);
    atomic_store_explicit(&alloc_fails_once, once, memory_order_relaxed);
    if (nth > 0) atomic_store_explicit(&alloc_failures, 0, memory_order_relaxed);
    atomic_store_explicit(&alloc_failing_in, nth > 0 ? nth : 0, memory_order_relaxed);
}

void ic_alloc_fail_at(long nth) {
    alloc_fail(nth, false);
}

void ic_alloc_fail_only(long nth) {
    alloc_fail(nth, true);
}

long ic_alloc_failures(void) {
    return atomic_load_explicit(&alloc_failures, memory_order_relaxed);
}

long ic_alloc_live(void) {
    return atomic_load_explicit(&alloc_blocks, memory_order_relaxed);
}
