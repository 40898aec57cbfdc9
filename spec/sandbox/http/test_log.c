/* The log of requests: what is kept of many, and of long ones. */
#include "core/base/alloc.h"
#include "sandbox/http/log.h"
#include "spec/core/check.h"
#include <stdlib.h>

static void add(ic_log *log, const char *status, const char *target) {
    const char *const texts[IC_LOG_TEXTS] = {status, "GET", target, "", "jane.doe@example.com"};
    ic_log_add(log, 0, texts);
}

/* The status of the oldest, by which the entries are told apart here. */
static int oldest(const ic_log *log) {
    return log->count ? atoi(log->entries[log->first].texts) : -1;
}

static void add_numbered(ic_log *log, int count, const char *target) {
    for (int i = 0; i < count; i++) {
        char digits[16];
        snprintf(digits, sizeof digits, "%d", i);
        add(log, digits, target);
    }
}

static void test_many(void) {
    ic_log log = {0};
    add_numbered(&log, IC_LOG_MAX + 7, "/");
    CHECK(log.count == IC_LOG_MAX && oldest(&log) == 7);
    ic_buf copy = {0};
    ic_log_copy(&log, &copy);
    CHECK(copy.length == log.bytes && memcmp(ic_buf_text(&copy), "7\0GET\0/\0\0jane", 13) == 0);
    ic_buf_free(&copy);
    ic_log_clear(&log);
    CHECK(log.count == 0 && log.bytes == 0);
    add_numbered(&log, 3, "/");
    CHECK(log.count == 3 && oldest(&log) == 0);
    ic_log_free(&log);
}

/* Clients may send targets of a hundred kilobytes. */
static void test_long(void) {
    static char target[1024 * 1024];
    memset(target, 'x', sizeof target - 1);
    ic_log log = {0};
    add_numbered(&log, 100, target);
    CHECK(log.bytes <= IC_LOG_BYTES && log.count == 63 && oldest(&log) == 37);
    add(&log, "100", "/");
    CHECK(log.count == 64);
    ic_log_free(&log);
}

static void test_no_memory(void) {
    long before = ic_alloc_live();
    for (int allocation = 1; allocation < 4; allocation++) {
        ic_log log = {0};
        ic_alloc_fail_at(allocation);
        add(&log, "200", "/");
        ic_alloc_fail_at(0);
        add(&log, "201", "/");
        CHECK(log.count >= 1 && log.count <= 2);
        ic_log_free(&log);
        CHECK(ic_alloc_live() == before);
    }
}

int main(void) {
    test_many();
    test_long();
    test_no_memory();
    return check_done("log");
}
