/* Listening sockets, and whether only this machine can reach them. */
#ifndef IC_LISTENER_LISTEN_H
#define IC_LISTENER_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

/* A non-blocking socket that listens at host and port. With port 0 it takes any free port and sets `*port`.
 * Returns -1 with a message in `error` when it cannot, and with errno when a system call failed (0: there is
 * no such host). */
int ic_listen(const char *host, int *port, char *error, size_t size);

struct sockaddr;

/* Whether only this machine can reach a listening socket, and whether an address is its own. */
bool ic_listens_locally(int socket);
bool ic_address_is_local(const struct sockaddr *address);

#endif
