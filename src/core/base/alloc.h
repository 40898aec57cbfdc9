/* Memory of the core. Everything the core owns comes from here, so that a test can make any allocation
 * fail and count what is still held. (cJSON and libcurl keep their own allocators.) */
#ifndef IC_ALLOC_H
#define IC_ALLOC_H

#include <stddef.h>

void *ic_malloc(size_t size);
void *ic_calloc(size_t count, size_t size);
void *ic_realloc(void *block, size_t size);
void ic_free(void *block);
char *ic_strdup(const char *text); /* NULL stays NULL */
char *ic_strndup(const char *text, size_t length);

/* Overwrites a secret before it is freed; NULL is allowed. */
void ic_free_secret(char *text);

/* Tests only. The nth allocation from now (1 = the next) and all after it fail; 0 ends that. */
void ic_alloc_fail_at(long nth);
/* Blocks held now, in the whole process. */
long ic_alloc_live(void);

#endif
