#include "sandbox/http/delays.h"
#include "core/base/alloc.h"
#include "core/base/platform.h"
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#define NANOSECONDS 1000000000L

typedef struct delay {
    struct timespec end; /* by the monotonic clock */
    struct MHD_Connection *connection;
} delay;

struct ic_delays {
    pthread_mutex_t lock; /* protects the members below */
    pthread_cond_t changed;
    pthread_t thread; /* resumes connections when they are due; started with the first delay */
    bool started, stopping;
    delay *items;
    size_t count, capacity;
};

ic_delays *ic_delays_new(void) {
    ic_delays *delays = ic_calloc(1, sizeof *delays);
    if (!delays) return NULL;
    ic_condition_init(&delays->changed);
    pthread_mutex_init(&delays->lock, NULL);
    return delays;
}

static bool delay_is_before(const struct timespec *a, const struct timespec *b) {
    return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/* Resumes the connections that are due. Returns when the next one is; NULL: none is left. */
static const struct timespec *delay_resume_due(ic_delays *delays) {
    struct timespec now;
    const struct timespec *next = NULL;
    size_t left = 0;
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (size_t i = 0; i < delays->count; i++) {
        if (delays->stopping || !delay_is_before(&now, &delays->items[i].end))
            MHD_resume_connection(delays->items[i].connection);
        else
            delays->items[left++] = delays->items[i];
    }
    delays->count = left;
    for (size_t i = 0; i < left; i++)
        if (!next || delay_is_before(&delays->items[i].end, next)) next = &delays->items[i].end;
    return next;
}

static void *delay_run(void *context) {
    ic_delays *delays = context;
    pthread_mutex_lock(&delays->lock);
    while (!delays->stopping) {
        const struct timespec *next = delay_resume_due(delays);
        if (next) {
            struct timespec end = *next; /* the array may move meanwhile */
            ic_condition_wait(&delays->changed, &delays->lock, &end);
        } else {
            pthread_cond_wait(&delays->changed, &delays->lock);
        }
    }
    delay_resume_due(delays);
    pthread_mutex_unlock(&delays->lock);
    return NULL;
}

/* Signals are for the program's own threads. */
static bool delay_start(ic_delays *delays) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    delays->started = delays->started || pthread_create(&delays->thread, NULL, delay_run, delays) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return delays->started;
}

static bool delay_grow(ic_delays *delays) {
    if (delays->count < delays->capacity) return true;
    size_t capacity = delays->capacity ? delays->capacity * 2 : 16;
    delay *items = ic_realloc(delays->items, capacity * sizeof *items);
    if (!items) return false;
    delays->items = items;
    delays->capacity = capacity;
    return true;
}

static struct timespec delay_time_after(double seconds) {
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += (time_t)seconds;
    end.tv_nsec += (long)((seconds - (double)(time_t)seconds) * NANOSECONDS);
    if (end.tv_nsec >= NANOSECONDS) {
        end.tv_sec++;
        end.tv_nsec -= NANOSECONDS;
    }
    return end;
}

bool ic_delays_add(ic_delays *delays, struct MHD_Connection *connection, double seconds) {
    pthread_mutex_lock(&delays->lock);
    bool added = !delays->stopping && delay_grow(delays) && delay_start(delays);
    if (added) {
        MHD_suspend_connection(connection);
        delays->items[delays->count++] = (delay){.end = delay_time_after(seconds), .connection = connection};
        pthread_cond_signal(&delays->changed);
    }
    pthread_mutex_unlock(&delays->lock);
    return added;
}

void ic_delays_stop(ic_delays *delays) {
    pthread_mutex_lock(&delays->lock);
    delays->stopping = true;
    pthread_cond_signal(&delays->changed);
    pthread_mutex_unlock(&delays->lock);
    if (delays->started) pthread_join(delays->thread, NULL);
    delays->started = false;
}

void ic_delays_free(ic_delays *delays) {
    if (!delays) return;
    pthread_cond_destroy(&delays->changed);
    pthread_mutex_destroy(&delays->lock);
    ic_free(delays->items);
    ic_free(delays);
}
