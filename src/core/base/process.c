#include "core/base/process.h"
#include "core/base/alloc.h"
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_uint generation;
static bool prepared;

/* Guarded by the gate. */
static ic_process_hooks *all_hooks;
static bool exiting;

/* What stood behind each descriptor number when it was adopted; under the gate. libcurl closes some of its
 * sockets without saying so, and the number may be the host's own file by now. */
static struct adoption {
    bool ours;
    dev_t device;
    ino_t node;
} * adopted;
static size_t adopted_size;

static void prepare(void);

bool ic_process_prepare(void) {
    pthread_once(&once, prepare);
    return prepared;
}

unsigned ic_process_generation(void) {
    return atomic_load(&generation);
}

void ic_gate_lock(void) {
    pthread_mutex_lock(&gate);
}

void ic_gate_unlock(void) {
    pthread_mutex_unlock(&gate);
}

static bool grow_adopted(size_t size) {
    if (size <= adopted_size) return true;
    struct adoption *grown = ic_realloc(adopted, size * 2 * sizeof *grown);
    if (!grown) return false;
    memset(grown + adopted_size, 0, (size * 2 - adopted_size) * sizeof *grown);
    adopted = grown;
    adopted_size = size * 2;
    return true;
}

bool ic_process_adopt(int descriptor) {
    struct stat about;
    if (fstat(descriptor, &about) != 0) return false;
    ic_gate_lock();
    bool room = grow_adopted((size_t)descriptor + 1);
    if (room) adopted[descriptor] = (struct adoption){true, about.st_dev, about.st_ino};
    ic_gate_unlock();
    return room;
}

void ic_process_disown(int descriptor) {
    ic_gate_lock();
    if ((size_t)descriptor < adopted_size) adopted[descriptor].ours = false;
    ic_gate_unlock();
}

static bool is_still_ours(int descriptor) {
    const struct adoption *adoption = &adopted[descriptor];
    struct stat about;
    return adoption->ours && fstat(descriptor, &about) == 0 && about.st_dev == adoption->device &&
           about.st_ino == adoption->node;
}

bool ic_process_add_hooks(ic_process_hooks *hooks) {
    ic_gate_lock();
    if (!hooks->added) {
        hooks->added = true;
        hooks->next = all_hooks;
        all_hooks = hooks;
    }
    bool in_time = !exiting;
    ic_gate_unlock();
    return in_time;
}

static void at_exit(void) {
    ic_gate_lock();
    exiting = true;
    ic_process_hooks *first = all_hooks;
    ic_gate_unlock();
    for (ic_process_hooks *hooks = first; hooks; hooks = hooks->next)
        hooks->at_exit();
}

/* The child closes the descriptors that it inherited. The gate was taken before the fork; the child makes it
 * new instead of unlocking it. */
static void in_child(void) {
    pthread_mutex_init(&gate, NULL);
    exiting = false;
    atomic_fetch_add(&generation, 1);
    for (ic_process_hooks *hooks = all_hooks; hooks; hooks = hooks->next)
        hooks->in_child();
    for (size_t i = 0; i < adopted_size; i++) {
        if (is_still_ours((int)i)) close((int)i);
        adopted[i].ours = false;
    }
}

/* atexit after curl_global_init: exit handlers run in reverse, so the engine's thread has ended before
 * OpenSSL's own handler takes its tables away. */
static void prepare(void) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return;
    prepared = atexit(at_exit) == 0 && pthread_atfork(ic_gate_lock, ic_gate_unlock, in_child) == 0;
}
