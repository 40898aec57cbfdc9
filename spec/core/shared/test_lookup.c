/* The look-up of host names on a machine that knows only those of the table below. */
#include "core/shared/lookup.h"
#include "spec/core/check.h"
#include <netdb.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

/* Instead of the C library's. The names and their addresses are given as static memory. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
    static struct sockaddr_in address = {.sin_family = AF_INET};
    static struct addrinfo known = {
        .ai_family = AF_INET, .ai_addrlen = sizeof address, .ai_addr = (struct sockaddr *)&address};
    (void)service, (void)hints;
    if (strcmp(name, "redis.example") != 0) return EAI_NONAME;
    address.sin_addr.s_addr = htonl(0xC0000207); /* 192.0.2.7 */
    *found = &known;
    return 0;
}

void freeaddrinfo(struct addrinfo *found) {
    (void)found;
}

static sem_t done;

static void wake(void) {
    sem_post(&done);
}

static void test_lookup(const char *host, const char *const *expected, size_t count) {
    char addresses[IC_ADDRESSES_LIMIT][INET6_ADDRSTRLEN], why[128] = "";
    ic_lookup *lookup = ic_lookup_start(host, wake);
    if (!CHECK(lookup)) return;
    sem_wait(&done);
    CHECK(ic_lookup_is_done(lookup));
    CHECK(ic_lookup_read(lookup, addresses, why, sizeof why) == count);
    for (size_t i = 0; i < count; i++)
        CHECK(strcmp(addresses[i], expected[i]) == 0);
    CHECK((*why != '\0') == (count == 0));
    ic_lookup_free(lookup);
}

int main(void) {
    sem_init(&done, 0, 0);
    test_lookup("redis.example", (const char *const[]){"192.0.2.7"}, 1);
    test_lookup("other.example", NULL, 0);
    test_lookup("localhost", (const char *const[]){"127.0.0.1", "::1"}, 2);
    test_lookup("LocalHost", (const char *const[]){"127.0.0.1", "::1"}, 2);
    test_lookup("localhost.example", NULL, 0);
    sem_destroy(&done);
    return check_done("lookup");
}
