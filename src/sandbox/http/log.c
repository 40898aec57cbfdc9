#include "log.h"
#include "../../core/alloc.h"
#include "../sandbox.h"

static char *pack(const char *const texts[IC_LOG_TEXTS], size_t *size) {
    ic_buf entry = {0};
    for (int i = 0; i < IC_LOG_TEXTS; i++) {
        ic_buf_puts(&entry, texts[i]);
        ic_buf_putc(&entry, '\0');
    }
    char *packed = ic_buf_take(&entry, size);
    ic_buf_free(&entry);
    return packed;
}

/* Room for one more entry: a bigger array while it has not reached its size, else the oldest entry's place.
 */
static bool make_room(ic_log *log) {
    if (log->count < log->capacity) return true;
    if (log->capacity >= IC_LOG_MAX) {
        ic_free(log->entries[log->first]);
        log->first = (log->first + 1) % log->capacity;
        log->count--;
        return true;
    }
    size_t capacity = log->capacity ? log->capacity * 2 : 64;
    if (capacity > IC_LOG_MAX) capacity = IC_LOG_MAX;
    char **entries = ic_realloc(log->entries, capacity * sizeof *entries);
    if (entries) log->entries = entries;
    size_t *sizes = ic_realloc(log->sizes, capacity * sizeof *sizes);
    if (sizes) log->sizes = sizes;
    if (!entries || !sizes) return false;
    log->capacity = capacity; /* `first` is 0 until the ring has its full size */
    return true;
}

void ic_log_add(ic_log *log, ic_time time, const char *const texts[IC_LOG_TEXTS]) {
    if (log->file)
        fprintf(log->file, "%s %s %s %s %s %s\n", ic_time_print(time).text, texts[0], texts[1], texts[2],
                *texts[3] ? texts[3] : "-", *texts[4] ? texts[4] : "-");
    size_t size;
    char *entry = pack(texts, &size);
    if (!entry) return;
    if (!make_room(log)) {
        ic_free(entry);
        return;
    }
    size_t at = (log->first + log->count++) % log->capacity;
    log->entries[at] = entry;
    log->sizes[at] = size;
}

void ic_log_copy(const ic_log *log, ic_buf *out) {
    for (size_t i = 0; i < log->count; i++) {
        size_t at = (log->first + i) % log->capacity;
        ic_buf_add(out, log->entries[at], log->sizes[at]);
    }
}

void ic_log_clear(ic_log *log) {
    for (size_t i = 0; i < log->count; i++)
        ic_free(log->entries[(log->first + i) % log->capacity]);
    log->first = log->count = 0;
}

void ic_log_free(ic_log *log) {
    ic_log_clear(log);
    ic_free(log->entries);
    ic_free(log->sizes);
    if (log->file) fclose(log->file);
    *log = (ic_log){0};
}
