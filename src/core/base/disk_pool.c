#include "core/base/disk_pool.h"
#include "core/base/alloc.h"
#include "core/base/new_file.h"
#include "core/base/process.h"
#include "core/base/text.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 5 /* seconds that the process waits at exit for jobs under way */

struct ic_disk_job {
    ic_disk_job *next;
    char *path, *text; /* owned; text NULL: the job removes the path */
    size_t length;     /* bytes of the text */
    atomic_int references;
    atomic_bool ended; /* set last */
    char *failure;     /* owned; NULL: none */
    bool failed;       /* `failure` may be NULL then: out of memory */
};

/* Guarded by its lock. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t more, less; /* a job waits; a job has ended */
    ic_disk_job *first, *last; /* jobs that wait; the pool owns one reference to each */
    size_t threads, idle, waiting, under_way;
} pool = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER, .less = PTHREAD_COND_INITIALIZER};

/* ---- the files ---- */

bool ic_disk_remove(const char *path) {
    return (unlink(path) == 0 || errno == ENOENT) && ic_sync_folder(path);
}

/* ---- a job ---- */

void ic_disk_job_release(ic_disk_job *job) {
    if (!job || atomic_fetch_sub(&job->references, 1) > 1) return;
    ic_free(job->path);
    ic_free(job->text);
    ic_free(job->failure);
    ic_free(job);
}

bool ic_disk_job_ended(const ic_disk_job *job, const char **failure) {
    if (!atomic_load(&job->ended)) return false;
    *failure = !job->failed ? NULL : job->failure ? job->failure : "out of memory";
    return true;
}

static void disk_pool_perform(ic_disk_job *job) {
    char message[512] = "";
    ic_error error = {0};
    if (job->text) {
        ic_new_file *file = ic_new_file_open(job->path, &error);
        job->failed = !file || !ic_new_file_write(file, job->text, job->length, &error) ||
                      !ic_new_file_complete(file, &error);
        ic_new_file_free(file);
        if (job->failed) snprintf(message, sizeof message, "%s", ic_error_message(&error));
        ic_error_clear(&error);
    } else if (!ic_disk_remove(job->path)) {
        job->failed = true;
        snprintf(message, sizeof message, "cannot remove %s: %s", job->path, strerror(errno));
    }
    if (job->failed) job->failure = ic_strdup(message);
    atomic_store(&job->ended, true);
}

/* ---- the threads ---- */

static void *disk_pool_run(void *argument) {
    (void)argument;
    pthread_mutex_lock(&pool.lock);
    for (;;) {
        while (!pool.first) {
            pool.idle++;
            pthread_cond_wait(&pool.more, &pool.lock);
            pool.idle--;
        }
        ic_disk_job *job = pool.first;
        pool.first = job->next;
        if (!pool.first) pool.last = NULL;
        pool.waiting--;
        pool.under_way++;
        pthread_mutex_unlock(&pool.lock);
        disk_pool_perform(job);
        ic_disk_job_release(job);
        pthread_mutex_lock(&pool.lock);
        pool.under_way--;
        pthread_cond_broadcast(&pool.less);
    }
    return NULL;
}

/* Signals belong to the host. The pool's lock is held. False: there is no thread at all. */
static bool disk_pool_add_thread(void) {
    sigset_t all, before;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&thread, NULL, disk_pool_run, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started) {
        pthread_detach(thread);
        pool.threads++;
    }
    return pool.threads > 0;
}

/* Jobs that were started finish before the process ends. */
static void disk_pool_at_exit(void) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE;
    pthread_mutex_lock(&pool.lock);
    while ((pool.first || pool.under_way) && pthread_cond_timedwait(&pool.less, &pool.lock, &until) == 0) {
    }
    pthread_mutex_unlock(&pool.lock);
}

/* The child has none of the threads. The jobs that the parent started belong to the parent. */
static void disk_pool_in_child(void) {
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.more, NULL);
    pthread_cond_init(&pool.less, NULL);
    pool.first = pool.last = NULL;
    pool.threads = pool.idle = pool.waiting = pool.under_way = 0;
}

static ic_process_hooks disk_pool_hooks = {.at_exit = disk_pool_at_exit, .in_child = disk_pool_in_child};

/* Takes ownership of the job, which may be NULL: out of memory. */
static ic_disk_job *disk_pool_start(ic_disk_job *job, ic_error *error) {
    if (!job) return ic_error_memory(error), NULL;
    bool prepared = ic_process_prepare() && ic_process_add_hooks(&disk_pool_hooks);
    pthread_mutex_lock(&pool.lock);
    if (prepared && pool.waiting >= pool.idle && pool.threads < IC_DISK_THREADS_MAX)
        prepared = disk_pool_add_thread();
    if (prepared) {
        atomic_store(&job->references, 2);
        if (pool.last)
            pool.last->next = job;
        else
            pool.first = job;
        pool.last = job;
        pool.waiting++;
        pthread_cond_signal(&pool.more);
    }
    pthread_mutex_unlock(&pool.lock);
    if (prepared) return job;
    ic_error_set(error, IC_ERR_IO, "cannot start a thread");
    ic_disk_job_release(job);
    return NULL;
}

/* A job with one owner. NULL: out of memory. */
static ic_disk_job *disk_pool_new(const char *path) {
    ic_disk_job *job = ic_calloc(1, sizeof *job);
    if (!job) return NULL;
    atomic_store(&job->references, 1);
    job->path = ic_strdup(path);
    if (job->path) return job;
    ic_disk_job_release(job);
    return NULL;
}

ic_disk_job *ic_disk_pool_write(const char *path, const char *text, size_t length, ic_error *error) {
    ic_disk_job *job = disk_pool_new(path);
    char *copy = job ? ic_malloc(length + 1) : NULL;
    if (!copy) {
        ic_disk_job_release(job);
        return ic_error_memory(error), NULL;
    }
    memcpy(copy, text, length);
    job->text = copy;
    job->length = length;
    return disk_pool_start(job, error);
}

ic_disk_job *ic_disk_pool_remove(const char *path, ic_error *error) {
    return disk_pool_start(disk_pool_new(path), error);
}
