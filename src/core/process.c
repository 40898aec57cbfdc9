#include "process.h"
#include "alloc.h"
#include "engine.h"
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_uint generation;
static bool prepared;

/* A bit for each descriptor number; grown under the gate. */
static unsigned char *adopted;
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
    unsigned char *grown = ic_realloc(adopted, size * 2);
    if (!grown) return false;
    memset(grown + adopted_size, 0, size * 2 - adopted_size);
    adopted = grown;
    adopted_size = size * 2;
    return true;
}

bool ic_process_adopt(int descriptor) {
    ic_gate_lock();
    bool room = grow_adopted((size_t)descriptor / 8 + 1);
    if (room) adopted[descriptor / 8] |= (unsigned char)(1u << (descriptor % 8));
    ic_gate_unlock();
    return room;
}

void ic_process_disown(int descriptor) {
    ic_gate_lock();
    if ((size_t)descriptor / 8 < adopted_size)
        adopted[descriptor / 8] &= (unsigned char)~(1u << (descriptor % 8));
    ic_gate_unlock();
}

/* The child has the parent's memory but not its engine: it forgets that, and closes what it inherited. The
 * gate was taken before the fork; the child makes it new instead of unlocking it. */
static void in_child(void) {
    pthread_mutex_init(&gate, NULL);
    atomic_fetch_add(&generation, 1);
    ic_engine_forget();
    for (size_t i = 0; i < adopted_size * 8; i++)
        if (adopted[i / 8] & (1u << (i % 8))) close((int)i);
    if (adopted) memset(adopted, 0, adopted_size);
}

/* atexit after curl_global_init: exit handlers run in reverse, so the engine's thread has ended before
 * OpenSSL's own handler takes its tables away. */
static void prepare(void) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return;
    prepared = atexit(ic_engine_stop) == 0 && pthread_atfork(ic_gate_lock, ic_gate_unlock, in_child) == 0;
}
