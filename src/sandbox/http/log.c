#include "sandbox/http/log.h"
#include "core/base/alloc.h"

static bool log_pack(const char *const texts[IC_LOG_TEXTS], ic_log_entry *entry) {
    ic_buf packed = {0};
    for (int i = 0; i < IC_LOG_TEXTS; i++) {
        ic_buf_puts(&packed, texts[i]);
        ic_buf_putc(&packed, '\0');
    }
    entry->texts = ic_buf_take(&packed, &entry->size);
    ic_buf_free(&packed);
    return entry->texts != NULL;
}

static void log_remove_oldest(ic_log *log) {
    const ic_log_entry *oldest = &log->entries[log->first];
    log->bytes -= oldest->size;
    ic_free(oldest->texts);
    log->first = (log->first + 1) % IC_LOG_MAX;
    log->count--;
}

static void log_append(ic_log *log, ic_log_entry entry) {
    while (log->count && (log->count == IC_LOG_MAX || log->bytes + entry.size > IC_LOG_BYTES))
        log_remove_oldest(log);
    log->entries[(log->first + log->count++) % IC_LOG_MAX] = entry;
    log->bytes += entry.size;
}

void ic_log_add(ic_log *log, ic_time time, const char *const texts[IC_LOG_TEXTS]) {
    if (log->file)
        fprintf(log->file, "%s %s %s %s %s %s\n", ic_time_print(time).text, texts[0], texts[1], texts[2],
                *texts[3] ? texts[3] : "-", *texts[4] ? texts[4] : "-");
    if (!log->entries) log->entries = ic_calloc(IC_LOG_MAX, sizeof *log->entries);
    ic_log_entry entry;
    if (log->entries && log_pack(texts, &entry)) log_append(log, entry);
}

void ic_log_copy(const ic_log *log, ic_buf *out) {
    for (size_t i = 0; i < log->count; i++) {
        const ic_log_entry *entry = &log->entries[(log->first + i) % IC_LOG_MAX];
        ic_buf_add(out, entry->texts, entry->size);
    }
}

void ic_log_clear(ic_log *log) {
    while (log->count)
        log_remove_oldest(log);
}

void ic_log_free(ic_log *log) {
    ic_log_clear(log);
    ic_free(log->entries);
    if (log->file) fclose(log->file);
    *log = (ic_log){0};
}
