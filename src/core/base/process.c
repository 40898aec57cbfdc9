#include "core/base/process.h"
#include "core/base/alloc.h"
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t process_gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t process_once = PTHREAD_ONCE_INIT;
static atomic_uint process_generation;
static bool process_prepared;

/* Guarded by the gate. */
static ic_process_hooks *process_all_hooks;

static bool process_exiting;

/* For each descriptor number, the file that it referred to when it was adopted. Guarded by the gate. libcurl
 * closes some of its sockets without calling back, and the host program may have reused the number since. */
static struct adoption {
    bool ours;
    dev_t device;
    ino_t node;
} * process_adopted;

static size_t process_adopted_size;

void ic_gate_lock(void) {
    pthread_mutex_lock(&process_gate);
}

void ic_gate_unlock(void) {
    pthread_mutex_unlock(&process_gate);
}

static void process_at_exit(void) {
    ic_gate_lock();
    process_exiting = true;
    ic_process_hooks *first = process_all_hooks;
    ic_gate_unlock();
    for (ic_process_hooks *hooks = first; hooks; hooks = hooks->next)
        hooks->at_exit();
}

static bool process_still_ours(int descriptor) {
    const struct adoption *adoption = &process_adopted[descriptor];
    struct stat about;
    return adoption->ours && fstat(descriptor, &about) == 0 && about.st_dev == adoption->device &&
           about.st_ino == adoption->node;
}

/* The child closes the descriptors that it inherited. The parent's thread locked the gate before the fork;
 * the child initialises it again instead of unlocking it. */
static void process_in_child(void) {
    pthread_mutex_init(&process_gate, NULL);
    process_exiting = false;
    atomic_fetch_add(&process_generation, 1);
    for (ic_process_hooks *hooks = process_all_hooks; hooks; hooks = hooks->next)
        hooks->in_child();
    for (size_t i = 0; i < process_adopted_size; i++) {
        if (process_still_ours((int)i)) close((int)i);
        process_adopted[i].ours = false;
    }
}

/* atexit is called after curl_global_init, because exit handlers run in reverse order: the engine's thread
 * must have ended before OpenSSL's handler frees its tables. */
static void process_prepare(void) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return;
    process_prepared =
        atexit(process_at_exit) == 0 && pthread_atfork(ic_gate_lock, ic_gate_unlock, process_in_child) == 0;
}

bool ic_process_prepare(void) {
    pthread_once(&process_once, process_prepare);
    return process_prepared;
}

unsigned ic_process_generation(void) {
    return atomic_load(&process_generation);
}

static bool process_grow_adopted(size_t size) {
    if (size <= process_adopted_size) return true;
    struct adoption *grown = ic_realloc(process_adopted, size * 2 * sizeof *grown);
    if (!grown) return false;
    memset(grown + process_adopted_size, 0, (size * 2 - process_adopted_size) * sizeof *grown);
    process_adopted = grown;
    process_adopted_size = size * 2;
    return true;
}

bool ic_process_adopt(int descriptor) {
    struct stat about;
    if (fstat(descriptor, &about) != 0) return false;
    ic_gate_lock();
    bool room = process_grow_adopted((size_t)descriptor + 1);
    if (room) process_adopted[descriptor] = (struct adoption){true, about.st_dev, about.st_ino};
    ic_gate_unlock();
    return room;
}

void ic_process_disown(int descriptor) {
    ic_gate_lock();
    if ((size_t)descriptor < process_adopted_size) process_adopted[descriptor].ours = false;
    ic_gate_unlock();
}

bool ic_process_add_hooks(ic_process_hooks *hooks) {
    ic_gate_lock();
    if (!hooks->added) {
        hooks->added = true;
        hooks->next = process_all_hooks;
        process_all_hooks = hooks;
    }
    bool in_time = !process_exiting;
    ic_gate_unlock();
    return in_time;
}
