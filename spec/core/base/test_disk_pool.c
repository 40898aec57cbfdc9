/* The disk pool: files are written and removed by its threads, failures are told, in a forked child too, and
 * at every allocation that fails. */
#include "core/base/alloc.h"
#include "core/base/disk_pool.h"
#include "spec/core/check.h"
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS 100

static char folder[] = "/tmp/test_disk_pool.XXXXXX";

static const char *path_of(const char *name) {
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* Waits for the end -> whether it was done. Releases the job. */
static bool finish(ic_disk_job *job, char *message, size_t size) {
    const char *failure = NULL;
    while (!ic_disk_job_ended(job, &failure))
        sched_yield();
    snprintf(message, size, "%s", failure ? failure : "");
    ic_disk_job_release(job);
    return *message == '\0';
}

/* A job has ended before the pool releases its share of it. Waits until it has released all; only the pool's
 * jobs allocate here. */
static void await_rest(void) {
    while (ic_alloc_live() > 0)
        sched_yield();
}

static bool is_file(const char *name, const char *text) {
    char found[64] = "";
    FILE *file = fopen(path_of(name), "r");
    if (!file) return false;
    size_t length = fread(found, 1, sizeof found - 1, file);
    fclose(file);
    return length == strlen(text) && memcmp(found, text, length) == 0;
}

static void test_files(void) {
    char message[512];
    ic_error error = {0};
    CHECK(finish(ic_disk_pool_write(path_of("a"), "one", 3, &error), message, sizeof message));
    CHECK(is_file("a", "one"));
    CHECK(finish(ic_disk_pool_write(path_of("a"), "", 0, &error), message, sizeof message));
    CHECK(is_file("a", ""));
    for (int i = 0; i < 2; i++) /* it may be gone already */
        CHECK(finish(ic_disk_pool_remove(path_of("a"), &error), message, sizeof message));
    CHECK(access(path_of("a"), F_OK) != 0);
    CHECK(error.kind == IC_OK);
}

static void test_failures(void) {
    char message[512];
    ic_error error = {0};
    CHECK(!finish(ic_disk_pool_write(path_of("none/a"), "x", 1, &error), message, sizeof message));
    CHECK(strstr(message, "No such file or directory") != NULL);
    CHECK(
        !finish(ic_disk_pool_remove(folder, &error), message, sizeof message)); /* a folder is not removed */
    CHECK(strstr(message, "cannot remove /tmp/test_disk_pool.") != NULL);
    CHECK(error.kind == IC_OK);
}

/* More than there are threads, at once; some are not waited for. */
static void test_many(void) {
    ic_disk_job *jobs[JOBS];
    char name[16], message[512];
    ic_error error = {0};
    for (int i = 0; i < JOBS; i++) {
        snprintf(name, sizeof name, "%d", i);
        jobs[i] = ic_disk_pool_write(path_of(name), name, strlen(name), &error);
        if (i % 10 == 9) ic_disk_job_release(jobs[i]);
    }
    for (int i = 0; i < JOBS; i++) {
        snprintf(name, sizeof name, "%d", i);
        if (i % 10 == 9) continue;
        CHECK(finish(jobs[i], message, sizeof message));
        CHECK(is_file(name, name));
        CHECK(finish(ic_disk_pool_remove(path_of(name), &error), message, sizeof message));
    }
    for (int i = 9; i < JOBS; i += 10) {
        snprintf(name, sizeof name, "%d", i);
        while (!is_file(name, name))
            sched_yield();
        unlink(path_of(name));
    }
}

/* ThreadSanitizer allows no new threads in a child of a process that has threads. */
static void test_fork(void) {
#if defined(__SANITIZE_THREAD__)
    return;
#endif
    pid_t child = fork();
    if (child == 0) {
        char message[512];
        ic_error error = {0};
        bool done = finish(ic_disk_pool_write(path_of("child"), "x", 1, &error), message, sizeof message);
        _exit(done ? 0 : 1);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(is_file("child", "x"));
    unlink(path_of("child"));
}

static void test_memory(void) {
    bool done = false;
    await_rest();
    for (long nth = 1; nth < 50 && !done; nth++) {
        char message[512] = "not started";
        ic_error error = {0};
        ic_alloc_fail_only(nth);
        ic_disk_job *job = ic_disk_pool_write(path_of("a"), "one", 3, &error);
        if (job) done = finish(job, message, sizeof message);
        ic_alloc_fail_only(0);
        CHECK(done || error.kind == IC_ERR_MEMORY || strstr(message, "memory"));
        CHECK(access(path_of("a"), F_OK) != 0 || done);
        ic_error_clear(&error);
        await_rest();
    }
    CHECK(done);
    unlink(path_of("a"));
}

int main(void) {
    if (!mkdtemp(folder)) return 1;
    alarm(300); /* seconds: a job that never ends fails the test */
    test_files();
    test_failures();
    test_many();
    test_fork();
    test_memory();
    CHECK(rmdir(folder) == 0);
    return check_done("disk_pool");
}
