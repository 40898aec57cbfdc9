/* The log of answered requests: in memory for assertions, and in a file if there is one. */
#ifndef IC_SANDBOX_LOG_H
#define IC_SANDBOX_LOG_H

#include "core/base/buf.h"
#include "sandbox/base/dates.h"
#include <stdbool.h>
#include <stdio.h>

/* Beyond either limit the oldest are removed. */
#define IC_LOG_MAX   100000
#define IC_LOG_BYTES ((size_t)64 * 1024 * 1024)

typedef struct ic_log_entry {
    char *texts; /* IC_LOG_TEXTS of them, each ended by a NUL; owned */
    size_t size;
} ic_log_entry;

typedef struct ic_log {
    ic_log_entry *entries; /* a ring of IC_LOG_MAX; NULL before the first */
    size_t first, count;
    size_t bytes; /* of all texts */
    FILE *file;   /* NULL: none */
} ic_log;

/* `texts`: status, method, target, operationId, acting user. When out of memory, nothing is added. */
#define IC_LOG_TEXTS 5
void ic_log_add(ic_log *log, ic_time time, const char *const texts[IC_LOG_TEXTS]);
void ic_log_copy(const ic_log *log, ic_buf *out);
void ic_log_clear(ic_log *log);
/* Also closes the file. */
void ic_log_free(ic_log *log);

#endif
