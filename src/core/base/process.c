#include "core/base/process.h"
#include "core/base/alloc.h"
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t process_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t process_once = PTHREAD_ONCE_INIT;
static atomic_uint process_generation;
static bool process_prepared;

/* Guarded by the process lock. */
static ic_process_hooks *process_all_hooks;

static bool process_exiting;

/* For each descriptor number, the file that it referred to when it was registered. Guarded by the process
 * lock. libcurl closes some of its sockets without calling back, and the host program may have reused the
 * number since. */
static struct registration {
    bool ours;
    dev_t device;
    ino_t node;
} * process_registered;

static size_t process_registered_size;

void ic_process_lock(void) {
    pthread_mutex_lock(&process_mutex);
}

void ic_process_unlock(void) {
    pthread_mutex_unlock(&process_mutex);
}

static void process_at_exit(void) {
    ic_process_lock();
    process_exiting = true;
    ic_process_hooks *first = process_all_hooks;
    ic_process_unlock();
    for (ic_process_hooks *hooks = first; hooks; hooks = hooks->next)
        hooks->at_exit();
}

static bool process_still_ours(int descriptor) {
    const struct registration *registration = &process_registered[descriptor];
    struct stat about;
    return registration->ours && fstat(descriptor, &about) == 0 && about.st_dev == registration->device &&
           about.st_ino == registration->node;
}

/* The child closes the descriptors that it inherited. The parent's thread locked the process lock before the
 * fork; the child initialises it again instead of unlocking it. */
static void process_in_child(void) {
    pthread_mutex_init(&process_mutex, NULL);
    process_exiting = false;
    atomic_fetch_add(&process_generation, 1);
    for (ic_process_hooks *hooks = process_all_hooks; hooks; hooks = hooks->next)
        hooks->in_child();
    for (size_t i = 0; i < process_registered_size; i++) {
        if (process_still_ours((int)i)) close((int)i);
        process_registered[i].ours = false;
    }
}

/* atexit is called after curl_global_init, because exit handlers run in reverse order: the engine's thread
 * must have ended before OpenSSL's handler frees its tables. */
static void process_prepare(void) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return;
    process_prepared = atexit(process_at_exit) == 0 &&
                       pthread_atfork(ic_process_lock, ic_process_unlock, process_in_child) == 0;
}

bool ic_process_prepare(void) {
    pthread_once(&process_once, process_prepare);
    return process_prepared;
}

unsigned ic_process_generation(void) {
    return atomic_load(&process_generation);
}

static bool process_grow_registered(size_t size) {
    if (size <= process_registered_size) return true;
    struct registration *grown = ic_realloc(process_registered, size * 2 * sizeof *grown);
    if (!grown) return false;
    memset(grown + process_registered_size, 0, (size * 2 - process_registered_size) * sizeof *grown);
    process_registered = grown;
    process_registered_size = size * 2;
    return true;
}

bool ic_process_register(int descriptor) {
    struct stat about;
    if (fstat(descriptor, &about) != 0) return false;
    ic_process_lock();
    bool grown = process_grow_registered((size_t)descriptor + 1);
    if (grown) process_registered[descriptor] = (struct registration){true, about.st_dev, about.st_ino};
    ic_process_unlock();
    return grown;
}

void ic_process_unregister(int descriptor) {
    ic_process_lock();
    if ((size_t)descriptor < process_registered_size) process_registered[descriptor].ours = false;
    ic_process_unlock();
}

bool ic_process_add_hooks(ic_process_hooks *hooks) {
    ic_process_lock();
    if (!hooks->added) {
        hooks->added = true;
        hooks->next = process_all_hooks;
        process_all_hooks = hooks;
    }
    bool in_time = !process_exiting;
    ic_process_unlock();
    return in_time;
}
