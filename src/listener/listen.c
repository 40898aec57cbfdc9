#include "listener/listen.h"
#include "core/base/platform.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 128

static int listen_open(const struct addrinfo *address) {
    int fd = ic_open_socket(address->ai_family, SOCK_STREAM, 0, true), on = 1;
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

static int listen_port(int fd) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    char port[16];
    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0 ||
        getnameinfo((struct sockaddr *)&address, length, NULL, 0, port, sizeof port, NI_NUMERICSERV) != 0)
        return -1;
    int number = -1;
    sscanf(port, "%d", &number);
    return number;
}

int ic_listen(const char *host, int *port, char *error, size_t size) {
    char service[16];
    snprintf(service, sizeof service, "%d", *port);
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found;
    int fault = getaddrinfo(host, service, &wanted, &found);
    if (fault) {
        errno = 0;
        snprintf(error, size, "cannot listen at '%s': %s", host, gai_strerror(fault));
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *at = found; at && fd < 0; at = at->ai_next)
        fd = listen_open(at);
    int reason = errno;
    if (fd < 0) snprintf(error, size, "cannot listen at %s, port %d: %s", host, *port, strerror(reason));
    freeaddrinfo(found);
    errno = reason;
    if (fd >= 0) *port = listen_port(fd);
    return fd;
}

bool ic_address_is_local(const struct sockaddr *address) {
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const void *)address;
        return ntohl(four->sin_addr.s_addr) >> 24 == 127;
    }
    if (address->sa_family != AF_INET6) return false;
    const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(six) || (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == 127);
}

bool ic_listens_locally(int socket) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    return getsockname(socket, (struct sockaddr *)&address, &length) == 0 &&
           ic_address_is_local((const struct sockaddr *)&address);
}
