#include "spec/support/acceptor.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static void *acceptor_run(void *argument) {
    ic_acceptor *acceptor = argument;
    struct pollfd fds[] = {{.fd = acceptor->stopping, .events = POLLIN},
                           {.fd = acceptor->listener, .events = POLLIN}};
    for (;;) {
        if ((poll(fds, 2, -1) < 0 && errno != EINTR) || fds[0].revents) return NULL;
        int socket = accept4(acceptor->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket < 0) continue;
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        acceptor->accepted(acceptor->owner, socket);
    }
}

static bool acceptor_listen(ic_acceptor *acceptor) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    acceptor->stopping = eventfd(0, EFD_CLOEXEC);
    acceptor->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (acceptor->stopping < 0 || acceptor->listener < 0 ||
        bind(acceptor->listener, (struct sockaddr *)&address, size) || listen(acceptor->listener, 128) ||
        getsockname(acceptor->listener, (struct sockaddr *)&address, &size))
        return false;
    acceptor->port = ntohs(address.sin_port);
    return true;
}

const char *ic_acceptor_start(ic_acceptor *acceptor, void (*accepted)(void *owner, int socket), void *owner) {
    acceptor->accepted = accepted;
    acceptor->owner = owner;
    if (!acceptor_listen(acceptor)) return strerror(errno);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&acceptor->thread, NULL, acceptor_run, acceptor);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    acceptor->running = !failure;
    return failure ? strerror(failure) : NULL;
}

void ic_acceptor_stop(ic_acceptor *acceptor) {
    if (eventfd_write(acceptor->stopping, 1)) abort();
    pthread_join(acceptor->thread, NULL);
    acceptor->running = false;
}

void ic_acceptor_close(ic_acceptor *acceptor) {
    if (acceptor->listener >= 0) close(acceptor->listener);
    if (acceptor->stopping >= 0) close(acceptor->stopping);
    acceptor->listener = acceptor->stopping = -1;
}
