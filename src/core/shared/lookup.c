/* The look-up of a host name. The struct has two owners, its thread and its starter; the last of them frees
 * it. */
#include "core/shared/lookup.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

struct ic_lookup {
    atomic_int owners;
    atomic_bool done; /* set last: then the results may be read */
    void (*wake)(void);
    char *host; /* owned */
    char addresses[IC_ADDRESSES_LIMIT][INET6_ADDRSTRLEN];
    size_t count;
    const char *why; /* static */
};

bool ic_host_is_address(const char *host) {
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

void ic_lookup_free(ic_lookup *lookup) {
    if (!lookup || atomic_fetch_sub(&lookup->owners, 1) > 1) return;
    ic_free(lookup->host);
    ic_free(lookup);
}

static void lookup_keep(ic_lookup *lookup, const struct addrinfo *found) {
    for (; found && lookup->count < IC_ADDRESSES_LIMIT; found = found->ai_next)
        if (getnameinfo(found->ai_addr, found->ai_addrlen, lookup->addresses[lookup->count], INET6_ADDRSTRLEN,
                        NULL, 0, NI_NUMERICHOST) == 0)
            lookup->count++;
}

/* A machine need not know the name, but everywhere it means the machine itself (RFC 6761, 6.3). */
static bool lookup_keep_localhost(ic_lookup *lookup) {
    if (!ic_text_same(lookup->host, "localhost")) return false;
    strcpy(lookup->addresses[lookup->count++], "127.0.0.1");
    strcpy(lookup->addresses[lookup->count++], "::1");
    return true;
}

static void *lookup_run(void *argument) {
    ic_lookup *lookup = argument;
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
    int failed = getaddrinfo(lookup->host, NULL, &hints, &found);
    if (!failed)
        lookup_keep(lookup, found);
    else if (!lookup_keep_localhost(lookup))
        lookup->why = gai_strerror(failed);
    if (found) freeaddrinfo(found);
    atomic_store_explicit(&lookup->done, true, memory_order_release);
    lookup->wake();
    ic_lookup_free(lookup);
    return NULL;
}

/* Signals belong to the host: the thread blocks all of them. */
static bool lookup_start_thread(ic_lookup *lookup) {
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&thread, NULL, lookup_run, lookup) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started) pthread_detach(thread);
    return started;
}

ic_lookup *ic_lookup_start(const char *host, void (*wake)(void)) {
    ic_lookup *lookup = ic_calloc(1, sizeof *lookup);
    if (!lookup) return NULL;
    atomic_init(&lookup->owners, 2);
    atomic_init(&lookup->done, false);
    lookup->wake = wake;
    lookup->host = ic_strdup(host);
    if (lookup->host && lookup_start_thread(lookup)) return lookup;
    ic_free(lookup->host);
    ic_free(lookup);
    return NULL;
}

bool ic_lookup_is_done(const ic_lookup *lookup) {
    return atomic_load_explicit(&lookup->done, memory_order_acquire);
}

size_t ic_lookup_read(const ic_lookup *lookup, char addresses[IC_ADDRESSES_LIMIT][INET6_ADDRSTRLEN],
                      char *why, size_t size) {
    memcpy(addresses, lookup->addresses, sizeof lookup->addresses);
    if (!lookup->count) snprintf(why, size, "%s", lookup->why ? lookup->why : "the name has no address");
    return lookup->count;
}
