/* What is known of kept connections: their end, and that the machine was suspended. */
#include "core/base/platform.h"
#include "core/engine/kept_sockets.h"
#include "spec/core/check.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define NOW(seconds, asleep) ((ic_kept_use){.now = (seconds), .suspended = (asleep), .changes = true})

typedef struct pair {
    int ours, theirs, our_port, their_port;
} pair;

static int port_of(int socket) {
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;
    getsockname(socket, (struct sockaddr *)&address, &size);
    return ntohs(address.sin_port);
}

/* A TCP connection, which the caller closes. */
static bool pair_open(pair *made) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    made->ours = socket(AF_INET, SOCK_STREAM, 0);
    bool good = bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 1) == 0 &&
                getsockname(listener, (struct sockaddr *)&address, &size) == 0 &&
                connect(made->ours, (struct sockaddr *)&address, size) == 0;
    made->theirs = good ? accept(listener, NULL, NULL) : -1;
    made->our_port = port_of(made->ours);
    made->their_port = ntohs(address.sin_port);
    close(listener);
    return CHECK(made->theirs >= 0);
}

static void test_end(void) {
    ic_kept_sockets kept = {0};
    pair a;
    if (!pair_open(&a)) return;
    CHECK(!ic_kept_sockets_is_closed(&kept, a.our_port, a.their_port, NOW(1, 0)));
    ic_kept_sockets_note(&kept, a.our_port, a.their_port, a.ours, NOW(1, 0));
    CHECK(!ic_kept_sockets_is_closed(&kept, a.our_port, a.their_port, NOW(2, 0)));
    close(a.theirs);
    poll(&(struct pollfd){.fd = a.ours, .events = POLLIN}, 1, -1);
    CHECK(!ic_kept_sockets_is_closed(&kept, a.our_port, a.their_port, (ic_kept_use){.now = 2.005}));
    CHECK(ic_kept_sockets_is_closed(&kept, a.our_port, a.their_port, NOW(2.005, 0)));
    CHECK(ic_kept_sockets_is_closed(&kept, a.our_port, a.their_port, NOW(3, 0)));
    CHECK(!ic_kept_sockets_is_closed(&kept, a.our_port + 1, a.their_port, NOW(3, 0)));
    close(a.ours);
    ic_kept_sockets_free(&kept);
}

/* What the server sent meanwhile has not come, so the socket looks good. */
static void test_suspended(void) {
    ic_kept_sockets kept = {0};
    pair a, b;
    if (!pair_open(&a) || !pair_open(&b)) return;
    ic_kept_sockets_note(&kept, a.our_port, a.their_port, a.ours, NOW(1, 500));
    CHECK(!ic_kept_sockets_is_closed(&kept, a.our_port, a.their_port, NOW(2, 500.5)));
    ic_kept_use use = {.now = 2.001, .suspended = 4100}; /* the clock of the engine stood still */
    CHECK(ic_kept_sockets_is_closed(&kept, a.our_port, a.their_port, use));
    CHECK(!ic_is_closed_by_peer(a.theirs)); /* others may use it */
    use.alone = true;
    CHECK(ic_kept_sockets_is_closed(&kept, a.our_port, a.their_port, use));
    CHECK(poll(&(struct pollfd){.fd = a.theirs, .events = POLLIN}, 1, -1) == 1);
    CHECK(ic_is_closed_by_peer(a.theirs) && ic_is_closed_by_peer(a.ours));
    ic_kept_sockets_note(&kept, b.our_port, b.their_port, b.ours, NOW(3, 4100));
    CHECK(!ic_kept_sockets_is_closed(&kept, b.our_port, b.their_port, NOW(4, 4100)));
    int all[] = {a.ours, a.theirs, b.ours, b.theirs};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        close(all[i]);
    ic_kept_sockets_free(&kept);
}

int main(void) {
    test_end();
    test_suspended();
    return check_done("kept_sockets");
}
