/* alloc, buf and error. */
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/error.h"
#include "spec/core/check.h"
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

static void test_counting(void) {
    long before = ic_alloc_live();
    char *a = ic_malloc(0), *b = ic_calloc(3, 4), *c = ic_realloc(NULL, 0), *d = ic_strdup("nda");
    CHECK(a && b && c && d);
    CHECK(ic_alloc_live() == before + 4);
    CHECK(memcmp(b, "\0\0\0\0\0\0\0\0\0\0\0", 12) == 0);
    c = ic_realloc(c, 100);
    CHECK(c && ic_alloc_live() == before + 4);
    c = ic_realloc(c, 0);
    CHECK(c && ic_alloc_live() == before + 4);
    CHECK_TEXT(d, "nda");
    ic_free(a);
    ic_free(b);
    ic_free(c);
    ic_free_secret(d);
    ic_free(NULL);
    ic_free_secret(NULL);
    CHECK(ic_alloc_live() == before);
    volatile size_t half = SIZE_MAX / 2;
    CHECK(ic_calloc(half, 3) == NULL); /* the product does not fit */
    CHECK(ic_alloc_live() == before);
}

static void test_strings(void) {
    CHECK(ic_strdup(NULL) == NULL);
    CHECK(ic_strndup(NULL, 3) == NULL);
    char *cut = ic_strndup("contract", 3), *whole = ic_strndup("id", 99), *none = ic_strndup("x", 0);
    CHECK_TEXT(cut, "con");
    CHECK_TEXT(whole, "id");
    CHECK_TEXT(none, "");
    ic_free(cut);
    ic_free(whole);
    ic_free(none);
}

static void test_failing(void) {
    long before = ic_alloc_live();
    ic_alloc_fail_at(3);
    char *a = ic_malloc(1), *b = ic_calloc(1, 1), *c = ic_malloc(1), *d = ic_strdup("x");
    CHECK(a && b && !c && !d);
    CHECK(ic_realloc(a, 1000) == NULL); /* `a` is unchanged */
    CHECK(ic_alloc_live() == before + 2);
    ic_alloc_fail_at(0);
    a = ic_realloc(a, 1000);
    c = ic_malloc(1);
    CHECK(a && c);
    ic_free(a);
    ic_free(b);
    ic_free(c);
    CHECK(ic_alloc_live() == before);
}

enum { THREADS = 4, ROUNDS = 2000 };

static void *allocate_and_free(void *successes) {
    for (int i = 0; i < ROUNDS; i++) {
        void *block = ic_malloc(8);
        if (block) ++*(long *)successes;
        ic_free(block);
    }
    return NULL;
}

static void test_threads(void) {
    long before = ic_alloc_live(), successes[THREADS] = {0}, sum = 0;
    pthread_t threads[THREADS];
    ic_alloc_fail_at(ROUNDS + 1);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, allocate_and_free, &successes[i]) != 0) abort();
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        sum += successes[i];
    }
    ic_alloc_fail_at(0);
    CHECK(sum == ROUNDS); /* exactly that many before the first one that fails */
    CHECK(ic_alloc_live() == before);
}

static void test_buffer(void) {
    long before = ic_alloc_live();
    ic_buf buf = {0};
    CHECK_TEXT(ic_buf_text(&buf), "");
    ic_buf_puts(&buf, "GET ");
    ic_buf_putc(&buf, '/');
    ic_buf_add(&buf, "a\0b", 3);
    ic_buf_add(&buf, NULL, 0);
    ic_buf_printf(&buf, "%s=%d", "page", 7);
    CHECK(buf.length == 14 && memcmp(buf.data, "GET /a\0bpage=7", 15) == 0);
    CHECK(ic_buf_text(&buf) == buf.data);

    for (int i = 0; i < 1000; i++)
        ic_buf_printf(&buf, "%04d", i);
    CHECK(buf.length == 14 + 4000 && buf.capacity > buf.length);
    CHECK(memcmp(buf.data + 14, "00000001", 8) == 0 && strcmp(buf.data + buf.length - 8, "09980999") == 0);

    ic_buf_trim(&buf);
    CHECK(buf.length == 4014 && buf.capacity == 4015 && strcmp(buf.data + buf.length - 4, "0999") == 0);
    ic_buf_putc(&buf, '.'); /* it grows again */
    CHECK(buf.length == 4015 && strcmp(buf.data + buf.length - 5, "0999.") == 0);

    size_t length = 0;
    char *taken = ic_buf_take(&buf, &length);
    CHECK(taken && length == 4015 && taken[length] == '\0');
    CHECK(!buf.data && !buf.length && !buf.capacity && !buf.failed);
    ic_free(taken);

    taken = ic_buf_take(&buf, NULL); /* of an empty one */
    CHECK_TEXT(taken, "");
    ic_free(taken);
    ic_buf_free(&buf);
    ic_buf_free(&buf);
    ic_buf_trim(&buf);
    CHECK(!buf.data && !buf.capacity);
    CHECK(ic_alloc_live() == before);
}

/* Strings of every length around the sizes that a buffer grows to. */
static void test_buffer_sizes(void) {
    char text[300];
    memset(text, 'x', sizeof text);
    for (size_t length = 0; length < sizeof text; length++) {
        ic_buf one = {0}, two = {0};
        ic_buf_add(&one, text, length);
        ic_buf_printf(&two, "%.*s", (int)length, text);
        CHECK(one.length == length && two.length == length);
        CHECK(strlen(ic_buf_text(&one)) == length && strlen(ic_buf_text(&two)) == length);
        ic_buf_free(&one);
        ic_buf_free(&two);
    }
}

static void test_buffer_failing(void) {
    long before = ic_alloc_live();
    long survived = 0;
    for (bool failed = true; failed; survived++) {
        ic_buf buf = {0};
        ic_alloc_fail_at(survived + 1);
        for (int i = 0; i < 200; i++)
            ic_buf_printf(&buf, "%d;", i);
        ic_alloc_fail_at(0);
        failed = buf.failed;
        size_t held = buf.length;
        ic_buf_puts(&buf, "x"); /* does nothing, although there is memory again */
        CHECK(buf.failed == failed);
        CHECK(buf.length == held + !failed);
        CHECK((ic_buf_text(&buf) == NULL) == failed);
        size_t length = 99;
        char *taken = ic_buf_take(&buf, &length);
        CHECK(failed ? !taken && length == 0 : taken && length == held + 1);
        CHECK(!buf.failed && !buf.data); /* as new */
        ic_free(taken);
        CHECK(ic_alloc_live() == before);
    }
    CHECK(survived > 3);

    ic_buf huge = {0};
    ic_buf_puts(&huge, "x");
    ic_buf_add(&huge, "", SIZE_MAX - 2); /* no such size: refused before a byte is read */
    CHECK(huge.failed && huge.length == 1);
    ic_buf_free(&huge);
}

static void test_error(void) {
    long before = ic_alloc_live();
    ic_error error = {0};
    CHECK_TEXT(ic_error_message(&error), "no error");
    error.operation = "launch";
    ic_error_set(&error, IC_ERR_SERVER, "answered %d", 503);
    CHECK_TEXT(ic_error_message(&error), "answered 503");
    CHECK(error.retry_after < 0);
    error.status = 503, error.outcome = IC_OUTCOME_UNKNOWN, error.retryable = true, error.attempts = 4;
    error.retry_after = 7;
    error.code = ic_strdup("SERVER_ERROR"), error.param = ic_strdup("p"), error.request_id = ic_strdup("r-1");

    ic_error copy;
    ic_error_copy(&copy, &error);
    CHECK(copy.kind == IC_ERR_SERVER && copy.status == 503 && copy.outcome == IC_OUTCOME_UNKNOWN);
    CHECK(copy.retryable && copy.attempts == 4 && copy.retry_after == 7 && copy.operation == error.operation);
    CHECK(copy.message != error.message && copy.code != error.code);
    CHECK_TEXT(copy.message, "answered 503");
    CHECK_TEXT(copy.code, "SERVER_ERROR");
    CHECK_TEXT(copy.param, "p");
    CHECK_TEXT(copy.request_id, "r-1");

    ic_error_set(&error, IC_ERR_AUTH, "token: %s (%s)", error.message, error.code); /* of itself */
    CHECK_TEXT(error.message, "token: answered 503 (SERVER_ERROR)");
    CHECK(error.kind == IC_ERR_AUTH && error.status == 0 && error.outcome == IC_OUTCOME_NOT_DONE);
    CHECK(!error.retryable && error.attempts == 0 && error.retry_after == -1);
    CHECK(!error.code && !error.param && !error.request_id);
    CHECK_TEXT(error.operation, "launch");

    ic_error_memory(&error);
    CHECK(error.kind == IC_ERR_MEMORY && !error.message);
    CHECK_TEXT(ic_error_message(&error), "out of memory");
    CHECK_TEXT(error.operation, "launch");
    ic_error_clear(&error);
    CHECK(error.kind == IC_OK && !error.operation && error.retry_after == -1);
    ic_error_clear(&copy);
    ic_error_set(NULL, IC_ERR_IO, "nobody wants to know");
    ic_error_memory(NULL);
    CHECK(ic_alloc_live() == before);
}

static void test_error_names(void) {
    static const struct {
        ic_error_kind kind;
        const char *name;
    } cases[] = {
        {IC_ERR_AUTH, "auth"},
        {IC_ERR_INVALID_REQUEST, "invalid_request"},
        {IC_ERR_TIMEOUT, "timeout"},
        {IC_ERR_TOO_LARGE, "too_large"},
        {IC_ERR_JOB_FAILED, "job_failed"},
        {IC_ERR_MEMORY, "memory"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_TEXT(ic_error_kind_name(cases[i].kind), cases[i].name);
    for (int kind = IC_OK; kind < IC_ERROR_KIND_COUNT; kind++) {
        bool seen = kind != IC_OK && kind != IC_ERR_ARGUMENT; /* by scripts, as error.kind */
        CHECK(!!ic_error_kind_meaning((ic_error_kind)kind) == seen);
        CHECK(!!ic_error_kind_advice((ic_error_kind)kind) == seen);
    }
}

static void test_error_long(void) {
    static char text[20001];
    memset(text, 'm', sizeof text - 1);
    ic_error error = {0};
    ic_error_set(&error, IC_ERR_PROTOCOL, "<%s>", text);
    CHECK(error.message && strlen(error.message) == sizeof text + 1);
    CHECK(error.message && error.message[sizeof text] == '>');
    ic_error_clear(&error);
}

/* Only the nth allocation fails. */
static void test_failing_once(void) {
    for (int nth = 1; nth <= 3; nth++) {
        ic_alloc_fail_only(nth);
        for (int i = 1; i <= 5; i++) {
            void *block = ic_malloc(1);
            CHECK(!block == (i == nth));
            ic_free(block);
        }
        ic_alloc_fail_only(0);
    }
}

static void test_error_failing(void) {
    long before = ic_alloc_live();
    ic_error error = {0}, copy;
    ic_alloc_fail_at(1);
    ic_error_set(&error, IC_ERR_NETWORK, "gone: %s", "na1.ironcladapp.com");
    ic_alloc_fail_at(0);
    CHECK(error.kind == IC_ERR_NETWORK && !error.message);
    CHECK_TEXT(ic_error_message(&error), "network (out of memory for the details)");

    ic_error_set(&error, IC_ERR_NETWORK, "gone");
    error.code = ic_strdup("c"), error.param = ic_strdup("p"), error.request_id = ic_strdup("r");
    for (long nth = 1; nth <= 5; nth++) {
        ic_alloc_fail_at(nth);
        ic_error_copy(&copy, &error);
        ic_alloc_fail_at(0);
        CHECK(copy.kind == IC_ERR_NETWORK);
        CHECK(!copy.message == (nth <= 1) && !copy.code == (nth <= 2));
        CHECK(!copy.param == (nth <= 3) && !copy.request_id == (nth <= 4));
        ic_error_clear(&copy);
    }
    ic_error_clear(&error);
    CHECK(ic_alloc_live() == before);
}

int main(void) {
    test_counting();
    test_strings();
    test_failing();
    test_failing_once();
    test_threads();
    test_buffer();
    test_buffer_sizes();
    test_buffer_failing();
    test_error();
    test_error_names();
    test_error_long();
    test_error_failing();
    return check_done("alloc");
}
