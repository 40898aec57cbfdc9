/* The core's allocator. All memory that the core owns comes from here, so that a test can make any allocation
 * fail and count the blocks that are still held. cJSON and libcurl use their own allocators. */
#ifndef IC_ALLOC_H
#define IC_ALLOC_H

#include <stddef.h>

/* As in the C library. NULL only when out of memory, even for a size of 0. Free with ic_free. */
void *ic_malloc(size_t size);
void *ic_calloc(size_t count, size_t size);
void *ic_realloc(void *block, size_t size);
void ic_free(void *block);
char *ic_strdup(const char *text); /* NULL gives NULL */
/* Copies at most `length` bytes, and stops at a NUL. NULL gives NULL. */
char *ic_strndup(const char *text, size_t length);

/* Overwrites a secret, then frees it. NULL is allowed. */
void ic_free_secret(char *text);

/* For tests. The nth allocation from now (1 is the next one) and all later ones fail. 0 switches this off. */
void ic_alloc_fail_at(long nth);
/* For tests. Only the nth allocation from now fails. 0 switches this off. */
void ic_alloc_fail_only(long nth);
/* For tests. How many allocations have failed since one of the two was called last with another number than
 * 0.
 */
long ic_alloc_failures(void);
/* The number of blocks that the process holds now. */
long ic_alloc_live(void);

#endif
