/* For LD_PRELOAD: a name server that never answers. For a name that ends in ".stuck.test", getaddrinfo takes
 * a minute, whatever signal arrives, and then fails. Every other name goes to the real getaddrinfo. */
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <time.h>

#define STUCK_SECONDS 60

typedef int resolver(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static int is_stuck(const char *node) {
    static const char ending[] = ".stuck.test";
    size_t length = node ? strlen(node) : 0;
    return length >= sizeof ending - 1 && !strcmp(node + length - (sizeof ending - 1), ending);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **result) {
    if (!is_stuck(node)) {
        resolver *real;
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
        return real ? real(node, service, hints, result) : EAI_FAIL;
    }
    struct timespec left = {.tv_sec = STUCK_SECONDS};
    while (nanosleep(&left, &left) && errno == EINTR)
        ;
    return EAI_AGAIN;
}
