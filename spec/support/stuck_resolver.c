/* For LD_PRELOAD: name servers of other kinds. For a name that ends in ".stuck.test", getaddrinfo takes a
 * minute, whatever signal arrives, and then fails. One that ends in ".moved.test" has the address 127.0.0.254
 * once, and then 127.0.0.1. Every other name goes to the real getaddrinfo. */
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#define STUCK_SECONDS 60

typedef int resolver(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static int ends_in(const char *node, const char *ending) {
    size_t length = node ? strlen(node) : 0, least = strlen(ending);
    return length >= least && !strcmp(node + length - least, ending);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **result) {
    static atomic_int moved;
    if (ends_in(node, ".moved.test")) node = atomic_exchange(&moved, 1) ? "127.0.0.1" : "127.0.0.254";
    if (!ends_in(node, ".stuck.test")) {
        resolver *real;
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
        return real ? real(node, service, hints, result) : EAI_FAIL;
    }
    struct timespec left = {.tv_sec = STUCK_SECONDS};
    while (nanosleep(&left, &left) && errno == EINTR)
        ;
    return EAI_AGAIN;
}
